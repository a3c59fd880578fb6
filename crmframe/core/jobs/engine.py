"""The seam for an engine: what executes jobs when threads of our own are not enough."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from crmframe.core.jobs.running import JobApplication


class JobEngine(Protocol):
    """Executes jobs elsewhere, such as Celery. The job's row stays the record; an engine only knows its id."""

    def submit(self, job_id: int) -> None:
        """Have ``run_next(application, job_id)`` called soon, in any process, once or more often.

        An id may be submitted again when its job was not claimed for a while.
        """


def load_engine(application: JobApplication, path: str) -> JobEngine | None:
    """Return the engine that the setting names; None when it is empty: threads of our own.

    Args:
        path: ``package.module:function``; ``function(application)`` returns the engine.
    """
    if not path:
        return None
    module, _, name = path.partition(":")
    make: Any = getattr(importlib.import_module(module), name)
    engine: JobEngine = make(application)
    return engine
