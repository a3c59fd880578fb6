"""The score of a lead and the reason of it, from the rules; nobody else writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.api import Change, CrmError, Event, JobRun, UnitOfWork, Veto, enqueue, records
from crmframe_sales.leads.models import Lead, ScoreRule

LEAD, RULE = "sales.lead", "sales.score_rule"
RESCORE = "sales.rescore"
CHUNK = 500


def keep_score(work: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return score and reason of leads: one statement for the rules and one for each of them."""
    points: list[list[tuple[str, int]]] = [[] for _ in rows]
    for rule in _rules(work):
        try:
            held = records.holding(work, LEAD, rule.conditions, rows)
        except CrmError:
            continue  # it asks for a field that is gone
        for position in held:
            points[position].append((rule.name, rule.points))
    return [{"score": sum(p for _, p in found), "score_reason": _reason(found)} for found in points]


def _reason(found: Sequence[tuple[str, int]]) -> str | None:
    """Return the names that people gave to the rules, with the points: it reads in every language."""
    return "\n".join(f"{points:+d} {name}" for name, points in found) or None


def _rules(work: UnitOfWork) -> list[Any]:
    table: Any = ScoreRule.__table__
    statement = sa.select(table.c.name, table.c.conditions, table.c.points).where(table.c.active)
    return work.rows(statement.order_by(table.c.position, table.c.id))


def check_rules(change: Change) -> None:
    """Refuse a score rule whose conditions cannot be read."""
    if change.entity.name != RULE:
        return
    for values in change.after:
        if "conditions" in values:
            try:
                records.holding(change.work, LEAD, values["conditions"], [])
            except CrmError as error:
                raise Veto(error.template, field="conditions", **error.data) from None


def queue_rescoring(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Have all leads scored anew after the rules changed."""
    enqueue(work, RESCORE, unique_key=f"{RESCORE}:{events[-1].operation_id}")


def rescore(run: JobRun, payload: Mapping[str, Any]) -> dict[str, int]:
    """Score all leads anew, some hundred at a time."""
    last, changed = int(payload.get("after", 0)), 0
    while True:
        with run.application.work(run.actor, door="job") as work:
            ids = _next_ids(work, last)
            changed += len(records.refresh(work, LEAD, ids)) if ids else 0
            run.renew(work.connection, {"after": last, "changed": changed})
        if not ids:
            return {"changed": changed}
        last = ids[-1]


def _next_ids(work: UnitOfWork, last: int) -> list[int]:
    table: Any = Lead.__table__
    statement = sa.select(table.c.id).where(table.c.id > last).order_by(table.c.id).limit(CHUNK)
    return [row.id for row in work.rows(statement)]
