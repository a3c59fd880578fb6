"""Every text that people see is a msgid: this finds them, and says which ones a language lacks.

``python tools/messages.py`` lists what is missing and fails; ``--all`` lists every msgid. Looked at are templates
(``_("…")``), Python (``say("…")``, ``say(locale, "…")``, ``_("…")``), templates of errors and problems, reasons of
refusals, the tables of labels in the pages, and what the registry declares: entities, fields, choices, actions.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crmframe.core.access.roles import ROLES
from crmframe.core.customers.choices import TONES
from crmframe.core.entities.registry import Registry, build_registry
from crmframe.core.errors import CrmError
from crmframe.core.i18n import read_catalog
from crmframe.core.plugin import entities as core_entities

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "crmframe"
LOCALE = "zh_Hans"
IN_TEMPLATE = re.compile(r"""_\(\s*"((?:[^"\\]|\\.)*)\"""")
CALLS = frozenset({"say", "_", "text", "ValueProblem", "Unreadable", "Problem", "warn", "Veto"})
# Assigned or given by keyword under these names, a string is a template that is translated.
NAMES = frozenset({"template", "greeting", "sentence", "confirm"})
# Tables of the pages whose values are msgids.
TABLES = frozenset(
    {
        "OPERATORS",
        "DATED",
        "WINDOWS",
        "SYMBOLS",
        "VERBS",
        "DEEDS",
        "DOORS",
        "STATES",
        "ADDS",
        "KINDS",
        "FATES",
        "SCOPE_LABELS",
        "CODES",
    }
)
NOT_TEXT = frozenset({"blue", "teal", "green", "red", "grey"})


def wanted() -> dict[str, str]:
    """Return every msgid of the core with a place where it is used."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.html")):
        for msgid in IN_TEMPLATE.findall(path.read_text(encoding="utf-8")):
            found.setdefault(msgid.replace('\\"', '"'), str(path.relative_to(ROOT)))
    for path in sorted(PACKAGE.rglob("*.py")):
        if "testing" not in path.parts and "versions" not in path.parts and "cli" not in path.parts:
            for msgid in _in_module(path):
                found.setdefault(msgid, str(path.relative_to(ROOT)))
    for msgid in _declared():
        found.setdefault(msgid, "registry")
    return {msgid: place for msgid, place in found.items() if re.search(r"[A-Za-z]{2}|^, $", msgid)}


def missing() -> dict[str, str]:
    """Return the msgids that the core's Chinese lacks."""
    path = PACKAGE / "locale" / LOCALE / "LC_MESSAGES" / "core.po"
    known = read_catalog(path) if path.is_file() else {}
    return {msgid: place for msgid, place in wanted().items() if msgid not in known}


def misfilled() -> dict[str, str]:
    """Return translations whose placeholders are not those of their msgid."""
    known = read_catalog(PACKAGE / "locale" / LOCALE / "LC_MESSAGES" / "core.po")
    fields = re.compile(r"\{[a-z_]+\}")
    return {m: t for m, t in known.items() if not set(fields.findall(t)) <= set(fields.findall(m))}


def _in_module(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from _in_call(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _in_assignment(node, path)


def _in_call(node: ast.Call) -> Iterator[str]:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    texts = [part for argument in node.args for part in _strings(argument)]
    if name in ("ValueProblem", "Problem"):
        yield from (text for text in texts if " " in text)
    elif name in CALLS:
        yield from texts[:2] if name in ("say", "_") else (text for text in texts if " " in text)
    for keyword in node.keywords:
        if keyword.arg in NAMES:
            yield from _strings(keyword.value)


def _in_assignment(node: ast.Assign | ast.AnnAssign, path: Path) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {getattr(target, "id", getattr(target, "attr", "")) for target in targets}
    if node.value is None:
        return
    if names & NAMES:
        yield from _strings(node.value)
    elif names & TABLES and isinstance(node.value, ast.Dict) and {"pages", "kernel"} & set(path.parts):
        for value in node.value.values:
            yield from (text for text in _strings(value) if text not in NOT_TEXT)
    elif path.name == "conflicts.py" and all(name.isupper() for name in names):
        yield from _strings(node.value)


def _strings(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression can be: a literal, the branches of a condition, a pair."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body)
        yield from _strings(node.orelse)
    elif isinstance(node, ast.Tuple):
        for part in node.elts:
            yield from _strings(part)


def _declared() -> Iterator[str]:
    registry: Registry = build_registry(core_entities())
    for entity in registry.entities.values():
        yield from (entity.label, entity.plural, entity.group.capitalize() or "More")
        for field in entity.fields.values():
            if not field.hidden:
                yield from (field.label, *([field.help] if field.help else []))
            yield from (choice.label for choice in getattr(field.kind, "choices", ()))
    yield from (tone.label for tone in TONES)
    for role in ROLES:
        yield from (role.name, role.summary)
    for module in ("crmframe.web.errors", "crmframe.kernel.codes", "crmframe.core.access.accounts"):
        importlib.import_module(module)
    yield from _templates(CrmError)


def _templates(error: Any) -> Iterator[str]:
    for each in error.__subclasses__():
        if each.__module__.startswith("crmframe.") and ".cli." not in each.__module__:
            yield each.template
        yield from _templates(each)


def main() -> int:
    """Print and return whether something is missing."""
    if "--all" in sys.argv:
        for msgid in wanted():
            print(repr(msgid))
        return 0
    found = missing()
    for msgid, place in found.items():
        print(f"{place}: no {LOCALE} for {msgid!r}")
    for msgid, text in misfilled().items():
        print(f"{msgid!r} is translated with other placeholders: {text!r}")
    return 1 if found or misfilled() else 0


if __name__ == "__main__":
    sys.exit(main())
