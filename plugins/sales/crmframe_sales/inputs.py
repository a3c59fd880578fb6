"""What the actions on deals ask for, and how they refuse."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from crmframe.api import Conflict, InvalidInput, Problem

COMPETITOR: dict[str, JsonValue] = {"entity": "sales.competitor"}


class DealClosed(Conflict):
    """The deal was won or lost already."""

    code = "deal_closed"
    template = "The deal {title} is closed. Reopen it first."
    domain = "sales"


class DealOpen(Conflict):
    """There is nothing to reopen."""

    code = "deal_open"
    template = "The deal {title} is open: there is nothing to reopen."
    domain = "sales"


class ActionInput(BaseModel):
    """What an action asks for; unknown names are refused, so that a misspelt one does not pass silently."""

    model_config = ConfigDict(extra="forbid")


def told(title: str, **more: JsonValue) -> Any:
    """Return the field of something that is told at length."""
    return Field(default=None, title=title, max_length=10_000, json_schema_extra={"long": True, **more})


class Move(ActionInput):
    """Ask for the stage to go to.

    Attributes:
        lost_reason_id: Wanted when the stage is a lost one; ``lost_to_id`` is who won it instead, if anybody did.
        at: When it happened; now when left out. Without an offset it is in the workspace's zone.
    """

    stage_id: int = Field(title="Stage", json_schema_extra={"entity": "sales.stage"})
    lost_reason_id: int | None = Field(
        default=None,
        title="Lost because",
        json_schema_extra={"entity": "sales.lost_reason", "asked_with": "lost_reason_id"},
    )
    lost_to_id: int | None = Field(
        default=None, title="Lost to", json_schema_extra={**COMPETITOR, "asked_with": "lost_reason_id"}
    )
    at: datetime | None = Field(default=None, title="When")
    # Asked for once it turns out that a won deal wants a note.
    promised: str | None = told("What was promised", asked_with="promised")
    contacts: str | None = told("Who to talk to", asked_with="promised")
    dates: str | None = told("Dates to keep", asked_with="promised")
    risks: str | None = told("Risks", asked_with="promised")


class Win(ActionInput):
    """Ask for the final amount, the deal's own stays when it is left out, and for what those who deliver must know."""

    amount: Decimal | None = Field(default=None, title="Amount", max_digits=18, decimal_places=4)
    at: datetime | None = Field(default=None, title="When")
    promised: str | None = told("What was promised")
    contacts: str | None = told("Who to talk to")
    dates: str | None = told("Dates to keep")
    risks: str | None = told("Risks")


class HandOver(ActionInput):
    """Ask for the new owner, and what to tell them."""

    owner_id: int = Field(title="New owner", json_schema_extra={"entity": "core.user", "prefilled": False})
    note: str | None = told("Note")


class Lose(ActionInput):
    """Ask for the reason, and for the competitor who won it if there was one."""

    lost_reason_id: int = Field(title="Lost because", json_schema_extra={"entity": "sales.lost_reason"})
    lost_to_id: int | None = Field(default=None, title="Lost to", json_schema_extra=COMPETITOR)
    at: datetime | None = Field(default=None, title="When")


class Reopen(ActionInput):
    """Ask for the stage to go back to; the one it was closed from when left out."""

    stage_id: int | None = Field(
        default=None, title="Stage", json_schema_extra={"entity": "sales.stage", "prefilled": False}
    )


class Entry(ActionInput):
    """One step of a history: the deal entered ``stage_id`` at that moment."""

    stage_id: int
    at: datetime


class Place(ActionInput):
    """Ask where a deal with a past stands.

    Attributes:
        stage_id: The stage it is in.
        opened_at: When work on it began.
        closed_at: When it was won or lost; only for such stages. The day of ``close_on`` when it is left out, if that
            day has passed.
        stage_entered_at: For open deals, when nothing says when work began.
        probability: Instead of the stage's.
        history: Every stage it entered, oldest first; instead of ``opened_at`` and ``closed_at``.
    """

    stage_id: int = Field(title="Stage", json_schema_extra={"entity": "sales.stage"})
    opened_at: datetime | None = Field(
        default=None,
        title="Opened",
        json_schema_extra={
            "aliases": ["engage_date", "engage date", "open date", "start date", "开始日期", "接洽日期"]
        },
    )
    closed_at: datetime | None = Field(default=None, title="Closed")
    lost_reason_id: int | None = Field(
        default=None, title="Lost because", json_schema_extra={"entity": "sales.lost_reason"}
    )
    stage_entered_at: datetime | None = Field(default=None, title="In this stage since")
    probability: int | None = Field(default=None, title="Probability (%)", ge=0, le=100)
    history: list[Entry] = Field(default_factory=list, title="History")


def refused(field: str, code: str, template: str, /, **data: object) -> InvalidInput:
    """Return the error for one field of an action's input."""
    return InvalidInput([Problem(field, code, template, data, domain="sales")])
