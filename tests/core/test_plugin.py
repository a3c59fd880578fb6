"""What the core declares."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.jobs import tables as jobs
from crmframe.core.jobs.worker import Worker
from crmframe.core.journal import tables as journal
from crmframe.testing.application import TestClock


def test_nightly_clean_up_deletes_what_has_served_its_time(
    application: Application, clock: TestClock
) -> None:
    def answer(key: str) -> dict[str, object]:
        return {
            "key": key,
            "actor_id": 1,
            "request_hash": "x",
            "status": 200,
            "body": "",
            "at": application.clock(),
        }

    with application.database.write() as connection:
        connection.execute(sa.insert(journal.idempotency), [answer("old")])
    Worker(application).run_once()
    clock.advance(days=2)
    with application.database.write() as connection:
        connection.execute(sa.insert(journal.idempotency), [answer("young")])
    Worker(application).run_once()

    with application.database.read() as connection:
        done = connection.scalars(sa.select(jobs.job.c.name).where(jobs.job.c.state == "done")).all()
        kept = connection.scalars(sa.select(journal.idempotency.c.key)).all()
    assert "core.clean_up" in done
    assert kept == ["young"]
