"""Pages, joined: every row once and in order, whatever the order, the direction, the ties and the gaps."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.entities import filters
from crmframe.core.entities.sort_key import sort_key
from crmframe.core.errors import BadRequest
from crmframe.core.records import Query
from crmframe.core.records.paging import is_sortable
from crmframe.core.records.query import Cursor
from crmframe.core.work import UnitOfWork
from crmframe.testing.application import START
from tests.core.records.sandbox import Sandbox

# A history costs a second: to shrink one that fails would take longer than to read it.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = int(os.environ.get("CRMFRAME_PAGES_EXAMPLES", "25"))
# Few values, many of them missing: ties and gaps everywhere.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(
        ("Anna", "anna", "Émile", "emile", "张伟", "张薇", "阿里", "Zoë", " 1", "10", "9", "İ")
    ),
    "city": st.sampled_from((None, "Wuhan", "武汉", "wuhan")),
    "birthday": st.sampled_from((None, "1990-01-01", "0099-01-01", "9999-12-31")),
    "revenue": st.sampled_from((None, "-1.0001", "0", "10", "9.9999", "99999999999999")),
    "employees": st.sampled_from((None, 0, 1, 2**31 - 1)),
    "do_not_call": st.booleans(),
    "kind": st.sampled_from(("company", "person")),
    "loyalty.points": st.sampled_from((None, 0, 5)),
    "loyalty.since_on": st.sampled_from((None, "2020-02-29")),
    "custom.score": st.sampled_from((None, "-0.50", "0.5", "12")),
    "custom.district": st.sampled_from((None, "East", "east", "西")),
    "custom.visited": st.sampled_from((None, "2024-02-29", "2020-01-01")),
}
CUSTOM = (("score", "decimal"), ("district", "text"), ("visited", "date"))


@pytest.fixture
def laboratory(make_application: Callable[..., Application]) -> Application:
    """Give an application with sidecars and custom fields."""
    application = make_application("sales", "loyalty")
    with application.work() as work:
        for name, kind in CUSTOM:
            records.create(work, "core.custom_field", {"entity": "core.customer", "name": name, "kind": kind})
    return application


def sortable(application: Application) -> list[str]:
    """Return the names of the customer's fields that lists can be ordered by, of those that vary here."""
    with application.work(write=False) as work:
        fields = work.schema.fields(work.schema.entity("core.customer"))
        return [name for name in (*VALUES, "id", "created_at") if is_sortable(fields[name])]


def joined(work: UnitOfWork, query: Callable[..., Query], *, numbered: bool) -> list[int]:
    """Return the ids of all pages, one after the other."""
    found: list[int] = []
    after, number = None, 1
    while True:
        page = records.select(work, "core.customer", query(page=number) if numbered else query(after=after))
        found += [row[0] for row in page.rows]
        after, number = page.next, number + 1
        if after is None:
            return found
        assert number < 200, "the pages do not end"


def query_for(order: tuple[str, ...], limit: int, as_of: Any = None) -> Callable[..., Query]:
    """Return what makes the query of each page."""
    return lambda **place: Query(order=order, limit=limit, columns=("id",), as_of=as_of, **place)


def in_order(rows: list[dict[str, Any]], order: tuple[str, ...]) -> list[int]:
    """Sort in plain Python: missing values last in both directions, the id last and like the first key."""
    found = list(rows)
    keys = (
        list(order)
        if order and order[-1].lstrip("-") == "id"
        else [*order, "-id" if order[:1] and order[0][0] == "-" else "id"]
    )
    for item in reversed(keys):
        name, descending = item.lstrip("-"), item.startswith("-")
        found.sort(key=lambda row, name=name: key_of(row[name]), reverse=descending)
        found.sort(key=lambda row, name=name: row[name] is None)
    return [row["id"] for row in found]


def key_of(value: Any) -> Any:
    if value is None:
        return (0,)
    return (1, sort_key(value) if isinstance(value, str) else value)


def test_pages_joined_are_the_whole_list(laboratory: Application) -> None:
    names = sortable(laboratory)
    assert {"name", "birthday", "revenue", "loyalty.points", "custom.score"} <= set(names)

    @settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        rows = data.draw(st.lists(st.fixed_dictionaries(VALUES), min_size=0, max_size=16))
        keys = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=3))
        order = tuple(f"-{name}" if data.draw(st.booleans()) else name for name in keys)
        limit = data.draw(st.integers(1, 9))
        box = Sandbox(laboratory)
        with box.opened():
            with box.work() as work:
                ids = records.create_many(work, "core.customer", rows)
            with box.work() as work:
                shown = tuple(dict.fromkeys(("id", *names)))
                everything = records.select(work, "core.customer", Query(columns=shown, limit=1000)).records()
                wanted = in_order(everything, order)
                assert joined(work, query_for(order, limit), numbered=False) == wanted
                assert joined(work, query_for(order, limit), numbered=True) == wanted
                assert (
                    joined(work, query_for(order, limit + 4, START.replace(year=2027)), numbered=False)
                    == wanted
                )
        assert sorted(wanted) == sorted(ids)

    check()


@pytest.mark.parametrize("first", ["name", "employees", "custom.score"])
@pytest.mark.parametrize("directions", [("", "-"), ("-", "")])
def test_ids_may_go_the_other_way(laboratory: Application, first: str, directions: tuple[str, str]) -> None:
    order = (directions[0] + first, directions[1] + "id")
    with laboratory.work() as work:
        rows = [
            {"name": "Anna", "employees": n % 2 or None, "custom.score": n % 3 or None} for n in range(11)
        ]
        records.create_many(work, "core.customer", rows)
        everything = records.select(work, "core.customer", Query(columns=("id", first), limit=1000)).records()

        assert joined(work, query_for(order, 2), numbered=False) == in_order(everything, order)


@pytest.mark.parametrize(
    "keys", [[False, None, 1], [True, None, None], [False, "x", None], [True], [False, 1, 1, 1]]
)
def test_a_cursor_with_holes_is_refused(laboratory: Application, keys: list[Any]) -> None:
    text = Cursor(keys[0], tuple(keys[1:])).encode()
    with pytest.raises(BadRequest), laboratory.work(write=False) as work:
        records.select(work, "core.customer", Query(order=("name",), after=text))


def test_pages_hold_what_the_filter_lets_through(laboratory: Application) -> None:
    with laboratory.work() as work:
        rows = [{"name": f"C{n}", "employees": n % 3 if n % 4 else None} for n in range(50)]
        records.create_many(work, "core.customer", rows)
    with laboratory.work(write=False) as work:
        entity = work.schema.entity("core.customer")
        where = filters.parse_params(work.schema, entity, [("employees__gte", "1")], work.parse_context())

        def query(**place: Any) -> Query:
            return Query(where=where, order=("-employees", "name"), limit=7, columns=("id",), **place)

        found = joined(work, query, numbered=False)
        whole = records.select(work, "core.customer", Query(where=where, limit=1000, columns=("id",)))
    assert sorted(found) == sorted(row[0] for row in whole.rows)
    assert len(found) == len(set(found)) > 7


def test_every_list_can_be_ordered_by_every_field_it_offers(laboratory: Application) -> None:
    with laboratory.work(write=False) as work:
        for entity in work.registry.public_entities():
            for name, field in work.schema.fields(entity).items():
                if is_sortable(field) and not field.hidden:
                    for order in ((name,), (f"-{name}",), (name, "id"), (f"-{name}", "-id")):
                        query = Query(order=order, columns=("id",), limit=1)
                        assert records.select(work, entity.name, query).next in (
                            None,
                            *_cursors(work, entity.name, query),
                        )


def _cursors(work: UnitOfWork, entity: str, query: Query) -> list[str | None]:
    """Follow the first cursor, so that it is read as well as written."""
    first = records.select(work, entity, query).next
    if first is not None:
        records.select(work, entity, Query(order=query.order, columns=("id",), limit=1, after=first))
    return [first]


def test_days_of_long_ago_sort_first(laboratory: Application) -> None:
    with laboratory.work() as work:
        rows = [
            {"name": str(day), "birthday": day} for day in (date(999, 1, 1), date(1000, 1, 1), date(9, 9, 9))
        ]
        records.create_many(work, "core.customer", rows)
        page = records.select(work, "core.customer", Query(order=("birthday",), columns=("name",)))
    assert [row[0] for row in page.rows] == ["0009-09-09", "0999-01-01", "1000-01-01"]
