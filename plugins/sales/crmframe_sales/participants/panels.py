"""The panels of a deal's page: who decides, and who else wants to sell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.api import Change, Choice, UnitOfWork, ViewContext, records
from crmframe_sales import say
from crmframe_sales.participants.models import ATTITUDES, POSITIONS, ROLES, THREATS, DealContact

OFFERED = 200
CONTACT, COMPETITOR = "sales.deal_contact", "sales.deal_competitor"
STAMPS = ("created_at", "created_by", "updated_at", "updated_by")
DEAL = sa.bindparam("sales_deal", type_=sa.BigInteger)
CUSTOMER = sa.bindparam("sales_customer", type_=sa.BigInteger)


def contacts_of_deal(context: ViewContext) -> Mapping[str, Any] | None:
    """Return the people of a deal with their roles, and a form for one more."""
    assert context.record is not None
    work, deal = context.work, context.record
    may_add = work.actor.may(f"{CONTACT}.create")
    rows, others = _people(work, deal, offers=may_add)
    return {
        **_common(context),
        "rows": [
            {
                "name": row.name,
                "url": f"/contacts/{row.contact_id}",
                "edit": _edit(row.id, "deal-contacts", deal),
                "pills": [
                    _pill(context.locale, ROLES, row.role),
                    _pill(context.locale, ATTITUDES, row.attitude),
                ],
                "is_primary": row.is_primary,
                "note": row.note or "",
            }
            for row in rows
        ],
        "offered": [(row.other_id, row.name) for row in others],
        "roles": _options(context.locale, ROLES, "user"),
        "attitudes": _options(context.locale, ATTITUDES, "unknown"),
        "may_add": may_add,
        "has_customer": deal.get("customer_id") is not None,
    }


def competitors_of_deal(context: ViewContext) -> Mapping[str, Any] | None:
    """Return who else wants to win the deal, and a form for one more."""
    assert context.record is not None
    work, deal = context.work, context.record
    may_add = work.actor.may(f"{COMPETITOR}.create")
    rows, others = _rivals(work, deal)
    return {
        **_common(context),
        "rows": [
            {
                "name": row.name,
                "url": f"/competitors/{row.competitor_id}",
                "edit": _edit(row.id, "deal-competitors", deal),
                "pills": [
                    _pill(context.locale, THREATS, row.threat),
                    _pill(context.locale, POSITIONS, row.standing),
                ],
                "price": row.price,
                "note": row.note or "",
                "won": row.competitor_id == deal.get("lost_to_id"),
            }
            for row in rows
        ],
        "currency": deal.get("currency") or "",
        "offered": [(row.other_id, row.name) for row in others] if may_add else [],
        "threats": _options(context.locale, THREATS, "medium"),
        "standings": _options(context.locale, POSITIONS, "unknown"),
        "may_add": may_add,
        "new": f"/competitors/new?back=/deals/{deal['id']}"
        if work.actor.may("sales.competitor.create")
        else "",
    }


def keep_one_primary(change: Change) -> None:
    """Take the mark from whoever was primary when somebody else of the deal gets it."""
    if change.entity.name != CONTACT:
        return
    deals = _deals_with_new_primary(change)
    if not deals:
        return
    table = DealContact.__table__
    marked = sa.select(table.c.id).where(table.c.deal_id.in_(deals), table.c.is_primary)
    others = [row.id for row in change.work.rows(marked) if row.id not in set(change.ids)]
    if others:
        records.update_many(change.work, CONTACT, {i: {"is_primary": False} for i in others})


def _deals_with_new_primary(change: Change) -> list[int]:
    if not change.ids:
        return [row["deal_id"] for row in change.after if row["is_primary"]]
    pairs = zip(change.ids, change.after, strict=True)
    return [
        after.get("deal_id", change.before[record_id]["deal_id"])
        for record_id, after in pairs
        if after.get("is_primary")
    ]


def _people(work: UnitOfWork, deal: Mapping[str, Any], *, offers: bool) -> tuple[list[Any], list[Any]]:
    """Return the people of a deal, and those of its customer who could be added: one statement."""
    link, person = records.visible(work, CONTACT), records.visible(work, "core.contact")

    def build() -> sa.Select[Any]:
        mine = sa.select(link.c.contact_id).where(link.c.deal_id == DEAL)
        colleague = sa.and_(person.c.customer_id == CUSTOMER, person.c.archived_at.is_(None))
        return (
            sa.select(*_of_link(link), person.c.id.label("other_id"), person.c.name)
            .outerjoin_from(person, link, sa.and_(link.c.contact_id == person.c.id, link.c.deal_id == DEAL))
            .where(sa.or_(person.c.id.in_(mine), colleague))
            .order_by(link.c.id.is_(None), link.c.is_primary.desc(), link.c.id, person.c.name_key)
            .limit(OFFERED)
        )

    values = {"sales_deal": deal["id"], "sales_customer": deal.get("customer_id") if offers else None}
    return _divided(work.rows(work.kept("sales.deal_contacts", build, link, person), values))


def _rivals(work: UnitOfWork, deal: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return the competitors in a deal, and the other ones that are known: one statement."""
    link, rival = records.visible(work, COMPETITOR), records.visible(work, "sales.competitor")

    def build() -> sa.Select[Any]:
        here = sa.and_(link.c.competitor_id == rival.c.id, link.c.deal_id == DEAL)
        return (
            sa.select(*_of_link(link), rival.c.id.label("other_id"), rival.c.name)
            .outerjoin_from(rival, link, here)
            .where(sa.or_(link.c.id.is_not(None), rival.c.archived_at.is_(None)))
            .order_by(link.c.id.is_(None), link.c.id, rival.c.name_key)
            .limit(OFFERED)
        )

    values = {"sales_deal": deal["id"]}
    return _divided(work.rows(work.kept("sales.deal_competitors", build, link, rival), values))


def _of_link(link: Any) -> list[Any]:
    return [column for column in link.c if column.name not in ("version", *STAMPS)]


def _divided(rows: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    return [row for row in rows if row.id is not None], [row for row in rows if row.id is None]


def _common(context: ViewContext) -> dict[str, Any]:
    assert context.record is not None
    locale = context.locale
    return {
        "deal_id": context.record["id"],
        "back": f"/deals/{context.record['id']}",
        "say": lambda msgid, **data: say(locale, msgid, **data),
    }


def _edit(link_id: int, slug: str, deal: Mapping[str, Any]) -> str:
    return f"/{slug}/{link_id}/edit?back=/deals/{deal['id']}"


def _pill(locale: str, choices: Sequence[Choice], value: str) -> tuple[str, str]:
    """Return label and tone of a choice; what a plugin that is off has added shows as it is."""
    found = next((each for each in choices if each.value == value), None)
    return (say(locale, found.label), found.tone) if found else (value, "grey")


def _options(locale: str, choices: Sequence[Choice], usual: str) -> list[tuple[str, str, bool]]:
    return [(each.value, say(locale, each.label), each.value == usual) for each in choices]
