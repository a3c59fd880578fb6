"""Histories of migrations: one line of files, one safe transaction, on both databases."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmframe.core.storage.engine import Database
from crmframe.core.storage.migrations import (
    History,
    SchemaFault,
    UnknownRevision,
    back_up,
    current,
    migration,
    missing,
    revisions,
    upgrade,
)

FILE = '''"""A step."""

import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = {before}


def upgrade() -> None:
    {body}
'''
TABLE = (
    'op.create_table("sample_row", sa.Column("id", sa.Integer(), primary_key=True), '
    'sa.Column("text", sa.Text()), sqlite_autoincrement=True)'
)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    database = Database(database_url)
    yield database.engine
    database.close()


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History("sample", tmp_path / "migrations")


def add(history: History, number: int, body: str = "pass", *, before: int | None = None) -> None:
    history.folder.mkdir(exist_ok=True)
    previous = before if before is not None else number - 1
    text = FILE.format(
        name=f"sample_{number:04d}", before=f'"sample_{previous:04d}"' if previous else None, body=body
    )
    (history.folder / f"sample_{number:04d}_step.py").write_text(text)


def run(engine: sa.Engine, history: History) -> tuple[str, ...]:
    with migration(engine) as connection:
        return upgrade(connection, history)


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def execute(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_revisions_are_read_from_the_text_of_the_files(history: History) -> None:
    assert revisions(history) == ()
    add(history, 1)
    add(history, 2, "raise SystemExit('must not be imported')")

    assert revisions(history) == ("sample_0001", "sample_0002")
    assert missing(history, None) == ("sample_0001", "sample_0002")
    assert missing(history, "sample_0001") == ("sample_0002",)
    assert missing(history, "sample_0002") == ()
    with pytest.raises(UnknownRevision, match="sample_0003"):
        missing(history, "sample_0003")


def test_files_that_do_not_form_one_line_are_refused(history: History) -> None:
    add(history, 1)
    add(history, 2)
    add(history, 3, before=1)
    with pytest.raises(SchemaFault, match="sample_0002 and sample_0003 both follow sample_0001"):
        revisions(history)

    add(history, 3, before=9)
    with pytest.raises(SchemaFault, match="sample_0003 follow no revision"):
        revisions(history)

    (history.folder / "sample_0003_step.py").write_text("nothing = 1\n")
    with pytest.raises(SchemaFault, match="has no line that starts with revision"):
        revisions(history)


def test_only_what_is_missing_runs(engine: sa.Engine, history: History) -> None:
    add(history, 1, TABLE)
    assert current(engine, [history]) == {"sample": None}
    assert run(engine, history) == ("sample_0001",)
    add(history, 2, 'op.add_column("sample_row", sa.Column("more", sa.Text()))')

    assert run(engine, history) == ("sample_0002",)
    assert run(engine, history) == ()
    assert current(engine, [history, History("other", history.folder)]) == {
        "sample": "sample_0002",
        "other": None,
    }


@pytest.mark.parametrize("error", ["RuntimeError('oops')", "SystemExit(1)", "KeyboardInterrupt()"])
def test_failing_migration_leaves_nothing(engine: sa.Engine, history: History, error: str) -> None:
    add(history, 1, f"{TABLE}\n    raise {error}")

    with pytest.raises((RuntimeError, SystemExit, KeyboardInterrupt)):
        run(engine, history)

    assert tables(engine) == set()
    add(history, 1, TABLE)
    assert run(engine, history) == ("sample_0001",)


def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(engine: sa.Engine, history: History) -> None:
    add(history, 1, TABLE)
    run(engine, history)
    execute(
        engine,
        "CREATE TABLE child (id INTEGER PRIMARY KEY, row_id INTEGER REFERENCES sample_row(id) ON DELETE CASCADE)",
    )
    execute(engine, "INSERT INTO sample_row (id, text) VALUES (1, 'one')")
    execute(engine, "INSERT INTO child (id, row_id) VALUES (1, 1)")
    add(
        history,
        2,
        'with op.batch_alter_table("sample_row", table_kwargs={"sqlite_autoincrement": True}) as batch:\n'
        '        batch.alter_column("text", type_=sa.String(300))',
    )
    run(engine, history)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM child").scalar() == 1


def test_migration_that_leaves_dangling_references_is_undone(
    blank_database_url: object, tmp_path: Path, history: History
) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/sample.db")
    add(history, 1, TABLE)
    run(engine, history)
    execute(engine, "CREATE TABLE child (id INTEGER PRIMARY KEY, row_id INTEGER REFERENCES sample_row(id))")
    execute(engine, "INSERT INTO sample_row (id) VALUES (1)")
    execute(engine, "INSERT INTO child (row_id) VALUES (1)")
    add(history, 2, 'op.execute("DELETE FROM sample_row")')

    with pytest.raises(SchemaFault, match="child row 1 → sample_row"):
        run(engine, history)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sample_row").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_ids_are_not_used_twice_after_a_rebuild(tmp_path: Path, history: History) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/sample.db")
    add(history, 1, TABLE)
    run(engine, history)
    execute(engine, "INSERT INTO sample_row (text) VALUES ('one'), ('two'), ('three')")
    execute(engine, "DELETE FROM sample_row")
    rebuild = 'with op.batch_alter_table("sample_row"{}) as batch:\n        batch.alter_column("text", type_=sa.String(300))'
    add(history, 2, rebuild.format(""))
    with pytest.raises(SchemaFault, match="sample_row lost AUTOINCREMENT"):
        run(engine, history)

    add(history, 2, rebuild.format(', table_kwargs={"sqlite_autoincrement": True}'))
    run(engine, history)
    execute(engine, "INSERT INTO sample_row (text) VALUES ('four')")

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT max(id) FROM sample_row").scalar() == 4
    engine.dispose()


def test_migration_that_commits_by_itself_is_refused(engine: sa.Engine, history: History) -> None:
    add(history, 1, f'{TABLE}\n    op.execute("COMMIT")')

    with pytest.raises(SchemaFault, match="ended the transaction itself"):
        run(engine, history)


def test_threads_that_migrate_at_once_run_each_step_once(engine: sa.Engine, history: History) -> None:
    add(history, 1, TABLE)
    ran: list[tuple[str, ...]] = []
    threads = [threading.Thread(target=lambda: ran.append(run(engine, history))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ran) == [(), (), (), ("sample_0001",)]


def test_processes_that_migrate_at_once_run_each_step_once(
    database_url: str, engine: sa.Engine, history: History
) -> None:
    add(history, 1, f"{TABLE}\n    __import__('time').sleep(0.3)")
    script = (
        "import sys, pathlib, sqlalchemy as sa\n"
        "from crmframe.core.storage.migrations import History, migration, upgrade\n"
        "with migration(sa.create_engine(sys.argv[1])) as connection:\n"
        "    print(len(upgrade(connection, History('sample', pathlib.Path(sys.argv[2])))))\n"
    )
    command = [sys.executable, "-c", script, database_url, str(history.folder)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [child.communicate()[0].strip() for child in children]

    assert sorted(answers) == ["0", "0", "1"]


def test_checking_for_pending_migrations_does_not_import_alembic(tmp_path: Path, history: History) -> None:
    add(history, 1, TABLE)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/sample.db")
    run(engine, history)
    engine.dispose()
    script = (
        "import sys, pathlib, sqlalchemy as sa\n"
        "from crmframe.core.storage.migrations import History, current, missing\n"
        "history = History('sample', pathlib.Path(sys.argv[2]))\n"
        "print(missing(history, current(sa.create_engine(sys.argv[1]), [history])['sample']), 'alembic' in sys.modules)\n"
    )
    command = [sys.executable, "-c", script, str(engine.url), str(history.folder)]

    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "() False\n"


def test_looking_for_pending_migrations_is_one_query(engine: sa.Engine, history: History) -> None:
    add(history, 1, TABLE)
    other = History("other", history.folder)
    run(engine, history)
    with migration(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE crm_schema_other (version_num VARCHAR(60) NOT NULL)")
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *event: statements.append(event[2]))
    current(engine, [history, other])

    assert len([text for text in statements if text != "BEGIN"]) == 1


def test_backup_is_a_complete_copy_of_the_running_database(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/crm.db")
    execute(engine, "PRAGMA journal_mode=WAL")
    execute(engine, "CREATE TABLE sample (id INTEGER PRIMARY KEY)")
    execute(engine, "INSERT INTO sample VALUES (1), (2)")
    with engine.connect() as open_elsewhere:
        open_elsewhere.exec_driver_sql("SELECT * FROM sample").fetchone()

        copy = back_up(engine)

    assert copy is not None
    assert copy.parent == tmp_path / "backups"
    assert copy.stat().st_mode & 0o077 == 0
    restored = sa.create_engine(f"sqlite:///{copy}")
    with restored.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sample").scalar() == 2
    assert list(copy.parent.iterdir()) == [copy]
    restored.dispose()
    engine.dispose()
