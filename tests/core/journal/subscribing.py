"""What the tests of subscriptions share."""

from __future__ import annotations

from crmframe.core.access.actor import system_actor
from crmframe.core.contributions import Subscription
from crmframe.core.journal.delivery import Delivery
from crmframe.core.journal.subscriptions import register
from tests.core.small_application import make_mark


def mark_ids(work, events) -> None:
    for event in events:
        for record_id in event.ids:
            make_mark(work, f"{event.entity}:{record_id}")


def delivery(application) -> Delivery:
    return Delivery(application, system_actor("event"))


def create(application, *ids, entity="core.customer") -> None:
    with application.work() as work:
        work.journal.created(entity, ids)


def open_registered(applications, *subscriptions):
    application = applications.open(subscriptions)
    with application.database.write() as connection:
        register(connection, subscriptions)
    return application


NOTE = Subscription("sales.note", ("core.customer.*",), mark_ids)
