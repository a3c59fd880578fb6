"""Messages in two languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmframe.core.errors import NotFound, Problem, Vetoed
from crmframe.core.i18n import Translator, filled

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def translator(tmp_path: Path) -> Translator:
    texts = {
        "core": {"Deal": "", "Customer": "客户", "There is no {entity} {id}, or you may not see it.": "没有{entity} {id}。"},
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
