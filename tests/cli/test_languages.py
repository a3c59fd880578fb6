"""The command line in Chinese."""

from __future__ import annotations


def test_errors_are_in_the_language_that_was_asked_for(crmframe) -> None:
    english = crmframe("customer", "create", "kind=planet")
    chinese = crmframe("--lang", "zh_Hans", "customer", "create", "kind=planet")
    by_setting = crmframe("customer", "create", "kind=planet", CRMFRAME_LOCALE="zh_Hans")

    assert "Some values need correction" in english.err
    assert "Some values need correction" not in chinese.err
    assert "(invalid_input)" in chinese.err
    assert by_setting.err == chinese.err


def test_error_before_any_database_is_translated_too(crmframe, tmp_path) -> None:
    place = f"sqlite:///{tmp_path / 'nothing.db'}"

    answer = crmframe("--lang", "zh_Hans", "--database", place, "customer", "list")

    assert answer.status == 3
    assert "(no_database)" in answer.err
    assert place in answer.err


def test_labels_of_fields_and_choices_are_translated(crmframe) -> None:
    crmframe("customer", "create", "name=Acme", "kind=company")

    text = crmframe("--lang", "zh_Hans", "customer", "show", "1").out

    assert "名称" in text
    assert "Acme" in text
