"""How many leads became customers: by source, campaign or owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.api import InvalidInput, Problem, UnitOfWork, records

GROUPS = {"source": "source", "campaign": "utm_campaign", "owner": "owner_id"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """Leads of one source, campaign or owner.

    Attributes:
        key: The source, the campaign, or the owner's id; None where the lead says nothing.
        name: The key as people call it; empty for None.
        converted: Of those leads, however long it took.
        ratio: 0..1, None without leads.
    """

    key: str | int | None
    name: str
    leads: int
    converted: int

    @property
    def ratio(self) -> float | None:
        """Return the share of leads that were converted."""
        return self.converted / self.leads if self.leads else None


def conversion(
    work: UnitOfWork, by: str = "source", since: date | None = None, until: date | None = None
) -> list[Conversion]:
    """Count the leads that the actor may see and those that were converted; the most leads first.

    Args:
        by: source, campaign or owner.
        since: First day on which they were received, in the workspace's zone; ``until`` the last one.

    Raises:
        InvalidInput: There is no such group.
    """
    if by not in GROUPS:
        template = "A group is source, campaign or owner, not {value}."
        raise InvalidInput([Problem("by", "unknown_group", template, {"value": by}, domain="sales")])
    lead: Any = records.visible(work, "sales.lead")
    key = lead.c[GROUPS[by]]
    number = sa.func.count()
    statement = sa.select(key, number, sa.func.count(lead.c.converted_at)).group_by(key)
    values = {}
    if since is not None:
        statement = statement.where(lead.c.received_at >= _bound("since", lead))
        values["since"] = _start(work, since)
    if until is not None:
        statement = statement.where(lead.c.received_at < _bound("until", lead))
        values["until"] = _start(work, until + timedelta(days=1))
    rows = work.rows(statement.order_by(number.desc(), key), values)
    names = _names(work, by, [row[0] for row in rows])
    return [Conversion(row[0], names.get(row[0], ""), row[1], row[2]) for row in rows]


def _bound(name: str, lead: Any) -> Any:
    return sa.bindparam(name, type_=lead.c.received_at.type)


def _start(work: UnitOfWork, day: date) -> datetime:
    return datetime.combine(day, time(), work.settings.zone)


def _names(work: UnitOfWork, by: str, keys: list[Any]) -> dict[Any, str]:
    known = [key for key in keys if key is not None]
    if by == "owner":
        return records.titles(work, "core.user", known)
    return {key: str(key) for key in known}
