"""Writes that belong to long work, and those that do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from crmframe.core.storage.engine import LASTING_PAGES, USUAL_PAGES, Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def pages(connection: sa.Connection) -> int:
    if connection.dialect.name != "sqlite":
        pytest.skip("only SQLite folds its log back at a commit")
    return int(connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one())


def test_long_work_folds_its_log_back_between_its_transactions_only(database: Database) -> None:
    with database.write(lasting=True) as connection:
        assert pages(connection) == LASTING_PAGES
    with database.write() as connection:
        assert pages(connection) == USUAL_PAGES


def test_failed_long_work_leaves_its_connection_as_it_was(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        fail(database)
    with database.write() as connection:
        assert pages(connection) == USUAL_PAGES


def fail(database: Database) -> None:
    with database.write(lasting=True) as connection:
        assert pages(connection) == LASTING_PAGES
        raise ZeroDivisionError
