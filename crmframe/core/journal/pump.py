"""The thread that delivers events while a server or a worker runs."""

from __future__ import annotations

import logging
import threading
from typing import Any

from crmframe.core.errors import CrmError
from crmframe.core.journal.delivery import Delivery
from crmframe.core.journal.subscriptions import EventApplication

log = logging.getLogger(__name__)


class EventPump:
    """Delivers when woken after a commit of this process, and once a second for those of other processes.

    Args:
        actor: On whose behalf handlers work.
    """

    def __init__(self, application: EventApplication, actor: Any, poll_seconds: float = 1.0) -> None:
        self._poll_seconds = poll_seconds
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._delivery = Delivery(application, actor, self._stopping)
        self._thread = threading.Thread(target=self._run, name="crmframe-events", daemon=True)

    def start(self) -> None:
        """Begin; once only."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something was committed; costs nothing."""
        self._wake.set()

    def stop(self, timeout: float = 10.0) -> bool:
        """Let the running handler finish and end; False when it takes longer than *timeout* seconds."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Cleared before looking: what is committed from here on wakes us again.
            self._wake.clear()
            self._deliver()
            self._wake.wait(self._poll_seconds)
        try:
            self._delivery.close()
        except CrmError:
            log.warning("Leases of subscriptions could not be given back; they run out by themselves")

    def _deliver(self) -> None:
        try:
            self._delivery.run_once()
        except Exception:  # - the thread must outlive a database that is away for a while
            log.exception("Events could not be delivered; trying again")
