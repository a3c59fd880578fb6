"""Delivering events: what the subscribers are told, when, and what happens when one of them fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.core.contributions import Event, Subscription
from crmframe.core.errors import Contended, StorageFull, Unavailable
from crmframe.core.journal import retries
from crmframe.core.journal.events import Cursor, batches_of, end_of_stream, read_batches
from crmframe.core.journal.lease import LeaseLost, new_owner
from crmframe.core.journal.retries import EndlessReaction, ProcessLost, Retry
from crmframe.core.journal.subscriptions import (
    LONGEST_CHAIN,
    EventApplication,
    Place,
    Reaction,
    Step,
    causes,
    claim,
    is_registered,
    places,
    reactions,
    register,
    release,
)

log = logging.getLogger(__name__)

# Commits looked at in one go.
WINDOW = 100
# Processes lost in a row at one place, after which its events are set aside.
MOST_TAKEOVERS = 3
# How far was looked without finding anything is stored this long after: the figures are right, writes stay rare.
REST = timedelta(minutes=1)
# The database is in trouble, not the handler: nothing is noted against it.
TROUBLE = (LeaseLost, Contended, Unavailable, StorageFull)


class Delivery:
    """Serves the subscriptions of an application, as one of possibly many processes.

    Args:
        actor: On whose behalf handlers work.
        stopping: Once set, the reaction that runs is the last.
    """

    def __init__(
        self, application: EventApplication, actor: Any, stopping: threading.Event | None = None
    ) -> None:
        self._application = application
        self._actor = actor
        self._stopping = stopping or threading.Event()
        self._owner = new_owner()
        self._is_registered = False
        self._has_claimed = False
        # How far was looked without finding anything of interest: worth remembering, not worth a write.
        self._seen: dict[str, Cursor] = {}
        self._seen_since: dict[str, datetime] = {}

    def run_once(self) -> int:
        """Deliver all there is, also what the handlers themselves cause; return how often a handler ran.

        Raises:
            Unavailable: The database does not answer; nothing is lost, call again.
        """
        self._register()
        total = 0
        while not self._stopping.is_set():
            ran = self._retry_due() + sum(self.deliver(each) for each in self._waiting())
            total += ran
            if not ran:
                break
        return total

    def deliver(self, subscription: Subscription) -> int:
        """Let one subscription take what lies ahead of it; return how often its handler ran."""
        ran = 0
        try:
            while not self._stopping.is_set():
                step = self._window(subscription)
                if step is None:
                    break
                ran += step
        except (LeaseLost, Contended):
            # Somebody else does it, or was faster to lock what the handler wanted: next time it may do.
            self._seen.pop(subscription.key, None)
        return ran

    def close(self) -> None:
        """Give the leases back."""
        if self._has_claimed:
            with self._application.database.write() as connection:
                release(connection, self._owner)

    def _register(self) -> None:
        if self._is_registered:
            return
        subscriptions = self._application.subscriptions
        with self._application.database.read() as connection:
            self._is_registered = is_registered(connection, subscriptions)
        if not self._is_registered:
            with self._application.database.write() as connection:
                register(connection, subscriptions)
            self._is_registered = True

    def _waiting(self) -> list[Subscription]:
        with self._application.database.read() as connection:
            mine = places(connection, self._owner, self._application.clock())
            end = end_of_stream(connection)
        for key, place in mine.items():
            self._rest(key, place)
        return [
            each
            for each in self._application.subscriptions
            if each.key in mine and self._start(each.key, mine[each.key].cursor) < end
        ]

    def _rest(self, key: str, place: Place) -> None:
        """Store how far was looked once nothing of interest came for a while: it would seem to be behind."""
        now, seen = self._application.clock(), self._seen.get(key, place.cursor)
        if seen <= place.cursor:
            self._seen_since.pop(key, None)
        elif now - self._seen_since.setdefault(key, now) >= REST:
            try:
                held = place if place.is_held else self._claim(key, place.cursor)
                with self._application.database.write() as connection:
                    Step(key, self._owner, held.cursor, seen).take(connection, now)
            except (LeaseLost, Contended):
                self._seen.pop(key, None)
            self._seen_since.pop(key, None)

    def _start(self, key: str, place: Cursor) -> Cursor:
        return max(place, self._seen.get(key, place))

    def _window(self, subscription: Subscription) -> int | None:
        """Work on the next commits; None when there are none, or they are somebody else's to deliver."""
        key = subscription.key
        with self._application.database.read() as connection:
            place = places(connection, self._owner, self._application.clock()).get(key)
            if place is None:
                return None
            batches = read_batches(connection, self._start(key, place.cursor), WINDOW, subscription.events)
        if not batches:
            return None
        ahead, end = reactions(batches), batches[-1].cursor
        is_long = len(batches) == WINDOW
        if (ahead or is_long) and not place.is_held:
            place = self._claim(key, place.cursor)
        if ahead:
            return self._take(subscription, place, ahead)
        if is_long:
            with self._application.database.write() as connection:
                Step(key, self._owner, place.cursor, end).take(connection, self._application.clock())
        self._seen[key] = end
        self._seen_since.setdefault(key, self._application.clock())
        return 0

    def _take(self, subscription: Subscription, place: Place, ahead: Sequence[Reaction]) -> int:
        start, takeovers = place.cursor, place.takeovers
        for done, reaction in enumerate(ahead):
            if self._stopping.is_set():
                return done
            step = Step(subscription.key, self._owner, start, reaction.to)
            if takeovers >= MOST_TAKEOVERS:
                text = f"{takeovers} processes in a row ended while {subscription.key} took these events."
                self._set_aside(subscription, step, reaction, ProcessLost(text))
            else:
                self._react(subscription, step, reaction)
            start, takeovers = reaction.to, 0
        return len(ahead)

    def _claim(self, key: str, expected: Cursor) -> Place:
        self._has_claimed = True
        with self._application.database.write() as connection:
            place = claim(connection, key, self._owner, self._application.clock())
            if place is None or place.cursor != expected:
                raise LeaseLost(f"Subscription {key} is served by somebody else.")
        return place

    def _react(self, subscription: Subscription, step: Step, reaction: Reaction) -> None:
        try:
            self._call(subscription, reaction.operation_id, reaction.events, step.take, reaction.caused)
        except TROUBLE:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a handler may raise anything and stops nobody else
            self._set_aside(subscription, step, reaction, error)

    def _set_aside(
        self, subscription: Subscription, step: Step, reaction: Reaction, error: BaseException
    ) -> None:
        self._report(subscription, reaction.operation_id, error)
        with self._application.database.write() as connection:
            now = self._application.clock()
            step.take(connection, now)
            retries.set_aside(connection, subscription.key, reaction, error, now)

    def _retry_due(self) -> int:
        subscriptions = {each.key: each for each in self._application.subscriptions}
        with self._application.database.read() as connection:
            found = retries.due(connection, list(subscriptions), self._application.clock())
        for retry in found:
            if self._stopping.is_set():
                break
            self._try_again(subscriptions[retry.subscription], retry)
        return len(found)

    def _try_again(self, subscription: Subscription, retry: Retry) -> None:
        with self._application.database.write() as connection:
            begun = retries.begin(connection, retry, self._application.clock())
            batches = batches_of(connection, retry.commits, subscription.events)
        if begun is None:
            return
        events = [each for batch in batches for each in batch.events]

        def fence(connection: sa.Connection, _now: datetime) -> None:
            if not retries.take(connection, begun):
                raise LeaseLost(f"Delivery {retry.id} was taken by somebody else.")

        try:
            self._call(subscription, retry.operation_id, events, fence, caused=True)
        except (LeaseLost, Contended):
            return
        except TROUBLE:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - see _react
            self._report(subscription, retry.operation_id, error)
            with self._application.database.write() as connection:
                retries.failed_again(connection, begun, error, self._application.clock())

    def _call(
        self,
        subscription: Subscription,
        operation_id: int,
        events: Sequence[Event],
        fence: Callable[[sa.Connection, datetime], None],
        caused: bool,
    ) -> None:
        """Run the handler; ``fence`` makes sure that its transaction counts only once."""
        work = self._application.work(
            self._actor, door="event", write=True, cause=subscription.key, cause_id=operation_id
        )
        with work as unit:
            fence(unit.connection, unit.now)
            if caused and causes(unit.connection, operation_id) >= LONGEST_CHAIN:
                raise EndlessReaction(
                    f"Operation {operation_id} is a reaction to a reaction, {LONGEST_CHAIN} times over. "
                    f"{subscription.key} was not told of it: reactions seem to cause each other without end."
                )
            subscription.handle(unit, events)

    def _report(self, subscription: Subscription, operation_id: int, error: BaseException) -> None:
        log.warning(
            "Subscription %s failed on the events of operation %s",
            subscription.key,
            operation_id,
            exc_info=error,
        )
