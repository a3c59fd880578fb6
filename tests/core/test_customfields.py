"""Custom fields: a bad definition is refused with a sentence, and one that is there already stops nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from crmframe.core import records
from crmframe.core.entities.custom import CUSTOM_KINDS
from crmframe.core.errors import InvalidInput, Problem
from crmframe.core.operation.check import run_checks
from crmframe.core.records import Query
from crmframe.core.records.undo import undo

FIELD = {"entity": "core.customer", "name": "shade", "kind": "choice", "options": "red, green, blue"}
WRITTEN_AS = {
    "text": "abc",
    "long_text": "abc",
    "integer": 42,
    "decimal": "1.50",
    "boolean": True,
    "date": "2026-02-03",
    "instant": "2026-02-03T04:05:06Z",
    "choice": "red",
    "multi_choice": ["red"],
    "email": "ann@example.com",
    "phone": "+8613800000000",
    "url": "https://example.com/",
}


def define(application: Any, **values: Any) -> dict[str, Any]:
    with application.work() as work:
        return records.create(work, "core.custom_field", {**FIELD, **values})


def change(application: Any, field: int, **values: Any) -> None:
    with application.work() as work:
        records.update(work, "core.custom_field", field, values)


def refused(application: Any, **values: Any) -> Problem:
    """Return the one problem of a definition."""
    with pytest.raises(InvalidInput) as error:
        define(application, **values)
    [problem] = error.value.problems
    return problem


def kept(application: Any, field: int) -> dict[str, Any]:
    with application.work(write=False) as work:
        return records.get(work, "core.custom_field", field)


def customer(application: Any, **values: Any) -> int:
    with application.work() as work:
        return records.create(work, "core.customer", {"name": "Nordvik", **values})["id"]


def shade_of(application: Any, customer_id: int) -> Any:
    with application.work(write=False) as work:
        return records.get(work, "core.customer", customer_id)["custom.shade"]


def plant(application: Any, field: int, **columns: Any) -> None:
    """Store what no door accepts today."""
    with application.database.write() as connection:
        table = application.registry.entity("core.custom_field").table
        connection.execute(sa.update(table).where(table.c.id == field).values(columns))
        connection.exec_driver_sql("UPDATE core_epoch SET value = value + 1 WHERE id = 1")
    application._schema = None


# --- choices as people write them ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["choice", "multi_choice"])
@pytest.mark.parametrize("text", ["red, green,blue", "red\ngreen\r\n\nblue\n", "red、green，blue，red"])
def test_choices_are_written_as_text(application: Any, text: str, kind: str) -> None:
    field = define(application, kind=kind, options=text)

    choices = [{"value": each, "label": each} for each in ("red", "green", "blue")]
    assert field["options"] == {"choices": choices}
    assert customer(application, **{"custom.shade": "green"})


@pytest.mark.parametrize(
    "options",
    [["red", "blue"], '["red", "blue"]', {"choices": ["red", "blue"]}, {"choices": "red, blue"}],
)
def test_choices_are_written_as_data(application: Any, options: Any) -> None:
    define(application, options=options)

    assert shade_of(application, customer(application, **{"custom.shade": "blue"})) == "blue"
    with pytest.raises(InvalidInput):
        customer(application, **{"custom.shade": "green"})


@pytest.mark.parametrize(
    "options",
    [
        None,
        " , ,",
        {},
        {"choices": []},
        {"choices": 5},
        {"choices": [5]},
        {"choices": [{"label": "Red"}]},
        {"choices": [{"value": "red", "label": 5}]},
        {"choices": [{"value": "red", "tone": "crimson"}]},
        {"choices": ["x" * 81]},
        7,
        [["red"]],
    ],
)
def test_what_is_no_list_of_choices_is_refused_with_an_example(application: Any, options: Any) -> None:
    problem = refused(application, options=options)

    assert (problem.field, problem.code) == ("options", "not_choices")
    assert "red, green, blue" in problem.message()
    assert "例如 red, green, blue" in application.translator.message(problem, "zh_Hans")


@pytest.mark.parametrize("options", ["3", 3, {"places": 3}, {"places": "3"}])
def test_places_are_written_as_number_or_data(application: Any, options: Any) -> None:
    assert define(application, kind="decimal", options=options)["options"] == {"places": 3}


@pytest.mark.parametrize("options", ["many", {"places": 10}, -1, {"places": True}, [3]])
def test_what_is_no_number_of_places_is_refused(application: Any, options: Any) -> None:
    problem = refused(application, kind="decimal", options=options)

    assert (problem.field, problem.code) == ("options", "not_places")


def test_bad_options_are_refused_in_a_change_too(application: Any) -> None:
    field = define(application)["id"]

    with pytest.raises(InvalidInput) as error:
        change(application, field, options={"choices": [None]})
    change(application, field, options="red, white")

    assert error.value.problems[0].code == "not_choices"
    assert [each["value"] for each in kept(application, field)["options"]["choices"]] == ["red", "white"]


# --- entity, name, kind, label ------------------------------------------------------------------------


@pytest.mark.parametrize("entity", ["Customer", "nosuch", "core.tag", "core.nosuch", "core_customers"])
def test_entity_without_custom_fields_is_refused(application: Any, entity: str) -> None:
    problem = refused(application, entity=entity)

    assert (problem.field, problem.code) == ("entity", "not_customizable")
    assert "core.customer" in problem.message()


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("Favourite Colour", "favourite_colour"),
        ("VIP", "vip"),
        ("a.b", "a_b"),
        ("size__gte", "size_gte"),
        ("_x", "x"),
        ("7th", "favorite_color"),
    ],
)
def test_name_that_nobody_could_type_is_refused_with_an_example(
    application: Any, name: str, example: str
) -> None:
    problem = refused(application, name=name)

    assert (problem.field, problem.code) == ("name", "not_a_name")
    assert problem.data["example"] == example


@pytest.mark.parametrize("name", ["name", "owner", "owner_id", "id", "created_at"])
def test_name_of_a_built_in_field_is_refused(application: Any, name: str) -> None:
    problem = refused(application, name=name)

    assert (problem.field, problem.code) == ("name", "built_in")


def test_name_of_another_custom_field_is_refused(application: Any) -> None:
    define(application)

    assert refused(application).code == "taken"
    assert define(application, entity="core.contact")


def test_name_in_chinese_works(application: Any) -> None:
    define(application, name="颜色", kind="text", options=None)
    customer(application, **{"custom.颜色": "红"})

    with application.work(write=False) as work:
        where = records.parse_filter(work, "core.customer", [("custom.颜色__contains", "红")])
        assert len(records.select(work, "core.customer", Query(where=where)).rows) == 1


def test_unknown_kind_is_refused(application: Any) -> None:
    assert refused(application, kind="colour").code == "not_a_choice"


def test_field_without_label_is_called_by_its_name(application: Any) -> None:
    field = define(application, name="favorite_color")
    assert field["label_en"] == "Favorite color"

    change(application, field["id"], label_en="", label_zh="颜色")
    assert kept(application, field["id"])["label_en"] is None


# --- what cannot change -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"), [("kind", "integer"), ("entity", "core.contact"), ("options", {"places": 3})]
)
def test_what_the_values_depend_on_stays(application: Any, name: str, value: Any) -> None:
    field = define(application, kind="decimal", options="2")["id"]

    with pytest.raises(InvalidInput) as error:
        change(application, field, **{name: value})

    problem = error.value.problems[0]
    assert (problem.field, problem.code) == (name, "fixed")
    assert "Add another field" in problem.message()


def test_the_same_kind_and_entity_may_be_given_again(application: Any) -> None:
    field = define(application)["id"]

    change(application, field, entity="core.customer", kind="choice", label_en="Shade")

    assert kept(application, field)["label_en"] == "Shade"


# --- what is stored already ---------------------------------------------------------------------------

BROKEN = [
    {"options": {"choices": [{"tone": "red"}]}},
    {"options": {"choices": 7}},
    {"options": "  "},
    {"options": None},
    {"kind": "colour"},
    {"entity": "Customer"},
    {"entity": "core.tag"},
]


@pytest.mark.writes_directly("stores what no door accepts")
@pytest.mark.parametrize("columns", BROKEN, ids=str)
def test_definition_that_makes_no_sense_is_left_out_and_reported(application: Any, columns: Any) -> None:
    field = define(application)["id"]
    plant(application, field, **columns)

    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            customer(application)
            application._schema = None
    with application.work(write=False) as work:
        found = [p for each in run_checks(work) if each.code == "custom_field" for p in each.problems]
        assert "custom.shade" not in records.get(work, "core.customer", 1)

    assert [p.data["name"] for p in found] == ["shade"]
    assert [each["event"] for each in logs] == ["custom_field_left_out"]


@pytest.mark.writes_directly("stores what no door accepts")
@pytest.mark.parametrize("columns", BROKEN, ids=str)
def test_definition_that_makes_no_sense_can_be_corrected(application: Any, columns: Any) -> None:
    field = define(application)["id"]
    plant(application, field, **columns)

    change(application, field, **{name: FIELD[name] for name in columns})

    assert shade_of(application, customer(application, **{"custom.shade": "red"})) == "red"


@pytest.mark.writes_directly("stores what no door accepts")
def test_text_that_was_stored_as_choices_is_understood(application: Any) -> None:
    field = define(application)["id"]
    plant(application, field, options="red, green, blue")

    assert shade_of(application, customer(application, **{"custom.shade": "red"})) == "red"


def test_operation_on_a_definition_can_be_undone(application: Any) -> None:
    field = define(application)["id"]
    with application.work() as work:
        records.update(work, "core.custom_field", field, {"options": "black"})
    with application.database.read() as connection:
        last = connection.scalar(sa.text("SELECT max(id) FROM core_operation"))

    with application.work() as work:
        undo(work, last)

    assert len(kept(application, field)["options"]["choices"]) == 3


@pytest.mark.writes_directly("stores what no door accepts")
@pytest.mark.parametrize("now", CUSTOM_KINDS)
def test_values_of_another_kind_break_nothing(application: Any, now: str) -> None:
    field = define(application, kind="text", options=None)["id"]
    key = kept(application, field)["key"]
    ids = [customer(application) for _ in WRITTEN_AS]
    odd = [*WRITTEN_AS.values(), 10**30, 1.5, "9" * 40, "-", "2026-13-45", "", [], {}, None, "1.2.34"]
    ids += [customer(application) for _ in range(len(odd) - len(ids))]
    with application.database.write() as connection:
        table = application.registry.entity("core.customer").table
        for record_id, value in zip(ids, odd, strict=True):
            statement = sa.update(table).where(table.c.id == record_id)
            connection.execute(statement.values(custom=json.loads(json.dumps({key: value}))))
    options = {"choices": ["red", "blue"]} if "choice" in now else None
    plant(application, field, kind=now, options=options)

    with application.work(write=False) as work:
        page = records.select(work, "core.customer", Query(columns=("id", "custom.shade")))
        by_id = {row[0]: row[1] for row in page.rows}
        found = records.get(work, "core.customer", ids[list(WRITTEN_AS).index(now)])
    assert by_id[found["id"]] == found["custom.shade"] is not None

    for record_id in ids:
        with application.work() as work:
            records.update(work, "core.customer", record_id, {"city": "Bergen"})
            records.update(work, "core.customer", record_id, {"custom.shade": WRITTEN_AS[now]})
    with application.work() as work:
        records.delete_many(work, "core.customer", ids)
