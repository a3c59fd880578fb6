"""Writes that belong to long work, and those that do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmframe.core.storage.engine import LASTING_PAGES, USUAL_PAGES, Database
from crmframe.core.storage.private import private_folder


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


def test_new_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    database = Database(f"sqlite:///{path}")
    with database.write() as connection:
        connection.exec_driver_sql("create table things (id integer)")
    modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    database.close()

    assert modes["new.db"] == 0o600
    assert set(modes.values()) == {0o600}


def test_private_folders_are_made_for_their_owner_and_others_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_folder(tmp_path / "data" / "templates")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "templates").stat().st_mode & 0o777 == 0o700
    assert tmp_path.stat().st_mode & 0o777 == 0o755
