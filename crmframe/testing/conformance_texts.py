"""Conformance of a plugin's words: every sentence that people can see has its Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes

from crmframe.application import Application
from crmframe.core.contributions import Action, MenuItem, Panel, Permission, Widget
from crmframe.core.entities.field import Field
from crmframe.kernel.loader import LoadedPlugin
from crmframe.testing.conformance_base import Conformance

TRANSLATED = "zh_Hans"
# Position of the msgid among the arguments of what takes one; the keyword is always ``template``, ``label`` or ``msgid``.
TAKERS: Mapping[str, int] = {"say": 1, "Veto": 0, "Problem": 2, "translate": 2, "Choice": 1, "computed": 2}
IN_TEMPLATES = frozenset({"_", "say", "t", "text", "gettext"})
CHINESE = re.compile("[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
LETTER = re.compile("[A-Za-z]")


class TextConformance(Conformance):
    """Messages and labels."""

    def test_every_sentence_is_translated(self, crm: Application) -> None:
        missing = sorted(
            msgid
            for msgid in sentences(crm, crm.plugins.plugin(self.plugin))
            if LETTER.search(msgid) and crm.translator.text(self.plugin, TRANSLATED, msgid) == msgid
        )

        assert missing == [], f"not in the {TRANSLATED} catalog of {self.plugin}"

    def test_sentences_are_english_and_translations_keep_their_placeholders(self, crm: Application) -> None:
        found = sentences(crm, crm.plugins.plugin(self.plugin))
        catalog = crm.translator.catalog(self.plugin, TRANSLATED)

        assert [msgid for msgid in found if CHINESE.search(msgid)] == []
        different = {
            msgid: text
            for msgid, text in catalog.items()
            if set(PLACEHOLDER.findall(msgid)) != set(PLACEHOLDER.findall(text))
        }
        assert different == {}


def sentences(application: Application, plugin: LoadedPlugin) -> set[str]:
    """Return every msgid of a plugin: of its declarations, its templates and its code."""
    declared = {*_of_entities(application, plugin.name), *_of_contributions(plugin.declared)}
    templates = {msgid for path in plugin.manifest.path.rglob("*.html") for msgid in _of_template(path)}
    folders = (path for path in plugin.manifest.path.rglob("*.py") if "migrations" not in path.parts)
    return {*declared, *templates, *(msgid for path in folders for msgid in _of_module(path))} - {""}


def _of_entities(application: Application, plugin: str) -> Iterator[str]:
    for entity in application.registry.entities.values():
        if entity.plugin == plugin:
            yield from (entity.label, entity.plural)
            for field in entity.fields.values():
                if field.plugin == plugin:
                    yield from _of_field(field)


def _of_field(field: Field) -> Iterator[str]:
    yield from (field.label, field.help)
    yield from (choice.label for choice in getattr(field.kind, "choices", ()))


def _of_contributions(declared: Mapping[str, Iterable[Any]]) -> Iterator[str]:
    for item in (item for items in declared.values() for item in items):
        if isinstance(item, Action | MenuItem | Panel | Permission | Widget):
            yield item.label
        if isinstance(item, Action):
            yield item.confirm
            for field in item.input.model_fields.values() if item.input else ():
                yield from (field.title or "", field.description or "")


def _of_template(path: Path) -> Iterator[str]:
    tree = jinja2.Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in IN_TEMPLATES:
            yield from (part.value for part in call.args[:1] if isinstance(part, nodes.Const))


def _of_module(path: Path) -> Iterator[str]:
    """Yield the constants that are handed to what shows a sentence, by way of a variable, too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    outer = _assigned(tree.body)
    for part in tree.body:
        known = {**outer, **_assigned(ast.walk(part))}
        for node in ast.walk(part):
            if isinstance(node, ast.Call):
                for given in _msgids(node):
                    yield from _constants(given, known)
            elif isinstance(node, ast.ClassDef):
                yield from _of_error(node)


def _assigned(statements: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in statements:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def _msgids(call: ast.Call) -> Iterator[ast.expr]:
    name = getattr(call.func, "id", "") or getattr(call.func, "attr", "")
    position = TAKERS.get(name)
    if position is not None:
        yield from call.args[position : position + 1]
        yield from (each.value for each in call.keywords if each.arg in ("template", "label", "msgid"))


def _constants(node: ast.expr, assigned: Mapping[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_constants(node.body, assigned), *_constants(node.orelse, assigned))
    elif isinstance(node, ast.Name):
        for value in assigned.get(node.id, ()):
            yield from _constants(value, {})


def _of_error(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.Assign) and any(getattr(t, "id", "") == "template" for t in each.targets):
            yield from _constants(each.value, {})
