"""What is exported can be imported again and is the same; nothing in it runs in a spreadsheet; nothing hidden gets out."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.actor import Actor
from crmframe.core.entities.filters import parse_params
from crmframe.core.errors import InvalidFilter, PermissionDenied
from crmframe.core.records import Query
from crmframe.core.transfer import ExportOptions, export
from crmframe.testing.application import MakeApplication
from tests.core.transfer.conftest import STAMPS, Load, loader, snapshot


def exported(
    application: Application,
    entity: str = "core.customer",
    query: Query | None = None,
    actor: Any = None,
    **options: Any,
) -> str:
    parts: list[str] = []
    with application.work(actor, write=False) as work:
        export(work, entity, query or Query(archived=None), parts.append, ExportOptions(**options))
    return "".join(parts)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


TEXT = st.text(alphabet="a1 '=+-@,;\"中文é|\\", max_size=12).map(str.strip)
LONG = st.text(alphabet="a1 '=+-@,;\"中\n", max_size=20).map(str.strip)
CUSTOMER = st.fixed_dictionaries(
    {
        "name": TEXT.filter(bool),
        "city": TEXT,
        "notes": LONG,
        "revenue": st.none() | st.decimals(-(10**9), 10**9, places=4),
        "employees": st.none() | st.integers(0, 10**6),
        "founded": st.none() | st.integers(1, 9999),
        "birthday": st.none() | st.dates(),
        "phone": st.none() | st.sampled_from(["+8613800138000", "010-12345678", "+49 30 1234567"]),
        "email": st.none() | st.sampled_from(["a@example.com", "=x@example.com", "-y@example.com"]),
        "website": st.none() | st.just("https://example.com/a,b?c=d"),
        "currency": st.none() | st.sampled_from(["CNY", "EUR"]),
        "grade": st.none() | st.sampled_from(["a", "b"]),
        "do_not_call": st.booleans(),
        "custom.area": TEXT,
        "custom.width": st.none() | st.decimals(-100, 100, places=2),
        "custom.since": st.none() | st.datetimes().map(lambda t: t.isoformat() + "Z"),
        "custom.likes": st.none()
        | st.lists(st.sampled_from(["tea", "red; wine", "[milk]"]), min_size=1, unique=True),
        "loyalty.tier": st.none() | st.sampled_from(["silver", "gold"]),
        "loyalty.points": st.none() | st.integers(0, 9999),
        "loyalty.since_on": st.none() | st.dates(),
    }
)
FIELDS = (
    {"name": "area", "kind": "text"},
    {"name": "width", "kind": "decimal"},
    {"name": "since", "kind": "instant"},
    {"name": "likes", "kind": "multi_choice", "options": {"choices": ["tea", "red; wine", "[milk]"]}},
)


@pytest.fixture
def pair(make_application: MakeApplication) -> tuple[Application, Application]:
    """Give two applications with the same custom fields."""
    made = (make_application("loyalty"), make_application("loyalty"))
    for each in made:
        with each.work() as work:
            records.create_many(
                work, "core.custom_field", [{"entity": "core.customer", **field} for field in FIELDS]
            )
    return made


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(CUSTOMER, min_size=1, max_size=6), mark=st.booleans())
def test_an_export_comes_back_unchanged(
    pair: tuple[Application, Application], data: list[dict[str, Any]], mark: bool
) -> None:
    source, target = pair
    for each in pair:
        with each.work() as work:
            old = [
                row[0]
                for row in records.select(work, "core.customer", Query(columns=("id",), limit=1000)).rows
            ]
            records.delete_many(work, "core.customer", old)
    with source.work() as work:
        records.create_many(work, "core.customer", data)

    text = exported(source, mark=mark)
    report = loader(target)(text, blanks="clear")

    assert (report.refused, report.problems) == (0, {})
    mine, theirs = rows(text), rows(exported(target))
    aside = {"id", *STAMPS}
    assert [{n: v for n, v in row.items() if n not in aside} for row in theirs] == [
        {n: v for n, v in row.items() if n not in aside} for row in mine
    ]
    again = loader(source)(text, match=("id",), blanks="clear")
    assert (again.unchanged, again.updated) == (len(data), 0)


def test_links_come_back_by_name(make_application: MakeApplication) -> None:
    source, target = make_application(), make_application()
    loader(source)("name\nfirst\nAcme\n")
    loader(source)("name,customer\nAnn,Acme\nBob,\n", "core.contact")
    loader(target)("name\nAcme\n")

    text = exported(source, "core.contact", names=True)
    report = loader(target)(text, "core.contact", blanks="clear")
    assert rows(text)[0]["customer"] == "Acme"
    assert report.created == 2
    assert [row["customer_id"] for row in rows(exported(target, "core.contact"))] == ["1", ""]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "'=x", "＝1", '=HYPERLINK("http://x")'])
def test_formulas_are_defused_and_numbers_stay_numbers(application: Application, text: str) -> None:
    with application.work() as work:
        records.create(work, "core.customer", {"name": text, "revenue": "-5.5", "notes": text})

    [row] = rows(exported(application))
    assert row["name"] == row["notes"] == f"'{text}"
    assert row["revenue"] == "-5.50"


def test_json_lines_hold_the_wire_values(application: Application) -> None:
    with application.work() as work:
        records.create(work, "core.customer", {"name": "=A", "revenue": "1000", "do_not_call": True})

    [line] = exported(application, format="jsonl").splitlines()
    record = json.loads(line)
    assert (record["name"], record["revenue"], record["do_not_call"], record["id"]) == (
        "=A",
        "1000.00",
        True,
        1,
    )


def test_filters_columns_and_order_are_obeyed(application: Application, load: Load) -> None:
    load("name,city\nB,Rome\nA,Rome\nC,Oslo\n")
    with application.work(write=False) as work:
        entity = work.schema.entity("core.customer")
        where = parse_params(work.schema, entity, [("city", "Rome")], work.parse_context())

    text = exported(application, query=Query(where=where, columns=("name", "city"), order=("name",)))
    assert text == "name,city\r\nA,Rome\r\nB,Rome\r\n"
    with pytest.raises(InvalidFilter):
        exported(application, query=Query(columns=("secret",)))


def test_all_pages_are_written_once(application: Application) -> None:
    with application.work() as work:
        records.create_many(work, "core.tag", [{"name": f"tag {i}"} for i in range(2500)])
    parts: list[str] = []
    with application.work(write=False) as work:
        count = export(work, "core.tag", Query(columns=("name",)), parts.append)

    assert count == 2500
    assert len({row["name"] for row in rows("".join(parts))}) == 2500
    assert len(parts) == 4  # a header and three pages: memory does not grow with the table


def test_only_what_the_reader_may_see_gets_out(application: Application, load: Load) -> None:
    with application.work() as work:
        ids = records.create_many(
            work, "core.user", [{"login": "a", "name": "Ann"}, {"login": "b", "name": "Bob"}]
        )
        canary = {"name": "CANARY", "owner_id": ids[1]}
        records.create_many(work, "core.customer", [{"name": "mine", "owner_id": ids[0]}, canary])
    ann = Actor(ids[0], "Ann", grants={"core.customer.read": frozenset({"own"})})

    for form in ("csv", "jsonl"):
        text = exported(application, actor=ann, format=form, names=True)
        assert "mine" in text
        assert "CANARY" not in text
    written: list[str] = []
    with application.work(ann, write=False) as work, pytest.raises(PermissionDenied):
        export(work, "core.product", Query(), written.append)
    assert written == [], "the names of fields got out before the refusal"


def test_money_is_exact_to_its_last_place(application: Application, load: Load) -> None:
    with application.work() as work:
        records.create(work, "core.customer", {"name": "A", "revenue": Decimal("99999999999999.0001")})

    assert rows(exported(application))[0]["revenue"] == "99999999999999.0001"


def test_nothing_to_export_is_a_file_with_headers(application: Application) -> None:
    assert exported(application, query=Query(columns=("name",))) == "name\r\n"
    assert exported(application, format="jsonl") == ""
    assert snapshot(application)["core_customers"] == []


@pytest.mark.parametrize("value", [5, True, '"5"', "text", [1, {"a": None}], '"[text"'])
def test_json_of_any_shape_comes_back(make_application: MakeApplication, value: Any) -> None:
    source, target = make_application("sales"), make_application("sales")
    for each in (source, target):
        with each.work() as work:
            records.create(work, "sales.pipeline", {"name": "P"})
    with source.work() as work:
        stage = {"name": "S", "pipeline_id": 1, "required_fields": value}
        records.create(work, "sales.stage", stage)
    loader(target)(exported(source, "sales.stage"), "sales.stage")

    with target.work(write=False) as mine, source.work(write=False) as theirs:
        there, here = (records.get(work, "sales.stage", 1)["required_fields"] for work in (theirs, mine))
    assert (here, type(here)) == (there, type(there))


def test_deals_come_back_in_their_stages(make_application: MakeApplication) -> None:
    source, target = make_application("sales"), make_application("sales")
    for each in (source, target):
        with each.work() as work:
            records.create(work, "sales.pipeline", {"name": "P"})
            stages = [("New", "open"), ("Offer", "open"), ("Won", "won"), ("Lost", "lost")]
            rows_of_stages = [
                {"name": n, "kind": k, "pipeline_id": 1, "position": i, "probability": 10 * i}
                for i, (n, k) in enumerate(stages)
            ]
            records.create_many(work, "sales.stage", rows_of_stages)
            records.create(work, "sales.lost_reason", {"name": "Price"})
    with source.work() as work:
        ids = records.create_many(work, "sales.deal", [{"title": f"D{i}", "code": f"{i}"} for i in range(5)])
        records.run(work, "sales.deal", ids[1], "move", {"stage_id": 2})
        records.run(work, "sales.deal", ids[2], "win", {"amount": "5"})
        records.run(work, "sales.deal", ids[3], "lose", {"lost_reason_id": 1})
        records.update(work, "sales.deal", ids[4], {"probability": 77})

    text = exported(source, "sales.deal")
    report = loader(target)(text, "sales.deal", blanks="clear")

    def told(application: Application) -> list[dict[str, str]]:
        return [
            {n: v for n, v in row.items() if n not in STAMPS}
            for row in rows(exported(application, "sales.deal"))
        ]

    assert (report.created, report.refused) == (5, 0)
    assert told(target) == told(source)
    again = loader(target)(text, "sales.deal", blanks="clear", match=("code",))
    assert again.unchanged == 5
