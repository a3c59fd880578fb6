"""The way from nothing to the first deal: the standard pipeline, and what pages say while there is none."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crmframe.api import Button, Call, Prerequisite, Reply, UnitOfWork, ViewContext, records
from crmframe_sales import say
from crmframe_sales.models import LostReason, Pipeline, Stage

PATH = "/standard-pipeline"
URL = f"/p/sales{PATH}"
PIPELINE = "标准销售 Standard"
# Name, kind, probability in percent, and what must be filled before a deal may enter.
STAGES = (
    ("新商机 New", "open", 10, None),
    ("需求确认 Qualified", "open", 25, None),
    ("方案报价 Proposal", "open", 50, ["amount"]),
    ("谈判 Negotiation", "open", 75, ["amount", "close_on"]),
    ("赢单 Won", "won", 100, ["amount"]),
    ("输单 Lost", "lost", 0, None),
)
REASONS = (
    "价格 Price",
    "竞争对手 Competitor",
    "没有预算 No budget",
    "项目取消 Project cancelled",
    "无回应 No answer",
)
MAKES = ("sales.pipeline.create", "sales.stage.create", "sales.lost_reason.create")


def make_standard(work: UnitOfWork, stages: Sequence[tuple[str, str, int, list[str] | None]] = STAGES) -> int:
    """Create what deals need and return the pipeline's id: a pipeline with *stages*, and the usual lost reasons.

    The first pipeline without stages gets them instead of a new one; reasons that are there stay as they are.
    """
    pipeline_id = _pipeline_to_fill(work)
    if pipeline_id is None:
        (made,) = records.create_many(work, "sales.pipeline", [{"name": PIPELINE, "position": 1}])
        pipeline_id = int(made)
    rows = [
        {
            "name": name,
            "kind": kind,
            "probability": chance,
            "required_fields": gate,
            "position": place,
            "pipeline_id": pipeline_id,
        }
        for place, (name, kind, chance, gate) in enumerate(stages, 1)
    ]
    records.create_many(work, "sales.stage", rows)
    if work.scalar(sa.select(LostReason.__table__.c.id).limit(1)) is None:
        reasons = [{"name": name, "position": place} for place, name in enumerate(REASONS, 1)]
        records.create_many(work, "sales.lost_reason", reasons)
    return pipeline_id


def _pipeline_to_fill(work: UnitOfWork) -> int | None:
    """Return the first pipeline in use when it has no stage at all."""
    pipeline, stage = Pipeline.__table__, Stage.__table__
    bare = ~sa.exists().where(stage.c.pipeline_id == pipeline.c.id)
    usable = sa.select(pipeline.c.id).where(pipeline.c.archived_at.is_(None), bare)
    found = work.scalar(usable.order_by(pipeline.c.position, pipeline.c.id).limit(1))
    return None if found is None else int(found)


def begin_with_sales(work: UnitOfWork) -> None:
    """Make the standard pipeline unless a deal could begin somewhere already."""
    if not has_open_stage(work):
        make_standard(work)


def has_open_stage(work: UnitOfWork) -> bool:
    """Return whether a deal could begin somewhere."""
    pipeline, stage = Pipeline.__table__, Stage.__table__
    found = (
        sa.select(stage.c.id)
        .join_from(stage, pipeline, pipeline.c.id == stage.c.pipeline_id)
        .where(stage.c.kind == "open", pipeline.c.archived_at.is_(None))
    )
    return work.scalar(found.limit(1)) is not None


def save_standard(call: Call, work: UnitOfWork) -> Reply:
    """Make the standard pipeline and go on to the first deal; a second click finds it there."""
    if not has_open_stage(work):
        make_standard(work)
    return Reply(location="/deals/board")


def missing_for_deals(context: ViewContext) -> Sequence[Prerequisite]:
    """Return what to do before the first deal, nothing once there is an open stage."""
    if context.entity is None or context.entity.name != "sales.deal" or has_open_stage(context.work):
        return ()
    locale, may = context.locale, context.work.actor.may
    has_pipeline = _pipeline_to_fill(context.work) is not None
    text = "The pipeline has no stages yet." if has_pipeline else "There is no pipeline yet."
    buttons = standard_buttons(context)
    own = Button(
        "sales.new_pipeline", say(locale, "Make an own pipeline"), "/pipelines/new", permission=MAKES[0]
    )
    if buttons or may(MAKES[0]):
        note = say(locale, "Deals move through its stages, such as new, proposal and won.")
    else:
        note = say(locale, "Deals move through its stages. Ask your administrator to make them.")
    return [Prerequisite(say(locale, text), note, [*buttons, own])]


def standard_buttons(context: ViewContext) -> list[Button]:
    """Return the button that makes the standard pipeline, for those who may make all of it."""
    if not all(context.work.actor.may(permission) for permission in MAKES):
        return []
    return [
        Button("sales.standard", say(context.locale, "Make the standard pipeline"), URL, "post", MAKES[1])
    ]
