"""Headers find their fields, in both languages; what does not fit is said at once."""

from __future__ import annotations

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import InvalidInput
from crmframe.core.transfer import Report
from tests.core.transfer.conftest import Load, column


def targets(report: Report) -> dict[str, str]:
    return {c.header: c.field.name for c in report.columns}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("name", "name"),
        ("Name *", "name"),
        ("Account Name", "name"),
        ("客户名称", "name"),
        ("POSTAL_CODE", "postal_code"),
        ("postal code", "postal_code"),
        ("Zip", "postal_code"),
        ("邮编", "postal_code"),
        ("Parent company", "parent_id"),
        ("parent_id", "parent_id"),
        ("上级客户", "parent_id"),
        ("E-mail", "email"),
        ("国家／地区", "country"),
    ],
)
def test_names_labels_and_aliases_are_headers(load: Load, header: str, field: str) -> None:
    report = load(f"{header},客户编号\n,x\n", dry_run=True)

    assert targets(report)[header] == field


def test_custom_fields_are_found_by_name_and_label(application: Application, load: Load) -> None:
    with application.work() as work:
        labels = {"label_en": "Sales area", "label_zh": "销售大区"}
        records.create(
            work, "core.custom_field", {"entity": "core.customer", "name": "area", "kind": "text", **labels}
        )

    for header in ("custom.area", "area", "Sales Area", "销售大区"):
        assert targets(load(f"name,{header}\nA,East\n", dry_run=True))[header] == "custom.area"


def test_columns_without_a_field_are_listed_with_the_reason(load: Load) -> None:
    report = load("name,Shoe size,name,version,notes,\nA,1,B,2,C,\n", mapping={"notes": "-"})

    assert {(each.header, each.reason) for each in report.ignored} == {
        ("Shoe size", "No field is called so."),
        ("name", "Another column gives this field."),
        ("version", "The system keeps this field."),
        ("notes", "It was left out."),
    }
    assert report.created == 1


def test_what_is_named_wins_over_what_is_alike(application: Application, load: Load) -> None:
    load(
        "name,Firma,#x\nshort,Long name GmbH,1\n",
        mapping={"firma": "name", "name": "code", "#3": "employees"},
    )

    assert column(application, "name") == ["Long name GmbH"]
    assert column(application, "code") == ["short"]
    assert column(application, "employees") == [1]


def test_one_column_may_fill_two_fields(application: Application, load: Load) -> None:
    load("account\nAcme\n", mapping={"account": "name,code"})

    assert column(application, "name") == column(application, "code") == ["Acme"]


def test_constants_fill_every_row_and_replace_a_column(application: Application, load: Load) -> None:
    report = load("name,city\nA,Rome\nB,\n", constants={"city": "Paris", "postal code": "75001"})

    assert column(application, "city") == ["Paris", "Paris"]
    assert column(application, "postal_code") == ["75001", "75001"]
    assert [each.header for each in report.ignored] == ["city"]


def test_everything_wrong_with_the_columns_is_said_at_once(load: Load) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(
            "name,city\nA,B\n",
            mapping={"Firma": "name", "city": "town hall"},
            match=("code",),
            aliases={"product": {"a": "b"}},
        )

    assert [(p.field, p.code) for p in caught.value.problems] == [
        ("Firma", "unknown_column"),
        ("city", "unknown_field"),
        ("product", "unknown_column"),
        ("code", "unknown_key"),
    ]
    assert all(problem.message() for problem in caught.value.problems)


def test_a_file_without_any_known_column_is_refused(load: Load) -> None:
    with pytest.raises(InvalidInput) as caught:
        load("a1,b1\n1,2\n")

    assert [p.code for p in caught.value.problems] == ["no_columns"]


@pytest.mark.parametrize(
    ("cell", "days", "expected"),
    [
        ("25/12/1990", "", "1990-12-25"),
        ("12/25/1990", "", "1990-12-25"),
        ("25-12-90", "", "1990-12-25"),
        ("03/04/1990", "dmy", "1990-04-03"),
        ("03/04/1990", "mdy", "1990-03-04"),
    ],
)
def test_the_order_of_day_and_month_is_decided_for_the_whole_column(
    application: Application, load: Load, cell: str, days: str, expected: str
) -> None:
    load(f"name,birthday\nA,{cell}\n", days=days)

    assert [str(day) for day in column(application, "birthday")] == [expected]


def test_days_that_could_be_read_in_two_ways_are_refused_not_guessed(load: Load) -> None:
    alone = load("name,birthday\nA,03/04/1990\nB,1990-01-01\n")
    mixed = load("name,birthday\nA,25/12/1990\nB,12/25/1990\n")
    helped = load("name,birthday\nA,03/04/1990\nB,25/12/1990\n")

    assert (alone.created, alone.problems[("birthday", "ambiguous_date")]) == (1, 1)
    assert (mixed.created, mixed.problems[("birthday", "ambiguous_date")]) == (0, 2)
    assert (helped.created, helped.outcomes[0].problems) == (2, ())


def test_numbers_with_a_decimal_comma_are_read_when_told(application: Application, load: Load) -> None:
    assert load("name;revenue\nA;1.234,56\n").refused == 1
    load("name;revenue\nA;1.234,56\n", decimal_comma=True)

    assert [str(amount) for amount in column(application, "revenue")] == ["1234.5600"]


@pytest.mark.parametrize(
    ("text", "options", "names"),
    [
        ("First Name,Last Name\nAnn,Lee\nBob,\n", {}, ["Ann Lee", "Bob"]),
        ("First Name,Middle Name,Last Name\nAnn,B.,Lee\n", {}, ["Ann B. Lee"]),
        ("名,姓\n小明,王\n", {}, ["王小明"]),
        ("First Name,Last Name,Display Name\nAnn,Lee,Annie\n", {}, ["Annie"]),
        ("vorn,nach\nAnn,Lee\n", {"mapping": {"nach+vorn": "name"}}, ["Lee Ann"]),
    ],
)
def test_names_in_several_columns_become_one(
    application: Application, load: Load, text: str, options: dict[str, object], names: list[str]
) -> None:
    load(text, "core.contact", **options)

    assert column(application, "name", "core.contact") == names


def test_labels_of_choices_stand_for_their_values(application: Application, load: Load) -> None:
    label = application.translator.translate("core", "zh_Hans", "Exhibition")
    report = load(f"name,source\nA,{label}\nB,Exhibition\nC,exhibition\n")

    assert (report.refused, column(application, "source")) == (0, ["exhibition"] * 3)


def test_a_cell_of_several_lines_fits_a_field_of_one(application: Application, load: Load) -> None:
    load('name,address,notes\nA,"Main St 1 \r\nFloor 5","x\ny"\n')

    assert column(application, "address") == ["Main St 1 Floor 5"]
    assert column(application, "notes") == ["x\ny"]


@pytest.mark.parametrize("header", ["#²", "#0", "#3", "#", "#９", f"#{'9' * 30}"])
def test_a_column_s_number_is_one_of_the_file_s(load: Load, header: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load("name,city\nA,B\n", mapping={header: "city"})

    assert [problem.code for problem in caught.value.problems] == ["unknown_column"]
