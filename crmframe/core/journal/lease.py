"""What leases have in common, those of subscriptions and those of jobs."""

from __future__ import annotations

import os
import socket
import uuid


class LeaseLost(Exception):
    """Somebody else has taken over, so nothing of this attempt may be committed."""


def new_owner() -> str:
    """Return a name that nobody else has: people read the machine and the process, programs the rest."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
