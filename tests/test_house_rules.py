"""Rules that no linter knows: what there is stays small, has names that say something, and is ours."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator

import crmframe
from crmframe import api
from tests.inventory import ROOT, own_python, shipped_python, tracked, tree
from tools.shape import functions, line_count

FILE_LINES = 400
FUNCTION_LINES = 40
LAZY_IMPORT = "noqa: PLC0415"
PLACEHOLDER_NAME = re.compile(r"(Manager|Helper|Util|Utils)$|^(_?)(handle|process|do)_")
# Names that a library's protocol prescribes.
PRESCRIBED_NAMES = {"process_bind_param", "process_result_value", "process_literal_param", "do_execute"}
THIRD_PARTY = re.compile(r"(\.min\.(js|css)|\.woff2?|\.map)$|(^|/)(vendor|node_modules)/|(^|/)uv\.lock$")
# Written in parts, so that this file does not break its own rule.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("cdnjs", "cloudflare", "com"),
        ("crates", "io"),
        ("deb", "debian", "org"),
    )
)


# --- the door that plugins use ------------------------------------------------------------------------


def test_names_of_the_plugin_door_are_pinned() -> None:
    """Adding a name is a decision: run this test with CRMFRAME_PIN=1 to write the list anew, and read the diff."""
    pinned = ROOT / "tests" / "pinned" / "api.txt"
    text = "".join(f"{name}\n" for name in sorted(api.__all__))
    if os.environ.get("CRMFRAME_PIN") == "1":
        pinned.write_text(text, encoding="utf-8")

    assert text == pinned.read_text(encoding="utf-8")
    assert [name for name in api.__all__ if not hasattr(api, name)] == []


# --- size and names -----------------------------------------------------------------------------------


def test_no_file_is_long() -> None:
    lengths = {path: line_count(ROOT / path) for path in own_python()}

    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_long() -> None:
    found = [
        f"{path}:{name} {lines}"
        for path in shipped_python()
        for name, lines in functions(ROOT / path)
        if lines > FUNCTION_LINES
    ]

    assert found == []


def test_imports_stand_at_the_top_but_for_the_marked_lazy_ones() -> None:
    assert [place for path in shipped_python() for place in hidden_imports(path)] == []


def hidden_imports(path: str) -> Iterator[str]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if (
                    isinstance(inner, ast.Import | ast.ImportFrom)
                    and LAZY_IMPORT not in lines[inner.lineno - 1]
                ):
                    yield f"{path}:{inner.lineno}"


def test_no_name_says_nothing() -> None:
    found = []
    for path in shipped_python():
        for node in ast.walk(tree(path)):
            name = getattr(node, "name", None)
            if (
                isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and isinstance(name, str)
                and PLACEHOLDER_NAME.search(name)
                and name not in PRESCRIBED_NAMES
            ):
                found.append(f"{path}:{node.lineno} {name}")

    assert found == []


def test_every_public_name_of_the_framework_has_a_docstring() -> None:
    bare = [
        f"{path}:{node.lineno} {node.name}"
        for path in shipped_python()
        if path.startswith("crmframe/")
        for node in tree(path).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]

    assert bare == []


# --- what is committed --------------------------------------------------------------------------------


def test_nothing_of_third_parties_is_committed() -> None:
    assert [path for path in tracked() if THIRD_PARTY.search(path)] == []


def test_no_committed_file_names_a_registry() -> None:
    found = []
    for path in tracked():
        content = (ROOT / path).read_bytes()
        found += [f"{path}: {host}" for host in REGISTRY_HOSTS if host.encode() in content]

    assert found == []


def test_every_distribution_has_the_same_version() -> None:
    versions = set()
    for path in tracked("pyproject.toml", "plugins/*/pyproject.toml"):
        versions.update(
            re.findall(r'^version = "([^"]+)"', (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
        )

    assert versions == {crmframe.__version__}


def test_every_history_of_migrations_is_one_line() -> None:
    """Two branches may take the same number; together they let nothing start."""
    folders = {path.parent for path in ROOT.rglob("*_0001_first_schema.py") if ".venv" not in path.parts}
    assert len(folders) > 3
    for folder in folders:
        numbers = sorted(path.name.split("_")[1] for path in folder.glob("*_[0-9][0-9][0-9][0-9]_*.py"))
        assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)], folder
