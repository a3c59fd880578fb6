"""An import that is killed again and again ends as one that was left alone."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.transfer import ImportOptions, import_file
from crmframe.testing.application import MakeApplication
from tests.core.transfer.test_resuming import operations, rows_of, written

IMPORTER = Path(__file__).with_name("importer.py")
ROWS = 6000
KILLS = 6


def imported(application: Application) -> list[tuple[Any, ...]]:
    """Return the customers with their parents' names: ids differ where a sequence went on."""
    table = application.registry.entity("core.customer").table
    parent = table.alias()
    columns = [table.c.name, table.c.code, table.c.employees, table.c.city, table.c.version, parent.c.name]
    statement = sa.select(*columns).outerjoin(parent, parent.c.id == table.c.parent_id)
    with application.database.read() as connection:
        return sorted(connection.execute(statement).all(), key=str)


@pytest.mark.slow
def test_killed_imports_end_as_undisturbed_ones(make_application: MakeApplication, tmp_path: Path) -> None:
    random = Random(7)
    file = written(tmp_path / "in.csv", rows_of(11, ROWS))
    whole, broken = make_application(), make_application()
    expected = import_file(whole, None, file, "core.customer", ImportOptions(mend=tmp_path / "whole.csv"))
    url = broken.database.url.render_as_string(hide_password=False)
    command = [sys.executable, str(IMPORTER), url, str(tmp_path), str(file)]

    killed = 0
    while killed < KILLS:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            if process.stdout.readline().strip() == "done":
                break
            time.sleep(random.random() * 0.5)
            killed += process.poll() is None
            process.kill()
    finished = subprocess.run(command, capture_output=True, text=True, check=True)

    assert finished.stdout.splitlines()[-1] == "done"
    assert killed >= 2
    assert imported(broken) == imported(whole)
    assert (tmp_path / "mend.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert operations(broken) == 1
    assert expected.created + expected.refused == ROWS
