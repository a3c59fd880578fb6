"""The verbs on deals: the only code that writes a deal's stage and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from crmframe.api import Action, InvalidInput, Problem, UnitOfWork, records
from crmframe_sales.handover.notes import write_note
from crmframe_sales.handover.owners import hand_over
from crmframe_sales.inputs import DealClosed, DealOpen, HandOver, Lose, Move, Place, Reopen, Win, refused
from crmframe_sales.models import LostReason, Stage, StageChange
from crmframe_sales.progress.steps import missing_step

DEAL_WON = "sales.deal_won"
DEAL_LOST = "sales.deal_lost"

Record = Mapping[str, Any]


def move(work: UnitOfWork, deal: Record, given: Move) -> None:
    """Move an open deal to another stage, of another pipeline too; moving into a closed stage closes it.

    Raises:
        DealClosed: It was won or lost before.
        InvalidInput: The stage does not exist, wants fields that are empty, or the moment is out of order.
    """
    _refuse_closed(work, deal)
    stage = stage_of(work, given.stage_id)
    if stage.id == deal["stage_id"]:
        return
    if stage.kind == "lost" and given.lost_reason_id is None:
        raise refused("lost_reason_id", "required", "Say why the deal was lost.")
    _enter(work, deal, stage, given.at, _loss(work, stage, given))
    if stage.kind == "won":
        write_note(work, deal, given)


def win(work: UnitOfWork, deal: Record, given: Win) -> None:
    """Win an open deal, for ``amount`` when it is given.

    Raises:
        DealClosed: It was won or lost before.
        InvalidInput: The pipeline has no won stage, or the won stage wants fields that are empty.
    """
    _refuse_closed(work, deal)
    values = {} if given.amount is None else {"amount": given.amount}
    _enter(work, deal, closing_stage(work, deal["pipeline_id"], "won"), given.at, values)
    write_note(work, deal, given)


def lose(work: UnitOfWork, deal: Record, given: Lose) -> None:
    """Lose an open deal.

    Raises:
        DealClosed: It was won or lost before.
        InvalidInput: The pipeline has no lost stage, or the reason does not exist.
    """
    _refuse_closed(work, deal)
    stage = closing_stage(work, deal["pipeline_id"], "lost")
    _enter(work, deal, stage, given.at, _loss(work, stage, given))


def reopen(work: UnitOfWork, deal: Record, given: Reopen) -> None:
    """Open a closed deal again, in the stage that it was closed from unless another open one is given.

    Raises:
        DealOpen: It is not closed.
        InvalidInput: The stage does not exist or is not open.
    """
    if deal["closed_at"] is None:
        raise DealOpen(title=records.name_of(work, "sales.deal", deal))
    stage = (
        stage_of(work, given.stage_id) if given.stage_id is not None else _stage_before_closing(work, deal)
    )
    if stage.kind != "open":
        raise refused("stage_id", "not_open", "Choose an open stage: {stage} is not.", stage=stage.name)
    _enter(work, deal, stage, None, {})


def place(work: UnitOfWork, deal: Record, given: Place) -> None:
    """Put a deal that comes with a past where it stands, and write its history; errors as in ``place_many``."""
    place_many(work, [(deal, given)])


def place_many(work: UnitOfWork, placements: Sequence[tuple[Record, Place]]) -> None:
    """Put deals with a past where they stand: a handful of statements for the whole batch.

    A deal is closed at the moment of the last step. What happened then is history: gates do not ask for fields, and
    nothing is announced. Earlier stage changes of these deals are replaced.

    Raises:
        InvalidInput: Every problem of every placement, with its position as row.
    """
    stages = {row.id: row for row in work.rows(sa.select(Stage.__table__))}
    problems: list[Problem] = []
    changes: dict[int, dict[str, Any]] = {}
    steps: list[dict[str, Any]] = []
    for position, (deal, given) in enumerate(placements):
        try:
            path = _path(work, stages, deal, given)
        except InvalidInput as error:
            problems += [
                Problem(p.field, p.code, p.template, p.data, position, p.domain) for p in error.problems
            ]
            continue
        changes[deal["id"]] = _standing(stages[path[-1][0]], path[-1][1], given.lost_reason_id)
        if given.probability is not None:
            changes[deal["id"]]["probability"] = given.probability
        steps += _steps(work, deal["id"], path)
    if problems:
        raise InvalidInput(problems)
    _forget(work, list(changes))
    records.update_many(work, "sales.deal", changes)
    if steps:
        records.create_many(work, "sales.stage_change", steps)


def stage_of(work: UnitOfWork, stage_id: int) -> Any:
    """Return a stage's row.

    Raises:
        InvalidInput: There is none.
    """
    table = Stage.__table__
    rows = work.rows(sa.select(table).where(table.c.id == stage_id))
    if not rows:
        raise refused("stage_id", "unknown_reference", "There is no stage {id}.", id=stage_id)
    return rows[0]


def closing_stage(work: UnitOfWork, pipeline_id: int, kind: str) -> Any:
    """Return the row of the pipeline's first stage of *kind*.

    Raises:
        InvalidInput: It has none.
    """
    table = Stage.__table__
    matching = sa.select(table).where(table.c.pipeline_id == pipeline_id, table.c.kind == kind)
    rows = work.rows(matching.order_by(table.c.position, table.c.id).limit(1))
    if not rows:
        raise refused(
            "stage_id", "no_stage", "This pipeline has no stage of the kind {kind}. Add one.", kind=kind
        )
    return rows[0]


def _enter(
    work: UnitOfWork, deal: Record, stage: Any, at: datetime | None, values: Mapping[str, Any]
) -> None:
    moment = _moment(work, deal, at)
    problems = _gaps(work, stage, {**deal, **values})
    if stage.kind == "open":
        problems += missing_step(work, {**deal, **values})
    if problems:
        raise InvalidInput(problems)
    changed = {**_standing(stage, moment, None), **values, "probability": stage.probability}
    records.write(work, "sales.deal", deal["id"], changed)
    step = {"deal_id": deal["id"], "from_stage_id": deal["stage_id"], "to_stage_id": stage.id, "at": moment}
    records.create(work, "sales.stage_change", step)
    if stage.kind != "open":
        _announce(work, {**deal, **changed}, stage.kind, moment)


def _standing(stage: Any, at: datetime, lost_reason_id: int | None) -> dict[str, Any]:
    """Return what a deal's fields say when it entered *stage* at that moment."""
    return {
        "stage_id": stage.id,
        "pipeline_id": stage.pipeline_id,
        "probability": stage.probability,
        "stage_entered_at": at,
        "closed_at": None if stage.kind == "open" else at,
        "won_at": at if stage.kind == "won" else None,
        "lost_at": at if stage.kind == "lost" else None,
        "lost_reason_id": lost_reason_id if stage.kind == "lost" else None,
        "lost_to_id": None,
    }


def _announce(work: UnitOfWork, deal: Record, kind: str, at: datetime) -> None:
    amount: Decimal | None = deal["amount"]
    payload = {
        "deal_id": deal["id"],
        "customer_id": deal["customer_id"],
        "title": deal["title"],
        "amount": None if amount is None else f"{amount:.2f}",
        "currency": deal["currency"],
        "at": at.isoformat(),
    }
    work.publish(DEAL_WON if kind == "won" else DEAL_LOST, payload)


def _refuse_closed(work: UnitOfWork, deal: Record) -> None:
    if deal["closed_at"] is not None:
        raise DealClosed(title=records.name_of(work, "sales.deal", deal))


def _gaps(work: UnitOfWork, stage: Any, deal: Record) -> list[Problem]:
    fields = work.registry.entity("sales.deal").fields
    problems = []
    for name in stage.required_fields or ():
        if _is_empty(deal, name):
            field = fields.get(name) or fields.get(f"{name}_id")
            data = {"stage": stage.name, "field": field.label if field else name}
            template = "The stage {stage} asks for {field}. Fill it in first."
            problems.append(Problem(name, "stage_gate", template, data, domain="sales"))
    return problems


def _is_empty(deal: Record, name: str) -> bool:
    return deal.get(name, deal.get(f"{name}_id")) in (None, "", [])


def _moment(work: UnitOfWork, deal: Record, at: datetime | None) -> datetime:
    if at is None:
        return work.now
    moment = _aware(work, at)
    if moment > work.now:
        raise refused("at", "in_future", "This lies in the future. Choose a moment that has passed.")
    entered = deal["stage_entered_at"]
    if entered is not None and moment < entered:
        raise refused(
            "at",
            "before_stage",
            "The deal entered its stage on {day}. Choose a later day.",
            day=entered.date(),
        )
    return moment


def _aware(work: UnitOfWork, at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=work.settings.zone)


def _loss(work: UnitOfWork, stage: Any, given: Move | Lose) -> dict[str, int | None]:
    """Return why and to whom a deal is lost when it enters *stage*, nothing when the stage is another one."""
    if stage.kind != "lost":
        return {}
    table, reason_id = LostReason.__table__, given.lost_reason_id
    if work.scalar(sa.select(table.c.id).where(table.c.id == reason_id)) is None:
        raise refused("lost_reason_id", "unknown_reference", "There is no lost reason {id}.", id=reason_id)
    return {"lost_reason_id": reason_id, "lost_to_id": given.lost_to_id}


def _stage_before_closing(work: UnitOfWork, deal: Record) -> Any:
    change, stage = StageChange.__table__, Stage.__table__
    rows = work.rows(
        sa.select(stage)
        .join_from(change, stage, stage.c.id == change.c.from_stage_id)
        .where(change.c.deal_id == deal["id"], stage.c.kind == "open")
        .order_by(change.c.at.desc(), change.c.id.desc())
        .limit(1)
    )
    return rows[0] if rows else closing_stage(work, deal["pipeline_id"], "open")


def _path(
    work: UnitOfWork, stages: Mapping[int, Any], deal: Record, given: Place
) -> list[tuple[int, datetime]]:
    """Return every stage that a placed deal entered and when, the last one being where it stands."""
    if given.stage_id not in stages:
        raise refused("stage_id", "unknown_reference", "There is no stage {id}.", id=given.stage_id)
    stage = stages[given.stage_id]
    if given.history:
        path = [(entry.stage_id, _aware(work, entry.at)) for entry in given.history]
    else:
        path = _short_path(work, stages, deal, given)
    unknown = [stage_id for stage_id, _ in path if stage_id not in stages]
    if unknown:
        raise refused("history", "unknown_reference", "There is no stage {id}.", id=unknown[0])
    if path[-1][0] != stage.id or any(later[1] < earlier[1] for earlier, later in pairwise(path)):
        raise refused("history", "out_of_order", "The history must be in order and end in the deal's stage.")
    return path


def _short_path(
    work: UnitOfWork, stages: Mapping[int, Any], deal: Record, given: Place
) -> list[tuple[int, datetime]]:
    stage = stages[given.stage_id]
    began = None if given.opened_at is None else _aware(work, given.opened_at)
    if stage.kind == "open":
        entered = began if given.stage_entered_at is None else _aware(work, given.stage_entered_at)
        return [(stage.id, began or entered or work.now)]
    closed = _closing(work, deal, given)
    # Nobody wrote down the steps between: what is known is that it was worked on, so the last open stage stands for it.
    before = [s for s in stages.values() if s.pipeline_id == stage.pipeline_id and s.kind == "open"]
    if began is None or not before:
        return [(stage.id, closed)]
    return [(max(before, key=lambda s: (s.position, s.id)).id, began), (stage.id, closed)]


def _closing(work: UnitOfWork, deal: Record, given: Place) -> datetime:
    if given.closed_at is not None:
        return _aware(work, given.closed_at)
    day = deal.get("close_on")
    return work.now if day is None or day >= work.today else datetime.combine(day, time(), work.settings.zone)


def _steps(work: UnitOfWork, deal_id: int, path: Sequence[tuple[int, datetime]]) -> list[dict[str, Any]]:
    froms: list[int | None] = [None, *(stage_id for stage_id, _ in path[:-1])]
    return [
        {"deal_id": deal_id, "from_stage_id": before, "to_stage_id": stage_id, "at": at, "by_id": None}
        for before, (stage_id, at) in zip(froms, path, strict=True)
    ]


def _forget(work: UnitOfWork, deal_ids: Sequence[int]) -> None:
    table = StageChange.__table__
    old = [row.id for row in work.rows(sa.select(table.c.id).where(table.c.deal_id.in_(deal_ids)))]
    if old:
        records.delete_many(work, "sales.stage_change", old)


OPEN, CLOSED = {"closed_at": False}, {"closed_at": True}
ACTIONS = (
    Action("sales.deal", "move", move, "Move to stage", input=Move, tone="blue", filled=OPEN),
    Action("sales.deal", "win", win, "Win", input=Win, tone="green", filled=OPEN),
    Action("sales.deal", "lose", lose, "Lose", input=Lose, tone="red", filled=OPEN),
    Action("sales.deal", "reopen", reopen, "Reopen", input=Reopen, tone="amber", filled=CLOSED),
    Action("sales.deal", "hand_over", hand_over, "Hand over", input=HandOver, tone="violet"),
    Action("sales.deal", "place", place, "Place with its history", input=Place, imports=place_many),
)
