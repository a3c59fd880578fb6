"""The forecast: what was won, what probably will be, what the owners commit to, against the targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from crmframe.api import UnitOfWork, records
from crmframe_sales.forecast.periods import Period
from crmframe_sales.forecast.rates import Rates
from crmframe_sales.forecast.sums import BEFORE, UNDATED, Cell, Sums, open_cells, won_cells
from crmframe_sales.forecast.targets import COMPANY, Targets, targets, targets_below, total


@dataclass(frozen=True, slots=True)
class Line:
    """A person, a team or a month.

    Attributes:
        key: The user's or team's id, or the place of the month in the period; None for deals without an owner or team.
        depth: How many teams a team stands below.
    """

    key: int | None
    name: str
    sums: Sums
    target: Decimal | None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """A period's forecast in the workspace's currency.

    Attributes:
        undated: Open deals without an expected close; they are in no sum.
        overdue: Open deals whose expected close lies before the period; they are in no sum either.
        missing: Currency to the number of deals left out because no rate is known.
    """

    period: Period
    currency: str
    total: Line
    owners: list[Line]
    teams: list[Line]
    months: list[Line]
    undated: Sums
    overdue: Sums
    missing: Mapping[str, int]


def forecast(work: UnitOfWork, period: Period, team_id: int | None = None) -> Forecast:
    """Return the forecast over the deals that the actor may see, of a team and those below it when one is given.

    Eight statements, whatever the number of deals. An open deal counts in the period in which it is expected to
    close, a won one in the period in which it was won.
    """
    rates = Rates(work)
    below = targets_below(work)
    goals = targets(work, period, "won_amount", rates)
    wanted = None if team_id is None else subtree(team_id, below)
    cells = [*won_cells(work, period, rates), *open_cells(work, period, rates)]
    cells = [cell for cell in cells if wanted is None or cell.team_id in wanted]
    inside = [cell for cell in cells if cell.month >= 0]
    scope = _Scope(work, period, goals, below, wanted)
    return Forecast(
        period=period,
        currency=rates.base,
        total=Line(None, "", added(inside), scope.target()),
        owners=scope.owners(inside),
        teams=scope.teams(inside),
        months=scope.months(inside),
        undated=added(cell for cell in cells if cell.month == UNDATED),
        overdue=added(cell for cell in cells if cell.month == BEFORE),
        missing=dict(sorted((rates.missing).items())),
    )


def added(cells: Iterable[Cell]) -> Sums:
    """Return what cells come to together."""
    found = Sums()
    for cell in cells:
        found.add(cell.sums)
    return found


def subtree(team_id: int, below: Mapping[int, list[int]]) -> set[int]:
    """Return a team and all teams below it."""
    return {team_id}.union(*(subtree(each, below) for each in below.get(team_id, ())))


class _Scope:
    """The lines of a forecast over some teams, or over all."""

    def __init__(
        self,
        work: UnitOfWork,
        period: Period,
        goals: Targets,
        below: Mapping[int, list[int]],
        wanted: set[int] | None,
    ) -> None:
        self.work, self.period, self.goals, self.below, self.wanted = work, period, goals, below, wanted

    def owners(self, cells: Iterable[Cell]) -> list[Line]:
        """Return a line for each person who has deals or a target, whoever brings most first."""
        by_owner: dict[int | None, Sums] = defaultdict(Sums)
        for cell in cells:
            by_owner[cell.owner_id].add(cell.sums)
        for person, team in self.goals.teams.items():
            if self.wanted is None or team in self.wanted:
                by_owner.setdefault(person, Sums())
        names = records.titles(self.work, "core.user", [i for i in by_owner if i is not None])
        lines = [
            Line(
                key,
                _name(names, key),
                sums,
                None if key is None else self.goals.of(("person", key), self.period),
            )
            for key, sums in by_owner.items()
        ]
        lines = [line for line in lines if line.sums != Sums() or line.target is not None]
        return sorted(lines, key=lambda line: (-line.sums.expected, line.name))

    def teams(self, cells: Iterable[Cell]) -> list[Line]:
        """Return a line for each team with what it and the teams below it have, in the order of the tree."""
        by_team: dict[int | None, Sums] = defaultdict(Sums)
        for cell in cells:
            by_team[cell.team_id].add(cell.sums)
        held = {i for i in by_team if i is not None} | self._teams_with_targets()
        parents = {child: parent for parent, children in self.below.items() for child in children}
        shown = {up for team in held for up in self._way_up(team, parents)}
        names = records.titles(self.work, "core.team", shown)
        lines: list[Line] = []
        for root in sorted((t for t in shown if parents.get(t) not in shown), key=lambda t: _name(names, t)):
            lines += self._branch(root, 0, shown, by_team, names)
        if None in by_team:
            lines.append(Line(None, "", by_team[None], None))
        return lines

    def months(self, cells: Iterable[Cell]) -> list[Line]:
        """Return a line for each month of the period."""
        by_month: dict[int, Sums] = defaultdict(Sums)
        for cell in cells:
            by_month[cell.month].add(cell.sums)
        parts = self.period.parts("month")
        return [
            Line(place, part.start.isoformat(), by_month[place], self.target(part))
            for place, part in enumerate(parts)
        ]

    def target(self, period: Period | None = None) -> Decimal | None:
        """Return the target of everybody: the company's, or that of the topmost teams and of persons in none."""
        asked = period or self.period
        whole = self.goals.of(COMPANY, asked) if self.wanted is None else None
        if whole is not None:
            return whole
        known = self._teams_with_targets()
        tops = known - {t for team in known for t in subtree(team, self.below) - {team}}
        alone = [p for p, team in self.goals.teams.items() if team is None and self.wanted is None]
        return total(
            [
                *(self.goals.of_team(team, self.below, asked) for team in tops),
                *(self.goals.of(("person", person), asked) for person in alone),
            ]
        )

    def _teams_with_targets(self) -> set[int]:
        own = {who[1] for who, *_ in self.goals.values if who[0] == "team"}
        known = own | {team for team in self.goals.teams.values() if team is not None}
        return known if self.wanted is None else known & self.wanted

    def _way_up(self, team: int, parents: Mapping[int, int]) -> Iterable[int]:
        at: int | None = team
        while at is not None and (self.wanted is None or at in self.wanted):
            yield at
            at = parents.get(at)

    def _branch(
        self,
        team: int,
        depth: int,
        shown: set[int],
        by_team: Mapping[int | None, Sums],
        names: Mapping[int, str],
    ) -> list[Line]:
        sums = Sums()
        for each in subtree(team, self.below):
            if each in by_team:
                sums.add(by_team[each])
        target = self.goals.of_team(team, self.below, self.period)
        lines = [Line(team, _name(names, team), sums, target, depth)]
        for child in sorted(
            (c for c in self.below.get(team, ()) if c in shown), key=lambda t: _name(names, t)
        ):
            lines += self._branch(child, depth + 1, shown, by_team, names)
        return lines


def _name(names: Mapping[int, str], key: int | None) -> str:
    return "" if key is None else names.get(key, f"#{key}")
