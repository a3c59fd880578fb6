"""The sales of the sample company, in the order in which plugins tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from crmframe.api import UnitOfWork
from crmframe_sales import standard
from crmframe_sales.demo import founding, leads, pipeline
from crmframe_sales.demo.archive import STAGES

Step = tuple[datetime, str, Callable[[UnitOfWork], Any]]

MONTHS = 14
FIRST_DAY = 547  # the day after the company was founded, in days before today


def steps(now: datetime, customers: int) -> Iterator[Step]:
    """Yield what happened, each step with its moment and its user's login name; the same for the same day.

    Args:
        customers: How many the company has; three of four have or had a deal.
    """
    start = now - timedelta(days=FIRST_DAY)
    yield start, "admin", lambda work: standard.make_standard(work, STAGES)
    yield start + timedelta(minutes=3), "admin", founding.found
    yield now - timedelta(days=36), "admin", founding.targets_for(now, customers)
    for month in range(MONTHS):
        yield now - month * founding.MONTH - timedelta(hours=2), "manager", founding.rivals
    yield from pipeline.deals(now, customers)
    yield from leads.leads(now, customers)
