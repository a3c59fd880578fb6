"""What is to be reached: targets of persons and teams, and how those of months add up to longer periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.api import Change, UnitOfWork, Veto, records
from crmframe_sales.forecast.models import Target
from crmframe_sales.forecast.periods import Period
from crmframe_sales.forecast.rates import Rates

NEXT = {"year": "quarter", "quarter": "month"}
Who = tuple[str, int]
"""``("person", 7)``, ``("team", 3)`` or ``COMPANY``."""
COMPANY: Who = ("company", 0)


@dataclass(slots=True)
class Targets:
    """The targets of one measure that the actor may see, in the workspace's currency.

    Attributes:
        teams: The team of each person, as the targets name it.
    """

    values: dict[tuple[Who, str, date], Decimal] = field(default_factory=dict)
    teams: dict[int, int | None] = field(default_factory=dict)

    def of(self, who: Who, period: Period) -> Decimal | None:
        """Return a target for a period: its own, or else what those of the shorter periods in it add up to."""
        own = self.values.get((who, period.kind, period.start))
        if own is not None or period.kind not in NEXT:
            return own
        return total(self.of(who, part) for part in period.parts(NEXT[period.kind]))

    def of_team(self, team_id: int, below: Mapping[int, list[int]], period: Period) -> Decimal | None:
        """Return a team's target: its own, or else what those of its people and of the teams below add up to."""
        own = self.of(("team", team_id), period)
        if own is not None:
            return own
        people = (self.of(("person", p), period) for p, team in self.teams.items() if team == team_id)
        teams = (self.of_team(each, below, period) for each in below.get(team_id, ()))
        return total([*people, *teams])


def total(values: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of what there is; None when there is nothing."""
    given = [value for value in values if value is not None]
    return sum(given, Decimal(0)) if given else None


def targets(work: UnitOfWork, period: Period, measure: str, rates: Rates) -> Targets:
    """Return the targets for a period and the shorter ones in it: one statement."""
    table = records.visible(work, "sales.target")
    wanted = sa.select(table).where(
        table.c.measure == measure, table.c.starts_on >= period.start, table.c.starts_on < period.end
    )
    found = Targets()
    for row in work.rows(wanted):
        if row.value is None:
            continue
        found.values[who_of(row), row.period, row.starts_on] = _value(row, measure, rates, work.today)
        if row.owner_id is not None:
            found.teams[row.owner_id] = row.team_id
    return found


def who_of(target: Any) -> Who:
    """Return for whom a target is."""
    if target.owner_id is not None:
        return "person", target.owner_id
    return COMPANY if target.team_id is None else ("team", target.team_id)


def _value(row: Any, measure: str, rates: Rates, today: date) -> Decimal:
    value: Decimal = row.value
    return rates.in_base(int(value * 10_000), row.currency, today, 0) if measure == "won_amount" else value


def targets_below(work: UnitOfWork) -> dict[int, list[int]]:
    """Return the teams directly below each team."""
    team = work.registry.entity("core.team").table
    below: dict[int, list[int]] = defaultdict(list)
    for row in work.rows(sa.select(team.c.id, team.c.parent_id).order_by(team.c.id)):
        if row.parent_id is not None:
            below[row.parent_id].append(row.id)
    return below


def is_taken(work: UnitOfWork, values: Mapping[str, Any], but: int | None) -> bool:
    """Return whether a person or team has another target of this measure for the same period."""
    table = Target.__table__
    same = [table.c[name] == values[name] for name in ("period", "starts_on", "measure")]
    owner = values.get("owner_id")
    who = (
        table.c.owner_id == owner
        if owner
        else sa.and_(table.c.owner_id.is_(None), table.c.team_id == values.get("team_id"))
    )
    found = work.rows(sa.select(table.c.id).where(who, *same).limit(2))
    return any(row.id != but for row in found)


def refuse_double(change: Change) -> None:
    """Refuse a second target of a person, a team or the company for the same period and measure."""
    if change.entity.name != "sales.target":
        return
    ids: Sequence[int | None] = change.ids or [None] * len(change.after)
    seen: set[tuple[Any, ...]] = set()
    for record_id, after in zip(ids, change.after, strict=True):
        values = {**(change.before[record_id] if record_id is not None else {}), **after}
        who = values.get("owner_id") or f"team {values.get('team_id')}"
        key = (who, values["period"], values["starts_on"], values["measure"])
        if key in seen or is_taken(change.work, values, record_id):
            raise Veto(
                "There is a target for this period already, which begins on {day}. Change that one.",
                field="starts_on",
                day=values["starts_on"],
            )
        seen.add(key)
