"""Two processes with eight threads each, writing the same records at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.robustness.laboratory import build, delivery_faults, faults, opened
from tests.robustness.processes import write_at_once

ROUNDS = int(os.environ.get("CRMFRAME_WRITER_ROUNDS", "12"))


@pytest.fixture
def url(copied_database_url: Callable[..., str], database_kind: str, tmp_path: Path) -> str:
    return copied_database_url("robustness", database_kind, lambda blank: build(blank, tmp_path))


def test_no_update_is_lost(url: str, tmp_path: Path) -> None:
    outcome = write_at_once(
        url, tmp_path, "increment", "increment_many", "increment_locked", "touch", rounds=ROUNDS
    )

    assert outcome.unexpected == []
    assert outcome.counts["increments"] > 0
    application = opened(url, tmp_path)
    assert faults(application, outcome.counts["increments"]) == []
    assert delivery_faults(application) == []
    application.close()


def test_all_kinds_of_writes_at_once_keep_every_rule(url: str, tmp_path: Path) -> None:
    outcome = write_at_once(url, tmp_path, rounds=2 * ROUNDS)

    print(f"\n{dict(outcome.counts)}")
    assert outcome.unexpected == []
    application = opened(url, tmp_path)
    assert faults(application, outcome.counts["increments"]) == []
    assert delivery_faults(application) == []
    application.close()
