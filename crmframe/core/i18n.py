"""Messages in the reader's language: English is the msgid itself, others come from the .po files of each domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

LOCALES = ("en", "zh_Hans")
CORE = "core"
OWN_FOLDER = Path(__file__).parents[1] / "locale"
# Data that is itself a msgid: labels of fields and entities, states of records, reasons.
NAMES = frozenset({"field", "entity", "by", "state", "target", "reason", "expected", "form"})
COMMA = {"en": ", ", "zh_Hans": "、"}


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
        folders: The folder of translations of each domain; a domain's file is
            ``<folder>/<locale>/LC_MESSAGES/<domain>.po``. The core's own need not be named.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = {**folders, CORE: folders.get(CORE, OWN_FOLDER)}
        self._catalogs: dict[tuple[str, str], Mapping[str, str]] = {}
        self._reading = Lock()

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
        """Return the sentence of an error or problem in the reader's language, with the sentences inside it."""
        data = {name: self._shown(error.domain, locale, name, value) for name, value in error.data.items()}
        if plugin := getattr(error, "plugin", None):
            data.setdefault("plugin", plugin)
        data.update(self._parts(error, locale))
        return filled(self.text(error.domain, locale, error.template), data)

    def _parts(self, error: Translatable, locale: str) -> dict[str, str]:
        """Return what an error says in the words of other problems, each of which has a template of its own."""
        parts: dict[str, str] = {}
        problems: Sequence[Any] = getattr(error, "problems", ())
        if because := error.data.get("because"):  # a plugin's own sentence, in its own domain
            parts["reason"] = self.message(because, locale)
        if reasons := getattr(error, "reasons", ()):
            parts["error"] = self._joined(reasons, locale)
        if "reasons" in error.data and problems and not isinstance(problems[0], str):
            parts["reasons"] = self._joined(problems, locale)
        if "sentences" in error.data:
            parts["sentences"] = " ".join(f"{each.code}: {self.message(each, locale)}" for each in problems)
        if "fields" in error.data and problems and locale != "en":
            parts["fields"] = self._fields(problems, locale)
        return parts

    def _joined(self, problems: Sequence[Translatable], locale: str) -> str:
        return " ".join(self.message(each, locale) for each in problems)

    def _fields(self, problems: Sequence[Any], locale: str) -> str:
        labels = (
            self._shown(each.domain, locale, "field", each.data.get("field") or each.field or "record")
            for each in problems
        )
        return COMMA[locale].join(dict.fromkeys(labels))

    def catalog(self, domain: str, locale: str) -> Mapping[str, str]:
        """Return the translations of a domain; empty when it has none."""
        known = self._catalogs.get((domain, locale))
        return self._read(domain, locale) if known is None else known

    def _read(self, domain: str, locale: str) -> Mapping[str, str]:
        key = (domain, locale)
        with self._reading:
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
