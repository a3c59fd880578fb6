"""Reading the fields of a manifest: every problem at once, each with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from crmframe.core.errors import Problem

T = TypeVar("T")

NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
SETTINGS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
# Namespaces of the framework itself: tables, settings sections, URLs.
RESERVED = frozenset({"core", "crm", "crmframe", "custom", "kernel", "api", "static", "plugins", "admin"})
TOP_LEVEL = frozenset({"schema", "plugin", "requires", "optional", "conflicts", "grants"})
PLUGIN_KEYS = frozenset({"name", "version", "api", "label", "summary", "table_prefix", "settings", "quality"})
LANGUAGES = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,8})?")


class ManifestReader:
    """Reads one parsed manifest; ``problems`` lists everything that is wrong with it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._plugin = self._table(document, "plugin")

    def read(self) -> dict[str, Any]:
        """Return the manifest's values by attribute name; meaningless when there are problems."""
        if self._document.get("schema", 1) != 1:
            self._report(
                "schema", "schema = {value} is not known. Write schema = 1.", value=self._document["schema"]
            )
        self._refuse_unknown(self._document, TOP_LEVEL, "the manifest")
        self._refuse_unknown(self._plugin, PLUGIN_KEYS, "[plugin]")
        name = self._name()
        return {
            "name": name,
            "version": self._parsed("version", Version, "a version such as 1.2.0", Version("0")),
            "api": self._parsed("api", SpecifierSet, "a range such as >=1.0,<2", SpecifierSet()),
            "label": self._labels("label", required=True),
            "summary": self._labels("summary", required=False),
            "table_prefix": self._table_prefix(name),
            "requires": self._ranges("requires", name),
            "optional": self._ranges("optional", name),
            "conflicts": self._ranges("conflicts", name),
            "settings": self._settings(),
            "grants": MappingProxyType(dict(self._table(self._document, "grants"))),
        }

    def _name(self) -> str:
        name = self._text("name")
        if name in RESERVED:
            self._report(
                "name", "The name {value} is reserved for the framework. Choose another one.", value=name
            )
        elif name and not NAME.fullmatch(name):
            self._report(
                "name",
                "name = {value} must be 2 to 30 lower-case letters, digits or underscores and start with a letter.",
                value=name,
            )
        return name

    def _table_prefix(self, name: str) -> str:
        prefix = str(self._plugin.get("table_prefix", f"{name}_"))
        # The name is the namespace everywhere; a foreign prefix would make another plugin's tables its own.
        if name and prefix != f"{name}_":
            self._report(
                "table_prefix",
                "table_prefix must be {expected}, not {value}.",
                expected=f"{name}_",
                value=prefix,
            )
        return prefix

    def _settings(self) -> str | None:
        value = self._plugin.get("settings")
        if value is not None and not (isinstance(value, str) and SETTINGS.fullmatch(value)):
            self._report("settings", "settings = {value} must read package.module:Class.", value=value)
            return None
        return value

    def _labels(self, key: str, *, required: bool) -> Mapping[str, str]:
        table = self._table(self._plugin, key)
        if (required or table) and not table.get("en"):
            self._report(key, '{key} needs an English text: {key} = {{ en = "…", zh = "…" }}.', key=key)
        for language, text in table.items():
            if not LANGUAGES.fullmatch(language) or not isinstance(text, str):
                self._report(
                    key, "{key}.{language} must be a language with a text.", key=key, language=language
                )
        return MappingProxyType({language: str(text) for language, text in table.items()})

    def _ranges(self, key: str, name: str) -> Mapping[str, SpecifierSet]:
        ranges: dict[str, SpecifierSet] = {}
        for other, text in self._table(self._document, key).items():
            if other == name:
                self._report(key, "{key}: a plugin cannot name itself.", key=key)
            try:
                ranges[other] = SpecifierSet("" if text == "*" else text)
            except (InvalidSpecifier, TypeError, AttributeError):
                self._report(
                    key,
                    "{key}.{other} = {value} must be a range such as >=1.0,<2.",
                    key=key,
                    other=other,
                    value=text,
                )
        return MappingProxyType(ranges)

    def _parsed(self, key: str, parse: Callable[[str], T], expected: str, fallback: T) -> T:
        text = self._text(key)
        try:
            return parse(text) if text else fallback
        except (InvalidVersion, InvalidSpecifier):
            self._report(key, "{key} = {value} must be {expected}.", key=key, value=text, expected=expected)
            return fallback

    def _text(self, key: str) -> str:
        value = self._plugin.get(key)
        if isinstance(value, str) and value:
            return value
        self._report(key, "{key} is missing below [plugin]; it must be a text.", key=key)
        return ""

    def _table(self, parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = parent.get(key, {})
        if isinstance(value, dict):
            return value
        self._report(key, "{key} must be a table, not {value}.", key=key, value=value)
        return {}

    def _refuse_unknown(self, table: Mapping[str, Any], known: frozenset[str], place: str) -> None:
        for key in sorted(set(table) - known):
            self._report(
                key,
                "{key} is not known in {place}. Known are: {known}.",
                key=key,
                place=place,
                known=", ".join(sorted(known)),
            )

    def _report(self, key: str, template: str, /, **data: Any) -> None:
        self.problems.append(Problem(key, "manifest", template, data))
