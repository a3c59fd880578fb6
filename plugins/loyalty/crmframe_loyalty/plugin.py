"""What the loyalty plugin adds to customers: fields, a source, badges, an explained form, a check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crmframe.api import (
    Badge,
    Check,
    Choice,
    ChoiceExtension,
    Extension,
    FormView,
    UnitOfWork,
    ViewContext,
    hookimpl,
)
from crmframe_loyalty import queries, say
from crmframe_loyalty.models import TIERS, CustomerLoyalty

TIER_OF = {tier.value: tier for tier in TIERS}


@hookimpl
def extensions() -> Sequence[Extension]:
    """Return the loyalty fields of customers."""
    return [Extension("core.customer", CustomerLoyalty)]


@hookimpl
def choices() -> Sequence[ChoiceExtension]:
    """Return one more source that customers come from."""
    return [ChoiceExtension("core.customer", "source", [Choice("loyalty", "Loyalty program", "violet")])]


@hookimpl
def row_badges(context: ViewContext) -> Sequence[Badge]:
    """Return the tier of each customer that has one."""
    if context.entity is None or context.entity.name != "core.customer":
        return ()
    members = queries.members(context.work, [row["id"] for row in context.rows])
    return [Badge(m.id, say(context.locale, TIER_OF[m.tier].label), TIER_OF[m.tier].tone) for m in members]


@hookimpl
def amend_form(context: ViewContext, value: FormView) -> FormView:
    """Explain the points, and put the loyalty fields at the end."""
    if value.entity.name != "core.customer":
        return value
    own = [name for name in value.fields if name.startswith("loyalty.")]
    others = [name for name in value.fields if not name.startswith("loyalty.")]
    explained = {
        **value.help,
        "loyalty.points": say(context.locale, "Points that the customer may still spend."),
    }
    return replace(value, fields=[*others, *own], help=explained)


@hookimpl
def checks() -> Sequence[Check]:
    """Return what must hold for the loyalty program's data."""
    return [Check("loyalty.points", no_negative_points)]


def no_negative_points(work: UnitOfWork) -> Sequence[str]:
    """Return a sentence for each customer whose points fell below zero."""
    return [f"Customer {i} has negative loyalty points." for i in queries.negative_points(work)]
