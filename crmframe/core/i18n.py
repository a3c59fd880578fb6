"""Messages in the reader's language: English is the msgid itself, others come from the .po files of each domain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

LOCALES = ("en", "zh_Hans")
CORE = "core"
# Data that is itself a msgid: labels of fields and entities, states of records.
NAMES = frozenset({"field", "entity", "by", "state"})


class Translatable(Protocol):
    """An error, or one problem of a record: a template and what fills it."""

    @property
    def template(self) -> str:
        """Return the English sentence with its placeholders."""

    @property
    def domain(self) -> str:
        """Return whose translations it is in."""

    @property
    def data(self) -> Mapping[str, Any]:
        """Return what fills the placeholders."""


class Translator:
    """The catalogs of one application, each read when it is first asked for.

    Args:
        folders: The folder of translations of each domain: the core and the plugins. A domain's file is
            ``<folder>/<locale>/LC_MESSAGES/<domain>.po``.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)
        self._catalogs: dict[tuple[str, str], Mapping[str, str]] = {}

    def translate(self, domain: str, locale: str, msgid: str, /, **data: Any) -> str:
        """Return a message, filled; a placeholder without data stays as it is.

        A domain without the message falls back to the core, the core to English.
        """
        text = self.text(domain, locale, msgid)
        return filled(text, data) if data else text

    def text(self, domain: str, locale: str, msgid: str) -> str:
        """Return a message with its placeholders."""
        if locale == "en" or not msgid:
            return msgid
        found = self.catalog(domain, locale).get(msgid)
        if not found and domain != CORE:
            found = self.catalog(CORE, locale).get(msgid)
        return found or msgid

    def message(self, error: Translatable, locale: str) -> str:
        """Return the sentence of an error or problem in the reader's language."""
        data = {name: self._shown(error.domain, locale, name, value) for name, value in error.data.items()}
        because = error.data.get("because")
        if because is not None:  # a plugin's own sentence, in its own domain
            data["reason"] = self.message(because, locale)
        plugin = getattr(error, "plugin", None)
        return filled(
            self.text(error.domain, locale, error.template), {"plugin": plugin, **data} if plugin else data
        )

    def catalog(self, domain: str, locale: str) -> Mapping[str, str]:
        """Return the translations of a domain; empty when it has none."""
        key = (domain, locale)
        if key not in self._catalogs:
            folder = self._folders.get(domain)
            path = folder / locale / "LC_MESSAGES" / f"{domain}.po" if folder else None
            self._catalogs[key] = read_catalog(path) if path and path.is_file() else {}
        return self._catalogs[key]

    def _shown(self, domain: str, locale: str, name: str, value: Any) -> Any:
        if name not in NAMES or not isinstance(value, str) or locale == "en":
            return value
        for each in (domain, *self._folders):
            found = self.catalog(each, locale).get(value)
            if found:
                return found
        return value


def read_catalog(path: Path) -> Mapping[str, str]:
    """Return the translated messages of a .po file, those marked fuzzy left out."""
    from babel.messages.pofile import read_po  # noqa: PLC0415 - the command line in English needs no catalog

    with path.open("rb") as file:
        catalog = read_po(file)
    return {
        message.id: message.string
        for message in catalog
        if isinstance(message.id, str)
        and message.id
        and isinstance(message.string, str)
        and message.string
        and not message.fuzzy
    }


class _Given(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def filled(template: str, data: Mapping[str, Any]) -> str:
    """Return *template* with its placeholders filled; never fails, because it speaks of failures too."""
    try:
        return template.format_map(_Given(data))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return template
