"""The page on which targets are set: a year, people and teams times months or quarters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from babel.dates import format_skeleton
from babel.numbers import format_decimal

from crmframe.api import Call, Reply, UnitOfWork, kinds, page, records
from crmframe_sales import say
from crmframe_sales.forecast.models import MEASURES, PERIODS
from crmframe_sales.forecast.people import people
from crmframe_sales.forecast.periods import MONTHS, Period, period_at
from crmframe_sales.forecast.routes import team_options, title_of
from crmframe_sales.forecast.targets import COMPANY, Who, total, who_of

PATH = "/p/sales/targets"
AMOUNT = kinds.Money()
Wrong = dict[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A person, a team or the company, whose targets may be set; ``team_id`` is what a target is filed under."""

    who: Who
    name: str
    team_id: int | None


@dataclass(frozen=True, slots=True)
class Grid:
    """What the page is about: a year, the periods it is divided into, what is measured, for whom."""

    year: Period
    parts: Sequence[Period]
    measure: str
    rows: Sequence[Row]
    held: Mapping[tuple[Who, date], Any]
    may: bool

    def name(self, row: Row, place: int) -> str:
        """Return the name of a cell's input."""
        return f"{row.who[0]}-{row.who[1]}-{place}"


def show_targets(call: Call, work: UnitOfWork) -> Reply:
    """Show a year's targets in a grid of people and periods."""
    return Reply(_page(call, _grid(call, work), work, {}, {}), "sales/targets.html")


def save_targets(call: Call, work: UnitOfWork) -> Reply:
    """Save every cell that was changed, in one operation; nothing when one of them is wrong."""
    grid = _grid(call, work)
    given, wrong = _read(call, work, grid)
    if wrong:
        return Reply(_page(call, grid, work, call.form, wrong), "sales/targets.html", 422)
    _write(work, grid, given)
    return Reply(location=_url(grid.year, grid.parts[0].kind, grid.measure))


def _grid(call: Call, work: UnitOfWork) -> Grid:
    kind, measure = call.parameter("period", "month"), call.parameter("measure", "won_amount")
    kind = kind if kind in MONTHS else "month"
    measure = measure if measure in {each.value for each in MEASURES} else "won_amount"
    year = period_at(work, "year", _day(call.parameter("start")) or work.today)
    may = all(work.actor.may(f"sales.target.{verb}") for verb in ("create", "update", "delete"))
    held = _held(work, year, kind, measure)
    return Grid(year, year.parts(kind), measure, _rows(work, held, may=may), held, may)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _held(work: UnitOfWork, year: Period, kind: str, measure: str) -> dict[tuple[Who, date], Any]:
    table = records.visible(work, "sales.target")
    wanted = sa.select(table).where(
        table.c.measure == measure,
        table.c.period == kind,
        table.c.starts_on >= year.start,
        table.c.starts_on < year.end,
    )
    return {(who_of(row), row.starts_on): row for row in work.rows(wanted)}


def _rows(work: UnitOfWork, held: Mapping[tuple[Who, date], Any], *, may: bool) -> list[Row]:
    """Return for whom targets can be set, and who has some already."""
    scopes = work.actor.scopes_of("sales.target.create")
    found = people(work, "sales.target.create") if may else []
    rows = [Row(("person", each.id), each.name, each.team_id) for each in found]
    mine = set(work.actor.tree_ids if "team_tree" in scopes else work.actor.team_ids)
    teams = team_options(work) if may and scopes & {"all", "team", "team_tree"} else []
    rows += [Row(("team", i), name, i) for i, name in teams if "all" in scopes or i in mine]
    rows += [Row(COMPANY, "", None)] if "all" in scopes else []
    return rows + _others(work, {who for who, _ in held} - {row.who for row in rows})


def _others(work: UnitOfWork, left: set[Who]) -> list[Row]:
    names = {
        kind: records.titles(work, entity, {i for sort, i in left if sort == kind})
        for kind, entity in (("person", "core.user"), ("team", "core.team"))
    }
    return [Row(who, names[who[0]].get(who[1], f"#{who[1]}"), None) for who in sorted(left)]


def _read(call: Call, work: UnitOfWork, grid: Grid) -> tuple[dict[tuple[Row, Period], Decimal | None], Wrong]:
    """Return what the cells say that differs from what is kept, and what is wrong with cells by their name."""
    given: dict[tuple[Row, Period], Decimal | None] = {}
    wrong: Wrong = {}
    for row in grid.rows:
        for place, part in enumerate(grid.parts):
            text = call.form.get(grid.name(row, place))
            if text is None:
                continue
            try:
                value = AMOUNT.parse(text, work.parse_context())
            except ValueError:
                value = Decimal(-1)
            if value is not None and value < 0:
                sentence = "{value} is no target. Write a number, or leave it empty."
                wrong[grid.name(row, place)] = say(call.locale, sentence, value=text)
            elif value != getattr(grid.held.get((row.who, part.start)), "value", None):
                given[row, part] = value
    return given, wrong


def _write(work: UnitOfWork, grid: Grid, given: Mapping[tuple[Row, Period], Decimal | None]) -> None:
    new, changed, gone = [], {}, []
    for (row, part), value in given.items():
        kept = grid.held.get((row.who, part.start))
        if kept is None:
            new.append(_values(grid, row, part, value))
        elif value is None:
            gone.append(kept.id)
        else:
            changed[kept.id] = {"value": value}
    if new:
        records.create_many(work, "sales.target", new)
    if changed:
        records.update_many(work, "sales.target", changed)
    if gone:
        records.delete_many(work, "sales.target", gone)


def _values(grid: Grid, row: Row, part: Period, value: Decimal | None) -> dict[str, Any]:
    return {
        "owner_id": row.who[1] if row.who[0] == "person" else None,
        "team_id": row.team_id,
        "period": part.kind,
        "starts_on": part.start,
        "measure": grid.measure,
        "value": value,
    }


def _page(
    call: Call, grid: Grid, work: UnitOfWork, typed: Mapping[str, str], wrong: Mapping[str, str]
) -> dict[str, Any]:
    locale, kind = call.locale, grid.parts[0].kind
    return {
        "title": title_of(grid.year, locale),
        "action": _url(grid.year, kind, grid.measure),
        "before": _url(grid.year.shifted(-1), kind, grid.measure),
        "after": _url(grid.year.shifted(1), kind, grid.measure),
        "kinds": [
            (say(locale, each.label), _url(grid.year, each.value, grid.measure), each.value == kind)
            for each in PERIODS
        ],
        "measures": [
            (say(locale, each.label), _url(grid.year, kind, each.value), each.value == grid.measure)
            for each in MEASURES
        ],
        "heads": [_head(part, locale) for part in grid.parts],
        "rows": [_shown(grid, row, locale, typed) for row in grid.rows],
        "sums": [
            _number(total(_value(grid, row, part) for row in grid.rows if row.who[0] == "person"), locale)
            for part in grid.parts
        ],
        "wrong": wrong,
        "may": grid.may,
        "unit": work.settings.currency if grid.measure == "won_amount" else "",
        "say": lambda msgid, **given: say(locale, msgid, **given),
    }


def _head(part: Period, locale: str) -> str:
    """Return what stands above a column: the year stands above them all."""
    return (
        format_skeleton("MMM", part.start, locale=locale) if part.kind == "month" else title_of(part, locale)
    )


def _shown(grid: Grid, row: Row, locale: str, typed: Mapping[str, str]) -> dict[str, Any]:
    values = [_value(grid, row, part) for part in grid.parts]
    names = [grid.name(row, place) for place in range(len(grid.parts))]
    return {
        "name": say(locale, "Whole company") if row.who == COMPANY else row.name,
        "icon": {"team": "users", "company": "building-2"}.get(row.who[0], ""),
        "cells": [
            (name, typed.get(name, _plain(value)), head)
            for name, value, head in zip(
                names, values, [title_of(part, locale) for part in grid.parts], strict=True
            )
        ],
        "total": _number(total(values), locale),
    }


def _value(grid: Grid, row: Row, part: Period) -> Decimal | None:
    found: Decimal | None = getattr(grid.held.get((row.who, part.start)), "value", None)
    return found


def _plain(value: Decimal | None) -> str:
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: Decimal | None, locale: str) -> str:
    return "" if value is None else format_decimal(value, locale=locale)


def _url(year: Period, kind: str, measure: str) -> str:
    given = {"start": year.start.isoformat(), "period": kind, "measure": measure}
    return f"{PATH}?{urlencode(given)}"


ROUTES = (
    page("/targets", show_targets, permission="sales.target.read"),
    page("/targets", save_targets, permission="sales.target.create", methods=("POST",)),
)
