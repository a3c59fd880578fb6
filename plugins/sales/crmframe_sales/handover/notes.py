"""The note that goes with a won deal to those who deliver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, ViewContext, records
from crmframe_sales import say
from crmframe_sales.handover.models import HandoverNote
from crmframe_sales.inputs import Move, Win, refused

NOTE = "sales.handover_note"
REQUIRED = "sales.require_handover_note"
PARTS = ("promised", "contacts", "dates", "risks")
SHOWN = 3
CUSTOMER = sa.bindparam("sales_customer", type_=sa.BigInteger)


def write_note(work: UnitOfWork, deal: Mapping[str, Any], given: Move | Win) -> None:
    """Write what those who deliver must know, in the operation of the win; a deal won again keeps one note.

    Raises:
        InvalidInput: The workspace asks for a note, and there is none.
    """
    said = {name: text for name in PARTS if (text := (getattr(given, name) or "").strip())}
    if "promised" not in said:
        if said or work.setting(REQUIRED):
            template = "Say what was promised: those who look after the customer read it."
            raise refused("promised", "handover_missing", template)
        return
    table = HandoverNote.__table__
    kept = work.scalar(sa.select(table.c.id).where(table.c.deal_id == deal["id"]))
    values = {"customer_id": deal["customer_id"], "at": work.now, "by_id": work.actor.id, **said}
    if kept is None:
        records.create(work, NOTE, {"deal_id": deal["id"], **values})
    else:
        records.update(work, NOTE, kept, {**dict.fromkeys(PARTS), **values})


def notes_of_customer(context: ViewContext) -> Mapping[str, Any] | None:
    """Return the panel beside a customer with what was handed over; None hides it when nothing was."""
    assert context.record is not None
    work, locale = context.work, context.locale
    note, deal = records.visible(work, NOTE), records.visible(work, "sales.deal")

    def build() -> sa.Select[Any]:
        return (
            sa.select(note, deal.c.title)
            .outerjoin_from(note, deal, deal.c.id == note.c.deal_id)
            .where(note.c.customer_id == CUSTOMER)
            .order_by(note.c.at.desc(), note.c.id.desc())
            .limit(SHOWN)
        )

    kept = work.kept("sales.handover_notes", build, note, deal)
    rows = work.rows(kept, {"sales_customer": context.record["id"]})
    if not rows:
        return None
    return {
        "notes": [
            {
                "title": row.title or "",
                "url": f"/handover-notes/{row.id}",
                "at": row.at,
                "parts": [
                    (say(locale, label), text)
                    for label, text in (
                        ("What was promised", row.promised),
                        ("Who to talk to", row.contacts),
                        ("Dates to keep", row.dates),
                        ("Risks", row.risks),
                    )
                    if text
                ],
            }
            for row in rows
        ],
        "say": lambda msgid, **given: say(locale, msgid, **given),
    }
