"""The pump: a thread that delivers when woken."""

from __future__ import annotations

import threading

from crmframe.core.access.actor import system_actor
from crmframe.core.contributions import Subscription
from crmframe.core.errors import Unavailable
from crmframe.core.journal.event_tables import subscription
from crmframe.core.journal.pump import EventPump
from tests.core.journal.subscribing import create, open_registered
from tests.core.small_application import rows


def test_pump_delivers_when_woken_and_stops(applications) -> None:
    told = threading.Event()
    application = open_registered(
        applications, Subscription("a.tell", ("*",), lambda work, events: told.set())
    )
    pump = EventPump(application, system_actor("event"), poll_seconds=60)
    pump.start()
    create(application, 1)
    pump.wake()

    assert told.wait(10)
    assert pump.stop()
    assert [row.lease_owner for row in rows(application, subscription)] == [None]


def test_pump_outlives_a_database_that_is_away(applications, caplog) -> None:
    told = threading.Event()
    application = open_registered(
        applications, Subscription("a.tell", ("*",), lambda work, events: told.set())
    )
    create(application, 1)
    away = [True]

    def lose() -> None:
        if away:
            away.clear()
            raise Unavailable

    application.before_work = lose
    pump = EventPump(application, system_actor("event"), poll_seconds=0.01)
    pump.start()

    assert told.wait(10)
    assert pump.stop()
    assert "trying again" in caplog.text
