"""Pausing what fails again and again: after three failures in a row, for five minutes, then one trial."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

LIMIT = 3
PAUSE = timedelta(minutes=5)


@dataclass(slots=True)
class _State:
    failures: int = 0
    open_since: datetime | None = None


class Circuits:
    """One circuit per key; ``clock`` returns the present as an aware datetime."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[Hashable, _State] = {}

    def allows(self, key: Hashable) -> bool:
        """Tell whether *key* may be tried; after the pause one caller is let through, the others wait for it."""
        state = self._states.get(key)
        # Read without the lock: nearly every call finds nothing here.
        if state is None or state.open_since is None:
            return True
        with self._lock:
            now, since = self._clock(), state.open_since
            if now - since < PAUSE:
                return False
            state.open_since = now
            return True

    def succeeded(self, key: Hashable) -> None:
        """Forget the failures of *key*."""
        if key in self._states:
            with self._lock:
                self._states.pop(key, None)

    def failed(self, key: Hashable) -> bool:
        """Count a failure of *key*; True when this one opens its circuit."""
        with self._lock:
            state = self._states.setdefault(key, _State())
            state.failures += 1
            if state.failures < LIMIT:
                return False
            state.open_since = self._clock()
            return state.failures == LIMIT

    def open_keys(self) -> list[Hashable]:
        """Return what is paused at present."""
        with self._lock:
            return [key for key, state in self._states.items() if state.open_since is not None]
