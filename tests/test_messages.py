"""Every text that people may read is said in Chinese, too, and with the same data."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmframe.core.i18n import read_catalog
from tools import messages


@pytest.mark.parametrize("domain", messages.PACKAGES)
def test_every_text_has_a_translation(domain: str) -> None:
    assert messages.untranslated(domain) == {}, f"python -m tools.messages --update, then fill {domain}.po"


def test_headings_of_settings_are_texts_wherever_they_stand() -> None:
    assert "Region and calendar" in messages.find("core")
    assert "Quotes and orders" in messages.find("sales")


@pytest.mark.parametrize("domain", messages.PACKAGES)
def test_every_translation_has_the_placeholders_of_its_text(domain: str) -> None:
    catalog = read_catalog(messages.po_file(domain))

    assert [
        text for text, said in catalog.items() if messages.placeholders(text) != messages.placeholders(said)
    ] == []


@pytest.mark.parametrize("domain", messages.PACKAGES)
def test_sentences_end_as_sentences_do(domain: str) -> None:
    ends = {".": "。！", "?": "？", ":": "：", "!": "！"}
    catalog = read_catalog(messages.po_file(domain)).items()
    # A sentence that ends in a command or an address takes no full stop of its own.
    told = [(text, said) for text, said in catalog if text[-1] in ends and not said[-1].isascii()]

    assert [text for text, said in told if said[-1] not in ends[text[-1]]] == []


SOURCE = """
SENTENCES = {"one": "A constant is found.", "two": "no sentence"}
DOORS = {"web": "in the browser"}
class Refused(Exception):
    template = "The class says {what}."
def report(key, template, **data): ...
def show(label): ...
def run(name):
    report("key", "A positional {text} is found.")
    report("key", template="A named text is found.")
    text = "a text" if name else "another text"
    show(text)
    show(DOORS.get(name, "elsewhere"))
    report("key", "page.html")
    undeclared("This goes nowhere.")
"""
TEMPLATE = (
    "<h1>{{ _('A heading') }}</h1>{{ _('Yes, {name}', name=x) if x else _('No') }}{{ other('hidden') }}"
)
FOUND = {
    "A constant is found.", "The class says {what}.", "A positional {text} is found.", "A named text is found.",
    "a text", "another text", "in the browser", "elsewhere", "A heading", "Yes, {name}", "No",
}  # fmt: skip


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "crmframe_planted"
    catalog = package / "locale" / "zh_Hans" / "LC_MESSAGES" / "planted.po"
    catalog.parent.mkdir(parents=True)
    catalog.write_text(
        messages.HEADER.format(project="planted") + 'msgid "a text"\nmsgstr "文本"\n', encoding="utf-8"
    )
    (package / "__init__.py").write_text("def undeclared(text): ...\n" + SOURCE, encoding="utf-8")
    (package / "page.html").write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.setattr(messages, "PACKAGES", {**messages.PACKAGES, "planted": package})
    monkeypatch.syspath_prepend(tmp_path)
    return catalog


def test_texts_are_found_where_they_are_handed_on(planted: Path) -> None:
    assert set(messages.find("planted")) == FOUND


def test_check_lists_what_has_no_translation(planted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert messages.main(["--plugin", "planted", "--check"]) == 1
    told = capsys.readouterr().out
    assert "planted: 'The class says {what}.' (crmframe_planted/__init__.py:6)" in told
    assert "'a text'" not in told


def test_update_adds_what_is_missing_and_keeps_what_is_there(planted: Path) -> None:
    assert messages.main(["--plugin", "planted", "--update"]) == 0

    text = planted.read_text(encoding="utf-8")
    assert 'msgid "a text"\nmsgstr "文本"' in text
    assert '#, python-brace-format\nmsgid "The class says {what}."\nmsgstr ""' in text
    assert messages.main(["--plugin", "planted", "--check"]) == 1
    assert messages.main(["--plugin", "planted", "--update"]) == 0
    assert planted.read_text(encoding="utf-8") == text
