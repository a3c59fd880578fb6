"""What somebody may see and do beyond the own roles' scopes: shared records, and those of whom one stands in for.

Neither gives a verb that no role gives: they widen on which records the verbs hold that somebody has. Whoever was
lent nothing pays nothing: what there is comes with the actor (``loading.py``), and no term is made of nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.access.term import NONE, Term
from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import field
from crmframe.core.entities.kinds import Reference
from crmframe.core.entities.maintained import Checked, Derived
from crmframe.core.errors import Problem
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.types import Id

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

RIGHTS = (Choice("read", "May read", "blue"), Choice("write", "May read and change", "green"))
# A share lets somebody look or work along; the record stays its owner's to delete and to give away.
KEPT = frozenset({"create", "delete", "assign"})
ACTOR, TEAMS, TODAY = "policy_actor", "policy_teams", "policy_today"


class Share(Base):  # type: ignore[misc]
    """A record that a person or a team sees although no scope of theirs reaches it.

    Attributes:
        entity: Of the record; follows from ``about`` as ``record_id`` does, for the index that lists ask.
        until: The last day; empty is for good.
    """

    __title__ = "about"
    __icon__ = "users"
    __in_menu__ = False
    __access_through__ = ("about",)
    __bumps_epoch__ = True
    __sort__ = "part"
    __list__ = ("about", "user_id", "team_id", "right", "until")
    __indexes__ = (
        sa.Index("ix_core_shares_of_user", "user_id", "entity", "record_id"),
        sa.Index("ix_core_shares_of_team", "team_id", "entity", "record_id"),
    )

    about: Mapped[str] = field(kinds.AnyReference(on_delete="cascade"), "Record", required=True)
    user_id: Mapped[int | None] = field(kinds.Reference("core.user", on_delete="cascade"), "Person")
    team_id: Mapped[int | None] = field(kinds.Reference("core.team", on_delete="cascade"), "Team")
    right: Mapped[str] = field(kinds.Choices(*RIGHTS), required=True, default="read")
    until: Mapped[date | None] = field(kinds.Date(), "Until")
    entity: Mapped[str | None] = field(kinds.Text(80), "Record type", system=True)
    record_id: Mapped[int | None] = field(kinds.Integer(min=0), "Record number", system=True)


class Absence(Base):  # type: ignore[misc]
    """Days on which somebody is away, and who stands in: the deputy sees and does what is the absent one's."""

    __title__ = "note"
    __icon__ = "calendar"
    __group__ = "administration"
    __holder__ = "user_id"
    __bumps_epoch__ = True
    __sort__ = "absence"
    __order__ = ("-starts_on",)
    __list__ = ("user_id", "starts_on", "ends_on", "deputy_id", "note")

    user_id: Mapped[int] = field(
        kinds.Reference("core.user", on_delete="cascade"),
        "User",
        required=True,
        default=lambda work: work.actor.id,
    )
    starts_on: Mapped[date] = field(kinds.Date(), "From", required=True, index=True)
    ends_on: Mapped[date] = field(kinds.Date(), "Until", required=True, index=True)
    deputy_id: Mapped[int | None] = field(kinds.Reference("core.user", on_delete="clear"), "Deputy")
    note: Mapped[str | None] = field(kinds.Text(200))


ENTITIES = (Share, Absence)


def _entity_of(values: Mapping[str, Any], region: str) -> str | None:
    return (values.get("about") or "").partition(":")[0] or None


def _number_of(values: Mapping[str, Any], region: str) -> int | None:
    number = (values.get("about") or "").partition(":")[2]
    return int(number) if number else None


DERIVED = (
    Derived("core.share", "entity", ("about",), _entity_of),
    Derived("core.share", "record_id", ("about",), _number_of),
)


def _absence_problems(
    work: Any, given: Sequence[Mapping[str, Any]], complete: Sequence[Mapping[str, Any]], ids: Sequence[Any]
) -> list[Problem]:
    template = "The last day lies before the first. Exchange them."
    return [
        Problem("ends_on", "before_start", template, {}, row)
        for row, values in enumerate(complete)
        if values.get("starts_on") and values.get("ends_on") and values["ends_on"] < values["starts_on"]
    ]


CHECKED = (Checked("core.absence", _absence_problems),)


# --- terms --------------------------------------------------------------------------------------------


def shared(work: UnitOfWork, entity: Entity, asked: str) -> Term:
    """Return which records of *entity* are shared with the actor for *asked*, the permission's verb.

    What hangs on a shared record by ``access_through`` and has owners of its own follows it: a customer's contacts.
    """
    if not work.actor.lent or not entity.is_owned or asked in KEPT:
        return NONE
    wanted = "read" if asked == "read" else "write"
    term = _shared(work, entity.name, wanted, "id")
    for name in entity.access_through:
        kind = entity.fields[name].kind
        if isinstance(kind, Reference):
            term |= _shared(work, kind.entity, wanted, name)
    return term


def _shared(work: UnitOfWork, target: str, wanted: str, column: str) -> Term:
    held = work.actor.lent.get(target, frozenset())
    if not held or (wanted == "write" and wanted not in held):
        return NONE
    has_teams = bool(work.actor.team_ids)
    values: dict[str, Any] = {ACTOR: work.actor.id, TODAY: work.today}
    if has_teams:
        values[TEAMS] = list(work.actor.team_ids)
    table: Any = Share.__table__

    def build(frm: Any) -> sa.ColumnElement[bool]:
        share = table.alias()
        who = share.c.user_id == sa.bindparam(ACTOR, type_=Id())
        if has_teams:
            who = sa.or_(who, in_set(share.c.team_id, TEAMS))
        lasts = sa.or_(share.c.until.is_(None), share.c.until >= sa.bindparam(TODAY, type_=sa.Date()))
        chosen = sa.select(share.c.record_id).where(who, share.c.entity == target, lasts)
        if wanted == "write":
            chosen = chosen.where(share.c.right == "write")
        return frm.c[column].in_(chosen)  # type: ignore[no-any-return]

    return Term(f"shared:{target}.{column}:{wanted}:{has_teams}", build, values)


def absent_ids(work: UnitOfWork) -> list[int]:
    """Return whom the actor stands in for today."""
    today = work.today
    return sorted({each.user_id for each in work.actor.stands_in if each.starts_on <= today <= each.ends_on})


def note_standing_in(work: UnitOfWork, holders: Collection[Any]) -> None:
    """Let the journal say for whom the actor writes what is another's, unless a reason is given already."""
    absent = [each for each in absent_ids(work) if each in holders]
    if not absent or work.journal.reason:
        return
    user = work.registry.entity("core.user").table
    names = work.connection.scalars(sa.select(user.c.name).where(user.c.id.in_(absent)).order_by(user.c.id))
    work.journal.reason = f"deputy of {', '.join(names)}"
