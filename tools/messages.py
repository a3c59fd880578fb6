"""Find every text that people may read, and hold the Chinese catalogs to them.

    python -m tools.messages [--plugin sales] --check     list what has no translation, exit 1 if there is any
    python -m tools.messages [--plugin sales] --update    add it to the catalog, empty, for somebody to fill

A text is found where it is handed to a parameter that is named like one (``template``, ``label``, ``msgid`` ...), in
constants that are sentences, in the templates' ``_("...")``, and in the labels of the entities.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any

import jinja2
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import nodes

from crmframe.core.access.roles import ROLES
from crmframe.core.entities.registry import build_registry
from crmframe.core.i18n import CORE, read_catalog
from crmframe.core.plugin import ENTITIES
from crmframe.core.plugin import settings as core_settings

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh_Hans"
PACKAGES: Mapping[str, Path] = {
    CORE: ROOT / "crmframe",
    "sales": ROOT / "plugins/sales/crmframe_sales",
    "loyalty": ROOT / "plugins/loyalty/crmframe_loyalty",
    "hello": ROOT / "examples/hello_plugin/crmframe_hello",
}
SKIPPED = {"tests", "migrations", "versions", "testing", "static", "node_modules"}
# What takes a text for people, as a parameter, a local variable or an attribute of a class.
NAMES = frozenset(
    {"template", "msgid", "label", "plural", "sentence", "confirm", "help", "group", "reason", "expected"}
)
ATTRIBUTES = frozenset({"template", "__label__", "__plural__"})
# Names of groups in the menu are looked up in the core's catalog, whoever has put an entity there.
GROUPS = ("Customers", "Sales", "Administration")
# The help of the command line and the description of the API are English: they are read next to names.
NO_FILES = (
    "crmframe/cli/commands.py",
    "crmframe/web/api/openapi.py",
    "crmframe/web/api/schemas.py",
    "crmframe/web/serve.py",
)
ENGLISH = frozenset({"option", "argument", "add_argument", "add_parser", "command", "group", "Option"})
# Errors that name a state or a thing in words, where others name a record type's label.
STATES = ("Conflict", "NotFound")
# Tables of the pages whose values only templates translate.
TABLES = frozenset({"KINDS", "HEADINGS"})
SENTENCE = re.compile(r"(?:[A-Z]|\{\w+\}).*[.?!}]", re.DOTALL)
NO_TEXT = re.compile(
    r"[^A-Za-z]*|[^ ]*\.html|\{\w+\}|SELECT .*|[\w.]*[_.]\w[\w.]*|[a-z]+/[a-z]+|crmframe [a-z ]+|core"
    r"|grey|red|orange|amber|green|teal|blue|violet|pink",
    re.DOTALL,
)


CORE_PROJECT = "crmframe"
HEADER = """msgid ""
msgstr ""
"Project-Id-Version: {project}\\n"
"Language: zh_Hans\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""


@dataclass
class Finds:
    """The texts of one domain and the first place where each stands."""

    places: dict[str, str] = field(default_factory=dict)

    def add(self, texts: Iterable[str], place: str) -> None:
        """Remember the texts that people read."""
        for text in texts:
            if not NO_TEXT.fullmatch(text):
                self.places.setdefault(text, place)


def find(domain: str) -> dict[str, str]:
    """Return every text of a domain with the place where it was found first."""
    finds = Finds()
    package = PACKAGES[domain]
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _sources(package)}
    known = trees if domain == CORE else {**trees, **_trees(PACKAGES[CORE])}
    positions = _positions(known.values())
    for path, tree in trees.items():
        _Texts(finds, positions, path.relative_to(package.parent).as_posix()).visit(tree)
    for path in sorted(package.rglob("*.html")):
        finds.add(_of_template(path), path.relative_to(package.parent).as_posix())
    _of_registry(finds, domain)
    return finds.places


def untranslated(domain: str) -> dict[str, str]:
    """Return the texts of a domain that its catalog, and the core's, leave in English."""
    done = {**read_catalog(po_file(CORE)), **read_catalog(po_file(domain))}
    return {text: place for text, place in find(domain).items() if text not in done}


def po_file(domain: str) -> Path:
    """Return the catalog of a domain."""
    return PACKAGES[domain] / "locale" / LOCALE / "LC_MESSAGES" / f"{domain}.po"


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _trees(package: Path) -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in _sources(package)}


def _sources(package: Path) -> list[Path]:
    files = (p for p in package.rglob("*.py") if not SKIPPED & set(p.relative_to(package).parts))
    return sorted(each for each in files if each.relative_to(package.parent).as_posix() not in NO_FILES)


def _positions(trees: Iterable[ast.Module]) -> dict[str, set[int]]:
    """Return which positional arguments of functions and classes, by name, are texts."""
    found: dict[str, set[int]] = defaultdict(set)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for name, parameters in _parameters_of_class(node):
                    found[name].update(i for i, each in enumerate(parameters) if each in NAMES)
            elif isinstance(node, ast.FunctionDef):
                names = _bare([each.arg for each in (*node.args.posonlyargs, *node.args.args)])
                found[node.name].update(i for i, each in enumerate(names) if each in NAMES)
    found["rows"] = {0}  # the heads of a table that Console prints
    return found


def _parameters_of_class(node: ast.ClassDef) -> Iterator[tuple[str, list[str]]]:
    # Exceptions and dataclasses are made of their fields; a class with a constructor, of its parameters.
    makers = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    if makers:
        yield node.name, _bare([each.arg for each in makers[0].args.args])
        return
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    yield (
        node.name,
        [
            each.target.id
            for each in fields
            if isinstance(each.target, ast.Name) and "ClassVar" not in ast.unparse(each.annotation)
        ],
    )


def _bare(names: list[str]) -> list[str]:
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


class _Texts(ast.NodeVisitor):
    """Collects the texts of one module."""

    def __init__(self, finds: Finds, positions: Mapping[str, set[int]], path: str) -> None:
        self.finds, self.positions, self.path = finds, positions, path
        self.constants: dict[str, ast.expr] = {}

    def visit_Module(self, node: ast.Module) -> None:
        """Remember the constants and what loops run over: a text may be taken out of one."""
        for each in node.body:
            if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None:
                targets = each.targets if isinstance(each, ast.Assign) else [each.target]
                self.constants.update(dict.fromkeys(_names(targets), each.value))
        for loop in ast.walk(node):
            if isinstance(loop, ast.For | ast.comprehension):
                self.constants.update(dict.fromkeys(_names([loop.target]), self._looked_up(loop.iter)))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Look at what is handed over."""
        self.generic_visit(node)
        name = _name(node.func)
        if name in ENGLISH or ast.unparse(node.func).startswith(("sa.", "os.")):
            return
        for position in self.positions.get(name, ()):
            if position < len(node.args):
                self._add(self._looked_up(node.args[position]))
        for keyword in node.keywords:
            if keyword.arg in NAMES or (keyword.arg in ("state", "entity") and name in STATES):
                self._add(keyword.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Look at constants and variables; later calls may hand on what a variable holds."""
        self.generic_visit(node)
        names = _names(node.targets)
        self.constants |= dict.fromkeys(names, self._looked_up(node.value))
        self._assigned(names, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Look at constants that say their type."""
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and node.value is not None:
            self._assigned([node.target.id], node.value)

    def _assigned(self, names: list[str], value: ast.expr) -> None:
        is_table = "/pages/" in self.path and TABLES.intersection(names)
        if is_table or any(name in NAMES or name in ATTRIBUTES for name in names):
            self._add(value)
        elif any(name.isupper() for name in names) and not self.path.startswith("crmframe/cli/"):
            sentences = (each for each in _literals(value) if " " in each and SENTENCE.fullmatch(each))
            self.finds.add(sentences, self._place(value))

    def _looked_up(self, value: ast.expr) -> ast.expr:
        """Return what *value* is taken out of, such as ``DOORS[name]`` or ``DOORS.get(name, "elsewhere")``."""
        if isinstance(value, ast.IfExp):
            return _several(value, self._looked_up(value.body), self._looked_up(value.orelse))
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
            return _several(value, self._looked_up(value.func.value), *value.args[1:])
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and not value.args:
            return self._looked_up(value.func.value)  # values(), items()
        if isinstance(value, ast.Subscript):
            return self._looked_up(value.value)
        return self.constants.get(value.id, value) if isinstance(value, ast.Name) else value

    def _add(self, value: ast.expr) -> None:
        self.finds.add(_literals(value), self._place(value))

    def _place(self, node: ast.expr) -> str:
        return f"{self.path}:{node.lineno}"


def _names(targets: Iterable[ast.expr]) -> list[str]:
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def _several(place: ast.expr, *parts: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Tuple(list(parts)), place)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    parts: list[ast.expr] = []
    if isinstance(node, ast.IfExp):
        parts = [node.body, node.orelse]
    elif isinstance(node, ast.List | ast.Tuple):
        parts = node.elts
    elif isinstance(node, ast.Dict):
        parts = node.values
    elif isinstance(node, ast.Call) and _name(node.func) in ("MappingProxyType", "dict"):
        parts = [*node.args, *(each.value for each in node.keywords)]
    for part in parts:
        yield from _literals(part)


def _of_template(path: Path) -> Iterator[str]:
    tree = jinja2.Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    for call in tree.find_all(nodes.Call):
        named = isinstance(call.node, nodes.Name) and call.node.name in ("_", "t", "say")
        member = isinstance(call.node, nodes.Getattr) and call.node.attr in ("say", "text")
        if (named or member) and call.args:
            yield from _constants(call.args[0])


def _constants(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _constants(node.expr1)
        if node.expr2 is not None:
            yield from _constants(node.expr2)


def _of_registry(finds: Finds, domain: str) -> None:
    module = None if domain == CORE else _module(domain)
    entities = [*ENTITIES, *_declared(module, "entities")]
    registry = build_registry(entities, extensions=_declared(module, "extensions"))
    for entity in registry.entities.values():
        if entity.plugin == domain:
            finds.add((entity.label, entity.plural), entity.name)
        for each in entity.fields.values():
            if each.plugin == domain:
                labels = [choice.label for choice in getattr(each.kind, "choices", ())]
                finds.add((each.label, each.help, *labels), f"{entity.name}.{each.name}")
    for action in _declared(module, "actions"):
        for name, info in action.input.model_fields.items() if action.input else ():
            label = info.title or name.replace("_", " ").capitalize()
            finds.add((label, info.description or ""), f"{action.entity}.{action.name}")
    settings = core_settings() if domain == CORE else _declared(module, "settings")
    finds.add((setting.group for setting in settings), "the settings")
    if domain == CORE:
        finds.add(GROUPS, "the menu")
        finds.add((text for role in ROLES for text in (role.name, role.summary)), "the roles at the start")


def _module(domain: str) -> Any:
    package = PACKAGES[domain]
    sys.path.insert(0, str(package.parent))
    in_one = not (package / "plugin.py").is_file()
    return import_module(package.name if in_one else f"{package.name}.plugin")


def _declared(module: Any, hook: str) -> Iterable[Any]:
    return getattr(module, hook)() if hasattr(module, hook) else ()


def update(domain: str) -> int:
    """Add what has no translation to the catalog; return how many texts."""
    missing = untranslated(domain)
    with po_file(domain).open("rb") as file:
        catalog: Catalog = read_po(file, locale=LOCALE)
    for text in missing:
        catalog.add(text, flags=["python-brace-format"] if placeholders(text) else ())
    save(catalog, domain)
    return len(missing)


def save(catalog: Catalog, domain: str) -> None:
    """Write a catalog under our own header, which names no date and nobody: it would change with every run."""
    body = BytesIO()
    write_po(body, catalog, width=110, omit_header=True)
    project = CORE_PROJECT if domain == CORE else f"{CORE_PROJECT}-{domain}"
    po_file(domain).write_bytes(HEADER.format(project=project).encode() + body.getvalue())


def main(arguments: list[str] | None = None) -> int:
    """Check or update the catalogs of one domain or of all; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--plugin", choices=[name for name in PACKAGES if name != CORE])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true")
    mode.add_argument("--update", action="store_true")
    given = parser.parse_args(arguments)
    domains = [given.plugin] if given.plugin else list(PACKAGES)
    if given.update:
        for domain in domains:
            print(f"{domain}: {update(domain)} texts added")
        return 0
    missing = [(domain, *each) for domain in domains for each in untranslated(domain).items()]
    for domain, text, place in missing:
        print(f"{domain}: {text!r} ({place})")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
