"""The queue of writers: one writes at a time in this process, first come, first served.

SQLite has one writer anyway. Its busy time-out is unfair (p99 of 335 ms at 16 writers, SPEED.md H); a queue is not.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class WriterQueue:
    """A fair lock."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._busy = False
        self._owner: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this caller's turn and hold it.

        Raises:
            RuntimeError: This thread has the turn already: it would wait for itself.
        """
        if self._owner == threading.get_ident():
            raise RuntimeError("This thread is writing already. Use the unit of work that is open.")
        self._enter()
        self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._owner = None
            self._leave()

    def _enter(self) -> None:
        with self._guard:
            if not self._busy:
                self._busy = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def _leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False
