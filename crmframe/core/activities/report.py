"""What people did in a stretch of days, made from their follow-ups: the daily and the weekly report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.types import Id, Instant
from crmframe.core.work import UnitOfWork

MOST = 2000
SOURCES = ("core.activity", "core.task")


@dataclass(slots=True)
class Share:
    """What one person did.

    Attributes:
        kinds: How often which kind of activity.
        touched: The records that the activities are about, such as ``core.customer:7``.
        activities: Rows with at, kind, about and text; ``done`` and ``planned`` with at, about and text.
    """

    user_id: int
    kinds: Counter[str] = field(default_factory=Counter)
    touched: set[str] = field(default_factory=set)
    activities: list[Any] = field(default_factory=list)
    done: list[Any] = field(default_factory=list)
    planned: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """A report; ``is_cut`` tells that there was more than it holds."""

    first: date
    last: date
    shares: Sequence[Share]
    is_cut: bool


def follow_ups(work: UnitOfWork, first: date, days: int, users: Iterable[int] | None) -> Report:
    """Return what people did from *first* on, as far as the actor may see it: one statement.

    Args:
        users: Whose; None takes everybody's.
    """
    zone = work.settings.zone
    values: dict[str, Any] = {
        "from": datetime.combine(first, time(), zone),
        "to": datetime.combine(first + timedelta(days=days), time(), zone),
        "most": MOST,
    }
    chosen = None if users is None else sorted(set(users))
    if chosen is not None:
        values["users"] = chosen
    visible = [records.visible(work, name) for name in SOURCES]
    statement = work.kept(
        "core.report", lambda: _statement(*visible, chosen=chosen is not None), *visible, chosen is None
    )
    shares: dict[int, Share] = {user: Share(user) for user in chosen or ()}
    rows = sorted(work.rows(statement, values), key=lambda row: (row.at is None, row.at, row.id))
    for row in rows:
        _add(shares.setdefault(row.by_id, Share(row.by_id)), row)
    cut = max(Counter(row.part for row in rows).values(), default=0) >= MOST
    return Report(first, first + timedelta(days=days - 1), list(shares.values()), cut)


def _add(share: Share, row: Any) -> None:
    if row.part == "activity":
        share.activities.append(row)
        share.kinds[row.kind] += 1
        if row.about:
            share.touched.add(row.about)
    else:
        (share.done if row.part == "done" else share.planned).append(row)


def _statement(activities: sa.Subquery, tasks: sa.Subquery, *, chosen: bool) -> Any:
    a, t = activities.c, tasks.c
    none = sa.cast(sa.null(), sa.String)
    parts = (
        _part("activity", a, a.by_id, a.at, (a.at, a.kind, a.text), chosen),
        _part("done", t, t.assignee_id, t.done_at, (t.done_at, none, t.title), chosen),
        _part("planned", t, t.created_by, t.created_at, (t.due_at, none, t.title), chosen).where(
            t.done_at.is_(None)
        ),
    )
    return sa.union_all(*(sa.select(part.subquery()) for part in parts))


def _part(name: str, c: Any, person: Any, moment: Any, columns: Sequence[Any], chosen: bool) -> Any:
    at, kind, text = columns
    first, last = (sa.bindparam(each, type_=Instant()) for each in ("from", "to"))
    part = sa.select(
        sa.literal_column(f"'{name}'", sa.String).label("part"),
        c.id,
        sa.type_coerce(person, Id()).label("by_id"),
        at.label("at"),
        kind.label("kind"),
        c.about.label("about"),
        sa.cast(text, sa.Text).label("text"),
    )
    part = part.where(person.is_not(None), moment >= first, moment < last)
    if chosen:
        part = part.where(in_set(person, "users"))
    return part.order_by(moment, c.id).limit(sa.bindparam("most", type_=sa.Integer))


def members_of(work: UnitOfWork, team_id: int) -> list[int]:
    """Return the users of a team that the actor may see."""
    if not work.actor.may("core.team.read"):
        return []
    team = records.visible(work, "core.team").c
    table = work.registry.entity("core.membership").table
    joined = sa.select(table.c.user_id).where(table.c.team_id == team.id, team.id == team_id)
    return [row.user_id for row in work.rows(joined)]


# --- the first page -----------------------------------------------------------------------------------


def my_day(work: UnitOfWork, shown: int) -> Mapping[str, Any]:
    """Return the actor's open tasks that are late or due today: the first of them, and how many (at most a hundred)."""
    table = records.visible(work, "core.task")
    t = table.c
    today = datetime.combine(work.today, time(), work.settings.zone)
    due = sa.select(t.id, t.title, t.about, t.due_at).where(
        t.assignee_id == sa.bindparam("me", type_=Id()),
        t.done_at.is_(None),
        t.due_at < sa.bindparam("tomorrow", type_=Instant()),
        t.title.is_not(None),
    )
    statement = work.kept("core.my_day", lambda: due.order_by(t.due_at, t.id).limit(100), table)
    rows = work.rows(statement, {"me": work.actor.id, "tomorrow": today + timedelta(days=1)})
    late = sum(row.due_at < today for row in rows)
    return {"rows": rows[:shown], "late": late, "today": len(rows) - late, "most": len(rows) == 100}


def my_customers(work: UnitOfWork, days: int) -> Mapping[str, int]:
    """Return how many of the actor's customers are to be followed up, quiet for *days*, and new this week; capped."""
    table = records.visible(work, "core.customer")
    c = table.c
    today = datetime.combine(work.today, time(), work.settings.zone)
    week = datetime.combine(work.week_start(work.today), time(), work.settings.zone)
    values = {"me": work.actor.id, "tomorrow": today + timedelta(days=1), "week": week}
    values["quiet"] = today - timedelta(days=days)

    def build() -> Any:
        tests = {
            "follow": c.next_step_at < sa.bindparam("tomorrow", type_=Instant()),
            "quiet": c.last_activity_at < sa.bindparam("quiet", type_=Instant()),
            "new": c.created_at >= sa.bindparam("week", type_=Instant()),
        }
        mine = sa.and_(c.owner_id == sa.bindparam("me", type_=Id()), c.archived_at.is_(None))
        counts = [_counted(sa.select(c.id).where(mine, test)).label(name) for name, test in tests.items()]
        return sa.select(*counts)

    [row] = work.rows(work.kept("core.my_customers", build, table), values)
    return {"follow": row.follow, "quiet": row.quiet, "new": row.new}


def _counted(chosen: Any) -> sa.ScalarSelect[int]:
    few = chosen.limit(sa.literal_column("1000")).subquery()
    return sa.select(sa.func.count()).select_from(few).scalar_subquery()
