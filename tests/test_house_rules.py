"""Rules that no linter knows: what exists is documented and tested, and stays small."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import crmframe
from crmframe.core.errors import CrmError
from crmframe.hookspecs import HOOKS, HookPoint
from tools.shape import functions, line_count

ROOT = Path(__file__).resolve().parent.parent
ENGLISH = ROOT / "docs" / "en"
CHINESE = ROOT / "docs" / "zh"
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


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True)
    return sorted(name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists())


def own_python() -> list[str]:
    return [path for path in tracked("*.py") if not {"migrations", "versions"} & set(path.split("/"))]


def shipped_python() -> list[str]:
    return [path for path in own_python() if "tests/" not in path and not path.startswith("bench/")]


def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def error_classes() -> list[type[CrmError]]:
    """Return every error class of ours, wherever it is defined."""
    for module in pkgutil.walk_packages(crmframe.__path__, "crmframe."):
        if not module.name.endswith("__main__") and not {"migrations", "versions"} & set(
            module.name.split(".")
        ):
            importlib.import_module(module.name)
    return sorted({CrmError, *subclasses(CrmError)}, key=lambda error: error.code)


def subclasses(parent: type[CrmError]) -> Iterator[type[CrmError]]:
    for child in parent.__subclasses__():
        if child.__module__.startswith("crmframe."):
            yield child
        yield from subclasses(child)


def plugin_codes() -> list[str]:
    if importlib.util.find_spec("crmframe.kernel.codes") is None:
        return []
    return sorted(importlib.import_module("crmframe.kernel.codes").CODES)


def headings(path: Path) -> set[str]:
    return {line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")}


def documented(section: str, language: Path) -> bool:
    """Tell whether errors.md has the heading and something below it."""
    text = (language / "reference" / "errors.md").read_text(encoding="utf-8")
    found = re.search(rf"^### {re.escape(section)}\n+(?!#)\S", text, re.MULTILINE)
    return found is not None


# --- what exists is documented ------------------------------------------------------------------------


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize("hook", HOOKS.values(), ids=list(HOOKS))
def test_hook_is_documented_with_its_exact_signature(hook: HookPoint, language: Path) -> None:
    heading = f"### {hook.name}({', '.join(hook.parameters)})"

    assert heading in headings(language / "reference" / "hooks.md")


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_hook_reference_tells_of_no_hook_that_is_gone(language: Path) -> None:
    named = {
        line[4:].partition("(")[0] for line in headings(language / "reference" / "hooks.md") if "(" in line
    }

    assert named - set(HOOKS) == set()


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_error_code_is_explained(language: Path) -> None:
    codes = {error.code for error in error_classes()}

    assert [code for code in sorted(codes) if not documented(code, language)] == []


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_plugin_code_is_explained(language: Path) -> None:
    assert [code for code in plugin_codes() if not documented(code, language)] == []


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in error_classes()]

    assert sorted(codes) == sorted(set(codes))


def test_both_languages_have_the_same_pages() -> None:
    def pages(folder: Path) -> set[str]:
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}

    assert pages(ENGLISH) == pages(CHINESE)


def test_references_have_the_same_sections_in_both_languages() -> None:
    for page in ("reference/hooks.md", "reference/errors.md"):
        sections = [
            [
                line
                for line in (folder / page).read_text(encoding="utf-8").splitlines()
                if line.startswith("### ")
            ]
            for folder in (ENGLISH, CHINESE)
        ]

        assert sections[0] == sections[1], page


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{page}: {link}" for page in tracked("docs/*.md", "README.md") for link in dead_links(ROOT / page)
    ]

    assert dead == []


def dead_links(page: Path) -> list[str]:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    return [link for link in links if "://" not in link and not (page.parent / link).exists()]


# --- what exists is tested ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(HOOKS))
def test_hook_has_a_test_named_after_it(name: str) -> None:
    """The name of such a test contains ``hook_<name>``, such as ``test_hook_menu_adds_an_entry``."""
    pattern = re.compile(rf"def test_(?:\w*_)?hook_{name}(?:_\w+)?\(")
    tests = [path for path in own_python() if "tests/" in path]

    assert any(pattern.search((ROOT / path).read_text(encoding="utf-8")) for path in tests), pattern.pattern


# --- the door that plugins use ------------------------------------------------------------------------


def test_names_of_the_plugin_door_are_pinned() -> None:
    """Adding a name is a decision: run this test with CRMFRAME_PIN=1 to write the list anew, and read the diff."""
    if importlib.util.find_spec("crmframe.api") is None:
        pytest.skip("crmframe.api does not exist yet")
    api = importlib.import_module("crmframe.api")
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
