"""What exists is documented, in both languages, and tested; what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crmframe.core.access.scopes import SCOPES
from crmframe.hookspecs import HOOKS, HookPoint
from crmframe.settings import AppSettings, PluginSettings
from tests.inventory import (
    ROOT,
    check_codes,
    error_classes,
    own_python,
    plugin_codes,
    problem_codes,
    setting_names,
    tracked,
    variables,
)
from tools import reference

ENGLISH = ROOT / "docs" / "en"
CHINESE = ROOT / "docs" / "zh"
# Variables for those who work on crmframe itself; the README has them.
OWN_VARIABLES = {"CRMFRAME_CHROMIUM", "CRMFRAME_DATA", "CRMFRAME_PIN"}


def headings(path: Path) -> set[str]:
    return {line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")}


def table_rows(page: str, language: Path) -> dict[str, str]:
    """Return the rows of the tables of a page by the code in their first cell."""
    text = (language / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, re.MULTILINE))


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


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_problem_of_a_value_is_explained(language: Path) -> None:
    codes = problem_codes()

    assert len(codes) > 50
    assert [code for code in sorted(codes) if not documented(code, language)] == []


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_errors_explain_no_code_that_is_gone(language: Path) -> None:
    known = {error.code for error in error_classes()} | problem_codes() | set(plugin_codes())
    explained = {
        line[4:] for line in headings(language / "reference" / "errors.md") if line.startswith("### ")
    }

    assert explained - known == set()


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_check_is_explained(language: Path) -> None:
    assert set(table_rows("reference/checks.md", language)) == check_codes()


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_setting_is_explained_with_its_default(language: Path) -> None:
    rows = table_rows("reference/settings.md", language)
    fields = {
        **AppSettings.model_fields,
        **{f"plugins.{n}": f for n, f in PluginSettings.model_fields.items()},
    }

    assert [name for name in setting_names() if name not in rows] == []
    for name in setting_names():
        default = fields[name].get_default(call_default_factory=True)
        shown = rows[name].partition(" | ")[0].strip("`")
        assert shown == default_text(default, language), name


def default_text(default: object, language: Path) -> str:
    if default in ("", (), {}):
        return "empty" if language == ENGLISH else "空"
    return f"{default:g}" if isinstance(default, float) else str(default).replace("False", "false")


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_variable_of_the_environment_is_explained(language: Path) -> None:
    text = (language / "reference" / "settings.md").read_text(encoding="utf-8")

    assert [name for name in sorted(variables() - OWN_VARIABLES) if f"`{name}" not in text] == []


def test_tables_of_the_reference_say_what_the_code_does() -> None:
    """Mend it with ``python -m tools.reference --update``."""
    assert [str(path.relative_to(ROOT)) for path, _ in reference.outdated()] == []


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_scope_and_verb_is_explained(language: Path) -> None:
    rows = table_rows("reference/permissions.md", language)

    assert [name for name in (*SCOPES, *reference.VERBS, "assign") if name not in rows] == []


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in error_classes()]

    assert sorted(codes) == sorted(set(codes))


def test_both_languages_have_the_same_pages() -> None:
    def pages(folder: Path) -> set[str]:
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}

    assert pages(ENGLISH) == pages(CHINESE)


def test_references_have_the_same_sections_in_both_languages() -> None:
    for page in ("reference/hooks.md", "reference/errors.md", "reference/checks.md", "reference/settings.md"):
        sections = [
            [
                line.split(" | ")[0]
                for line in (folder / page).read_text(encoding="utf-8").splitlines()
                if line.startswith(("### ", "| `"))
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


def mentioned(text: str, *names: str) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)


@pytest.fixture(scope="module")
def tests_text() -> str:
    """Give the text of all tests but those that only count what there is."""
    counting = {"tests/test_documented.py", "tests/inventory.py"}
    paths = tracked("tests/*.py", "plugins/*/tests/*.py", "examples/*/tests/*.py")
    return "\n".join((ROOT / path).read_text(encoding="utf-8") for path in paths if path not in counting)


def test_every_error_code_is_tested(tests_text: str) -> None:
    untested = [e.code for e in error_classes() if not mentioned(tests_text, e.code, e.__name__)]

    assert untested == []


def test_every_problem_check_and_plugin_code_is_tested(tests_text: str) -> None:
    codes = problem_codes() | check_codes() | set(plugin_codes())
    codes -= {error.code for error in error_classes()}  # a problem may stand for an error

    assert [code for code in sorted(codes) if not mentioned(tests_text, code)] == []


def test_every_setting_and_scope_is_tested(tests_text: str) -> None:
    names = [*(name.rpartition(".")[2] for name in setting_names()), *SCOPES]

    assert [name for name in names if not mentioned(tests_text, name)] == []
