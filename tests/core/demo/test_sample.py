from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.tables import credential
from crmframe.core.demo.jobs import parts_of, past_of
from crmframe.core.demo.sample import (
    HoldsRecords,
    Removal,
    counts_of,
    load_sample,
    refuse_records,
    remove_sample,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CUSTOMERS = 90
COUNTED = (
    "core.customer",
    "core.contact",
    "core.activity",
    "core.purchase",
    "core.user",
    "core.task",
    "core.appointment",
    "sales.deal",
    "sales.stage",
    "sales.lead",
    "sales.quote",
    "sales.sales_order",
    "sales.price_book",
    "sales.target",
    "sales.competitor",
    "sales.deal_competitor",
    "sales.deal_contact",
)


@pytest.fixture
def loaded(make_application: Any, clock: Any, copied_database_url: Any, database_kind: Any) -> Any:
    def build(url: str) -> None:
        application = make_application("sales", url=url)
        load(application)
        application.close()

    clock.set(NOW)
    return make_application("sales", url=copied_database_url("sample company", database_kind, build))


def load(application: Any) -> None:
    with application.work(write=False) as work:
        refuse_records(work)
        hooks, now = work.hooks, work.now
    load_sample(past_of(application), hooks, now, hasher=None, customers=CUSTOMERS)


def remove(application: Any) -> Removal:
    return remove_sample(parts_of(application, None, "cli"))


def counts(application: Any) -> dict[str, int]:
    with application.work(write=False) as work:
        return {name: records.count(work, name, records.Query()).value for name in COUNTED}


def is_sample(application: Any) -> bool:
    with application.work(write=False) as work:
        return bool(work.setting("core.sample"))


def test_sample_is_removed_in_one_operation_and_comes_back_with_one_undo(loaded: Any) -> None:
    before = counts(loaded)
    assert before["core.customer"] == CUSTOMERS
    assert all(before.values())
    assert is_sample(loaded)

    removal = remove(loaded)
    assert removal.kept == {}
    assert counts(loaded) == dict.fromkeys(COUNTED, 0)
    assert not is_sample(loaded)
    with loaded.work(write=False) as work:
        assert list(counts_of(work)) == []

    with loaded.work(door="cli") as work:
        records.undo(work, removal.operation_id)
    assert counts(loaded) == before
    assert is_sample(loaded)


def test_removal_keeps_own_records_and_what_they_need(loaded: Any) -> None:
    with loaded.work(door="cli") as work:
        customer = records.select(work, "core.customer", records.Query(limit=1)).records()[0]["id"]
        own = records.create(work, "core.customer", {"name": "Ours", "referred_by_id": customer})["id"]
        bought = records.create(work, "core.purchase", {"customer_id": customer, "amount": "10"})["id"]

    removal = remove(loaded)

    assert removal.kept == {"core.customer": [customer]} | {
        name: ids for name, ids in removal.kept.items() if name == "core.user"
    }
    with loaded.work(write=False) as work:
        assert records.get(work, "core.purchase", bought)["customer_id"] == customer
        assert records.get(work, "core.customer", own)["referred_by_id"] == customer


def test_sample_never_comes_among_real_records(make_application: Any) -> None:
    application = make_application("sales")
    with application.work(door="cli") as work:
        records.create(work, "core.customer", {"name": "Real"})

    with pytest.raises(HoldsRecords, match="1"):
        load(application)
    assert counts(application)["core.customer"] == 1


def test_users_of_a_loaded_sample_cannot_sign_in(loaded: Any) -> None:
    with loaded.work(write=False) as work:
        users = records.select(work, "core.user", records.Query(limit=50)).records()
        from_sample = [user for user in users if user["login"].startswith("sample-")]
        assert len(from_sample) == len(users) == 9
        assert all(user["email"] is None for user in users)
        assert not work.rows(sa.select(credential.c.user_id))
