"""Reads of the loyalty program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_loyalty.models import CustomerLoyalty


def members(work: UnitOfWork, customer_ids: Sequence[int]) -> list[Any]:
    """Return id, tier and points of those customers that have a tier and that the actor may see: one statement."""
    if not customer_ids:
        return []
    loyalty, customer = CustomerLoyalty.__table__, records.visible(work, "core.customer")

    def build() -> sa.Select[Any]:
        return (
            sa.select(loyalty.c.id, loyalty.c.tier, loyalty.c.points)
            .join_from(loyalty, customer, customer.c.id == loyalty.c.id)
            .where(
                loyalty.c.id.in_(sa.bindparam("loyalty_customers", expanding=True)),
                loyalty.c.tier.is_not(None),
            )
            .order_by(loyalty.c.id)
        )

    return work.rows(work.kept("loyalty.members", build, customer), {"loyalty_customers": list(customer_ids)})


def negative_points(work: UnitOfWork) -> list[int]:
    """Return the customers whose points fell below zero."""
    table = CustomerLoyalty.__table__
    return [row.id for row in work.rows(sa.select(table.c.id).where(table.c.points < 0).order_by(table.c.id))]
