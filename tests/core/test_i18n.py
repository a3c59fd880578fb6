"""Messages in two languages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crmframe.core.errors import InvalidInput, NotFound, Problem, Vetoed
from crmframe.core.i18n import Translator, filled
from crmframe.kernel.codes import CODES, CannotChangePlugin, CannotStart, PluginProblem
from crmframe.kernel.manifest import core_manifest

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def translator(tmp_path: Path) -> Translator:
    texts = {
        "core": {
            "Deal": "",
            "Customer": "客户",
            "There is no {entity} {id}, or you may not see it.": "没有{entity} {id}。",
        },
        "sales": {"Deal": "商机", "{title} is closed.": "{title} 已关闭。"},
    }
    for domain, messages in texts.items():
        folder = tmp_path / domain / "zh_Hans" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        entries = "".join(f'msgid "{msgid}"\nmsgstr "{text}"\n\n' for msgid, text in messages.items())
        (folder / f"{domain}.po").write_text(HEADER + entries, encoding="utf-8")
    return Translator({domain: tmp_path / domain for domain in texts})


def test_english_is_the_msgid_itself(translator: Translator) -> None:
    assert translator.translate("core", "en", "Customer") == "Customer"
    assert translator.translate("core", "en", "{a} and {b}", a=1) == "1 and {b}"


def test_a_plugin_falls_back_to_the_core_and_then_to_english(translator: Translator) -> None:
    assert translator.translate("sales", "zh_Hans", "Deal") == "商机"
    assert translator.translate("sales", "zh_Hans", "Customer") == "客户"
    assert translator.translate("sales", "zh_Hans", "Nobody translated this") == "Nobody translated this"
    assert translator.translate("unknown", "zh_Hans", "Customer") == "客户"


def test_labels_inside_a_message_are_translated_from_any_domain(translator: Translator) -> None:
    error = NotFound(entity="Deal", id=7)

    assert translator.message(error, "zh_Hans") == "没有商机 7。"
    assert translator.message(error, "en") == "There is no Deal 7, or you may not see it."


def test_a_veto_speaks_the_language_of_its_plugin(translator: Translator) -> None:
    because = Problem("", "vetoed", "{title} is closed.", {"title": "A"}, domain="sales")
    error = Vetoed(plugin="sales", reason="A is closed.", because=because)

    assert translator.message(error, "zh_Hans") == "A 已关闭。 (sales)"


def test_filling_never_fails() -> None:
    assert filled("{a.b} {", {"a": 1}) == "{a.b} {"
    assert filled("{missing}", {}) == "{missing}"


@pytest.fixture(scope="module")
def shipped() -> Translator:
    return Translator({"core": core_manifest().locale})


def chinese(translator: Translator, msgid: str, **data: object) -> str:
    said = translator.translate("core", "zh_Hans", msgid)
    assert said != msgid
    return said.format_map(data)


def test_a_problem_of_a_plugin_reads_in_chinese(shipped: Translator) -> None:
    problem = PluginProblem("sales", "P003", {"needs": "mail", "reason": "is not enabled"})

    reason = chinese(shipped, "is not enabled")
    said = chinese(shipped, CODES["P003"], plugin="sales", needs="mail", reason=reason)
    assert shipped.message(problem, "zh_Hans") == said
    assert shipped.message(problem, "en") == problem.message()


def test_the_reasons_behind_a_problem_are_translated_one_by_one(shipped: Translator) -> None:
    package, file = "There is no package {module}.", "The file {file} is missing."
    reasons = (
        Problem("", "manifest", package, {"module": "x"}),
        Problem("", "manifest", file, {"file": "y"}),
    )
    problem = PluginProblem("sales", "P014", {"error": "English"}, reasons=reasons)

    error = f"{chinese(shipped, package, module='x')} {chinese(shipped, file, file='y')}"
    assert shipped.message(problem, "zh_Hans") == chinese(shipped, CODES["P014"], plugin="sales", error=error)


def test_an_application_that_cannot_start_says_why_in_chinese(shipped: Translator) -> None:
    error = CannotStart(PluginProblem("sales", "P001"), PluginProblem("mail", "P001"))

    said = [f"P001: {chinese(shipped, CODES['P001'], plugin=each)}" for each in ("sales", "mail")]
    assert shipped.message(error, "zh_Hans") == " ".join(said)
    assert shipped.message(error, "en") == str(error)


def test_a_refused_change_of_a_plugin_says_why_in_chinese(shipped: Translator) -> None:
    why = Problem("", "P001", CODES["P001"], {"plugin": "sales"})

    said = chinese(shipped, CODES["P001"], plugin="sales")
    assert shipped.message(CannotChangePlugin(why), "zh_Hans") == said


def test_wrong_fields_are_named_by_their_labels(shipped: Translator) -> None:
    problems = [
        Problem("name", "required", "{field} is required.", {"field": "Name"}),
        Problem("tax_id", "required", "{field} is required.", {"field": "Tax id"}),
        Problem("", "odd", "Something went wrong."),
    ]
    error = InvalidInput(problems)

    fields = "、".join(chinese(shipped, each) for each in ("Name", "Tax id", "record"))
    assert shipped.message(error, "zh_Hans") == chinese(shipped, InvalidInput.template, fields=fields)
    said = chinese(shipped, "{field} is required.", field=chinese(shipped, "Tax id"))
    assert shipped.message(problems[1], "zh_Hans") == said
    assert shipped.message(error, "en") == str(error)


def test_what_is_marked_fuzzy_or_empty_stays_english(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    entries = '#, fuzzy\nmsgid "One"\nmsgstr "也许"\n\nmsgid "Two"\nmsgstr ""\n\nmsgid "Three"\nmsgstr "三"\n'
    (folder / "core.po").write_text(HEADER + entries, encoding="utf-8")
    translator = Translator({"core": tmp_path})

    assert [translator.translate("core", "zh_Hans", each) for each in ("One", "Two", "Three")] == [
        "One",
        "Two",
        "三",
    ]


def test_a_catalog_is_read_once_however_many_ask(translator: Translator) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: translator.catalog("sales", "zh_Hans"), range(50)))

    assert all(each is found[0] for each in found)


def test_a_plugin_s_own_translator_knows_the_texts_of_the_core(tmp_path) -> None:
    assert Translator({"mine": tmp_path}).translate("mine", "zh_Hans", "Show all") == "显示全部"
