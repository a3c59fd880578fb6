"""A batch that may fail without taking the rest of the transaction with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crmframe.core.work import UnitOfWork


@contextmanager
def attempt(work: UnitOfWork) -> Iterator[None]:
    """Take back what a failed batch has done, in the database and in the journal; the error goes on."""
    journal = work.journal
    changes, events, verb = len(journal.changes), len(journal.events), journal.verb
    deleting, undoable = set(work.deleting), journal.undoable
    nested = work.connection.begin_nested()
    try:
        yield
    except BaseException:
        nested.rollback()
        del journal.changes[changes:], journal.events[events:]
        journal.verb, journal.undoable, work.deleting = verb, undoable, deleting
        raise
    nested.commit()
