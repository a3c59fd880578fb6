"""A full disk: saving is refused in words, reading goes on, and freeing space is all it takes."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import StorageFull
from crmframe.core.operation.check import run_checks
from crmframe.settings import AppSettings
from crmframe.testing.databases import Databases

MEGABYTES = 12
LIBC = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of a few megabytes; the test is skipped where none can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    size = f"size={MEGABYTES}m".encode()
    if os.geteuid() != 0 or LIBC.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, size) != 0:
        pytest.skip("no small disk: mounting a tmpfs needs root and its rights")
    yield folder
    LIBC.umount2(str(folder).encode(), 2)


@pytest.fixture
def application(small_disk: Path, databases: Databases, tmp_path: Path) -> Iterator[Application]:
    url = databases.blank("sqlite")
    made = Path(str(sa.make_url(url).database))
    Application(AppSettings(database=url, folder=tmp_path)).close()
    shutil.copy(made, small_disk / "crm.db")
    application = Application(AppSettings(database=f"sqlite:///{small_disk / 'crm.db'}", folder=tmp_path))
    yield application
    application.close()


def fill(folder: Path) -> Path:
    """Leave no byte."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (65536, 1024, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return path


def create(application: Application, count: int) -> None:
    with application.work() as work:
        rows = [{"name": f"Customer {n}", "notes": "x" * 500} for n in range(count)]
        records.create_many(work, "core.customer", rows)


def count(application: Application) -> int:
    with application.work(write=False) as work:
        return records.count(work, "core.customer", records.Query(), cap=100_000).value


def test_a_full_disk_refuses_writes_only_and_recovers_by_itself(
    application: Application, small_disk: Path
) -> None:
    create(application, 10)
    filler = fill(small_disk)

    for _ in range(3):
        with pytest.raises(StorageFull):
            create(application, 1000)
        assert count(application) == 10
    filler.unlink()

    create(application, 5)
    assert count(application) == 15
    with application.work(write=False) as work:
        assert [problem for answer in run_checks(work) for problem in answer.problems] == []


def until_full(application: Application) -> int:
    """Write until the disk is full; return how many were acknowledged."""
    for rounds in range(10_000):
        try:
            create(application, 100)
        except StorageFull:
            return rounds * 100
    raise AssertionError("the disk is not small")


def test_a_disk_that_fills_up_loses_nothing_that_was_acknowledged(
    application: Application, small_disk: Path
) -> None:
    acknowledged = until_full(application)

    assert acknowledged > 0
    assert count(application) == acknowledged
    # A new connection, as another process opens one, reads as well.
    application.database.engine.dispose()
    assert count(application) == acknowledged
    with application.work(write=False) as work:
        assert [problem for answer in run_checks(work) for problem in answer.problems] == []
