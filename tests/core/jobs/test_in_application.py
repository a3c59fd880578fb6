"""Events and jobs in a real application: records written by reactions and by jobs, with the asker's rights."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.contributions import Job, Subscription
from crmframe.core.errors import PermissionDenied
from crmframe.core.jobs import queue
from crmframe.core.jobs.tables import job
from crmframe.core.jobs.worker import Worker
from crmframe.core.journal import tables
from crmframe.core.journal.subscriptions import register


def prepare(application, subscriptions=(), jobs=()) -> None:
    application.subscriptions = list(subscriptions)
    application.jobs = {each.name: each for each in jobs}
    with application.database.write() as connection:
        register(connection, application.subscriptions)


def user(application) -> int:
    with application.work() as work:
        return records.create(work, "core.user", {"login": "asker", "name": "Asker"})["id"]


def rows(application, table):
    with application.database.read() as connection:
        return connection.execute(sa.select(table).order_by(table.c.id)).all()


def test_reaction_writes_through_records_and_names_its_cause(make_application) -> None:
    seen = []

    def tag_new_customers(work, events) -> None:
        for event in events:
            seen.append((event.name, list(event.ids), sorted(event.fields), dict(event.before)))
            records.create(work, "core.tag", {"name": f"new {event.ids[0]} {event.name}"})

    application = make_application()
    prepare(application, [Subscription("test.tag", ("core.customer.*",), tag_new_customers)])
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "Acme", "kind": "company"})
    with application.work() as work:
        records.update(work, "core.customer", customer["id"], {"name": "Acme & Co"})

    assert Worker(application).run_once().events == 2

    created, updated = seen
    assert created == ("core.customer.created", [customer["id"]], [], {})
    assert updated[:2] == ("core.customer.updated", [customer["id"]])
    assert updated[3][customer["id"]]["name"] == "Acme"
    first, second, *caused = rows(application, tables.operation)
    assert [(each.door, each.cause, each.cause_id) for each in caused] == [
        ("event", "test.tag", first.id),
        ("event", "test.tag", second.id),
    ]


def test_job_has_the_rights_of_who_asked_for_it(make_application) -> None:
    found = []

    def run(work, payload) -> None:
        found.append(work.actor.id)
        try:
            records.create(work, "core.tag", {"name": "mine"})
        except PermissionDenied as error:
            found.append(error.code)

    application = make_application()
    prepare(application, jobs=[Job("test.tag", run)])
    asker = user(application)
    with application.database.read() as connection:
        actor = actor_of_user(connection, asker)
    with application.work(actor) as work:
        queue.enqueue(work, "test.tag")

    assert Worker(application).run_once().jobs == 1
    assert found == [asker, "permission_denied"]


def test_job_of_a_user_who_was_switched_off_does_not_run(make_application) -> None:
    application = make_application()
    prepare(application, jobs=[Job("test.never", lambda work, payload: 1 / 0)])
    asker = user(application)
    with application.database.read() as connection:
        actor = actor_of_user(connection, asker)
    with application.work(actor) as work:
        queue.enqueue(work, "test.never")
    with application.work() as work:
        records.update(work, "core.user", asker, {"is_active": False})

    Worker(application).run_once()

    (row,) = rows(application, job)
    assert row.state == "dead"
    assert f"User {asker}, who asked for this job, is gone or switched off." in row.error
