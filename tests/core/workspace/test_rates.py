"""Rates: the latest on or before the day, never guessed; the base currency stays while there are any."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.errors import InvalidInput
from crmframe.core.workspace.rates import convert, rate_on, rates_on
from crmframe.core.workspace.settings import write_settings

RATES = (("EUR", "2026-01-01", "7.8"), ("EUR", "2026-03-01", "7.9"), ("USD", "2026-02-01", "7.1"))


@pytest.fixture
def application(make_application: Any) -> Any:
    made = make_application(currency="CNY")
    with made.work(door="cli") as work:
        rows = [{"currency": code, "day": day, "rate": rate} for code, day, rate in RATES]
        records.create_many(work, "core.currency_rate", rows)
    return made


def test_the_latest_rate_on_or_before_the_day_counts(application: Any) -> None:
    with application.work(door="cli", write=False) as work:
        assert rate_on(work, "EUR", date(2026, 2, 28)) == Decimal("7.8")
        assert rate_on(work, "EUR", date(2026, 3, 1)) == Decimal("7.9")
        assert rate_on(work, "CNY", date(1999, 1, 1)) == 1


def test_nothing_is_guessed(application: Any) -> None:
    with application.work(door="cli", write=False) as work:
        assert rate_on(work, "EUR", date(2025, 12, 31)) is None
        assert rate_on(work, "GBP", date(2026, 3, 1)) is None
        assert convert(work, Decimal(5), "GBP", date(2026, 3, 1)) is None
        assert rates_on(work, ["EUR", "USD", "CNY", "GBP"], date(2026, 2, 1)) == {
            "EUR": Decimal("7.8"),
            "USD": Decimal("7.1"),
            "CNY": Decimal(1),
        }


def test_an_amount_is_exact_to_four_places(application: Any) -> None:
    with application.work(door="cli", write=False) as work:
        assert convert(work, Decimal("100000000000.0001"), "USD", date(2026, 2, 2)) == Decimal(
            "710000000000.0007"
        )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"currency": "euro"}, "too_long"),
        ({"currency": "e1r"}, "not_a_currency"),
        ({"currency": "CNY"}, "base_currency"),
        ({"rate": "0"}, "not_a_rate"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(application: Any, values: Any, code: str) -> None:
    row = {"currency": "GBP", "day": "2026-04-01", "rate": "9.1", **values}
    with pytest.raises(InvalidInput) as wrong, application.work(door="cli") as work:
        records.create(work, "core.currency_rate", row)

    assert [problem.code for problem in wrong.value.problems] == [code]


def test_the_base_currency_stays_while_there_are_rates(application: Any) -> None:
    with pytest.raises(InvalidInput) as wrong, application.work(door="cli") as work:
        write_settings(work, {"core.currency": "EUR"})
    assert wrong.value.problems[0].code == "currency_in_use"
    with application.work(door="cli") as work:
        write_settings(work, {"core.currency": "CNY"})
        table = work.registry.entity("core.currency_rate").table
        records.delete_many(work, "core.currency_rate", list(work.connection.scalars(sa.select(table.c.id))))
        write_settings(work, {"core.currency": "eur"})
    with application.work(door="cli", write=False) as work:
        assert work.settings.currency == "EUR"
