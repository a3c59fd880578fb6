from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.passwords import Hasher
from crmframe.core.demo.company import LOGINS, fill
from crmframe.core.demo.steps import DAYS_OF_HISTORY

DIGEST = "9743541ec86bc4ed"
TOLD = {
    "core.customer": (
        "name",
        "phone",
        "grade",
        "lifecycle_stage",
        "owner_id",
        "parent_id",
        "created_at",
        "next_step_at",
    ),
    "core.contact": ("name", "customer_id", "email", "created_by"),
    "core.activity": ("about", "kind", "text", "at", "by_id"),
    "core.purchase": ("customer_id", "product_id", "amount", "currency", "at"),
    "core.tag_link": ("tag_id", "about"),
}
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CUSTOMERS = 160
NUMBERS = {"core.customer": CUSTOMERS, "core.product": 12, "core.user": 9, "core.team": 3}


def filled(application: Any, clock: Any) -> None:
    @contextmanager
    def open_work(user: int | None, at: datetime) -> Iterator[Any]:
        clock.set(at)
        with application.database.read() as connection:
            actor = None if user is None else actor_of_user(connection, user)
        with application.work(actor, door="cli") as work:
            yield work

    assert fill(open_work, NOW, hasher=Hasher(), customers=CUSTOMERS) == LOGINS
    clock.set(NOW)


@pytest.fixture
def company(make_application: Any, clock: Any, copied_database_url: Any, database_kind: Any) -> Any:
    def build(url: str) -> None:
        application = make_application(url=url)
        filled(application, clock)
        application.close()

    return make_application(url=copied_database_url("demo company", database_kind, build))


def test_company_is_bilingual_and_lies_in_the_past(company: Any) -> None:
    with company.work(write=False) as work:
        counted = {name: records.count(work, name, records.Query()).value for name in NUMBERS}
        customers = records.select(work, "core.customer", records.Query(limit=CUSTOMERS)).records()
        people = records.count(work, "core.contact", records.Query()).value
    moments = [customer["created_at"] for customer in customers]

    assert counted == NUMBERS
    assert CUSTOMERS < people < 2 * CUSTOMERS
    assert len({customer["name"] for customer in customers}) == CUSTOMERS
    assert 0.4 < sum(customer["language"] == "zh_Hans" for customer in customers) / CUSTOMERS < 0.65
    assert NOW - timedelta(days=DAYS_OF_HISTORY + 3) < min(moments) < max(moments) < NOW
    assert {customer["created_by"] for customer in customers} == {
        customer["owner_id"] for customer in customers
    }
    assert all(customer["team_id"] for customer in customers)


def test_nothing_happens_before_its_customer_is_there(company: Any) -> None:
    customer, activity = (company.registry.entity(name).table for name in ("core.customer", "core.activity"))
    purchase = company.registry.entity("core.purchase").table
    about = "core.customer:" + sa.cast(customer.c.id, sa.String)
    with company.database.read() as connection:
        early = sa.select(sa.func.count()).where(
            activity.c.about == about, activity.c.at < customer.c.created_at
        )
        assert connection.scalar(early) == 0
        early = sa.select(sa.func.count()).where(
            purchase.c.customer_id == customer.c.id, purchase.c.at < customer.c.created_at
        )
        assert connection.scalar(early) == 0


def test_every_run_gives_the_same_company_on_both_databases(company: Any) -> None:
    """The digest is that of today's data: change it together with them."""
    digest = hashlib.sha256()
    with company.work(write=False) as work:
        for name, columns in TOLD.items():
            for row in records.select(
                work, name, records.Query(limit=1000, order=("id",), columns=columns)
            ).rows:
                shown = [str(v.replace(microsecond=0)) if isinstance(v, datetime) else str(v) for v in row]
                digest.update("|".join(shown).encode())

    assert digest.hexdigest()[:16] == DIGEST
