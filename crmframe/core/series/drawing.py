"""Drawing numbers: no number twice, and none left out where that is promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.contributions import NumberSeries
from crmframe.core.entities.kinds_base import shown
from crmframe.core.entities.maintained import Checked
from crmframe.core.errors import NotFound, Problem
from crmframe.core.series import models
from crmframe.core.series.models import counter
from crmframe.core.series.patterns import filled, period, wrong_with
from crmframe.core.work import UnitOfWork

ENTITY = "core.number_series"
FIRST = 1
_table: Any = models.NumberSeries.__table__
_STORED = sa.select(_table).where(_table.c.key == sa.bindparam("series"))


def draw(work: UnitOfWork, key: str) -> str:
    """Take the next number of a series and return it as it is written.

    Of a gapless series it is taken in this transaction: a rollback gives it back, and others who draw wait until the end.
    Draw late, and of several series always in the same order. An undo never gives a number back.

    Raises:
        NotFound: No plugin that is on declares the series.
        Contended: The number could not be had in time.
    """
    declared = declared_series(work).get(key)
    if declared is None:
        raise NotFound(entity="number series", id=key)
    stored = work.rows(_STORED, {"series": key})
    series: Any = stored[0] if stored else declared
    first = stored[0].first_number if stored else FIRST
    fiscal, day = work.setting("core.fiscal_year_start"), work.today
    taken = {"series": key, "period": period(series.resets, day, fiscal), "first": first}
    if series.gapless:
        number = _take(work.connection, taken)
    else:
        with work.database.aside(work.connection) as beside:
            number = _take(beside, taken)
    return filled(series.pattern, day, number, fiscal)


def _take(connection: sa.Connection, taken: Mapping[str, Any]) -> int:
    # One statement: it inserts or it locks the row, and whoever comes second sees what the first one left.
    return int(connection.execute(_TAKE, taken).scalar_one()) - 1


_TAKE = sa.text(
    "INSERT INTO core_number_counters (series, period, next_number) VALUES (:series, :period, :first + 1)"
    " ON CONFLICT (series, period) DO UPDATE SET next_number = 1 +"
    " CASE WHEN core_number_counters.next_number < :first THEN :first ELSE core_number_counters.next_number END"
    " RETURNING next_number"
).bindparams(sa.bindparam("first", type_=counter.c.next_number.type))


def declared_series(work: UnitOfWork) -> Mapping[str, NumberSeries]:
    """Return what is declared, by key, in the order of the plugins."""
    return {each.key: each for _, found in work.hooks.collect("number_series") for each in found}


def problems(
    work: UnitOfWork,
    given: Sequence[Mapping[str, Any]],
    complete: Sequence[Mapping[str, Any]],
    ids: Sequence[int | None],
) -> list[Problem]:
    """Return what is wrong with series that are about to be written; those of plugins that are off may wait."""
    found = []
    for position, row in enumerate(complete):
        pattern = row.get("pattern") or ""
        wrong = wrong_with(pattern, row.get("resets") or "never")
        if wrong:
            data = {"field": "Pattern", "value": shown(pattern)}
            data |= {"example": "Q-{year}-{number:05}", "number": "{number}"}
            found.append(Problem("pattern", "invalid_pattern", wrong, data, position))
    return found


CHECKED = (Checked(ENTITY, problems),)
