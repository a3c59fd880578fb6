"""kill -9 at random moments: what was acknowledged is there, what is there is sound."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.journal.tables import change, operation
from crmframe.core.transfer import ImportOptions, import_file
from tests.robustness.laboratory import build, delivery_faults, faults, opened
from tests.robustness.processes import ROOT

KILLS = int(os.environ.get("CRMFRAME_KILLS", "8"))
# Enough that the import is not done before the last kill.
ROWS = 250 * KILLS

pytestmark = pytest.mark.timeout(1800)
CopiedUrl = Callable[[str, Any, Callable[[str], None]], str]


@pytest.fixture
def copy(copied_database_url: CopiedUrl, database_kind: str, tmp_path: Path) -> Callable[[], str]:
    """Give ``copy()``: the URL of a laboratory of its own."""
    return lambda: copied_database_url("robustness", database_kind, lambda blank: build(blank, tmp_path))


def kill(what: str, url: str, folder: Path) -> int:
    """Let the processes be killed; return how often they were."""
    command = [sys.executable, "-m", "tests.robustness.crashing", what, url, str(folder), str(KILLS), "7"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-5000:]
    return int(ended.stdout.split()[-1])


def acknowledged(folder: Path) -> list[dict[str, Any]]:
    """Return what was acknowledged; the last line may be half written."""
    lines = (folder / "acknowledged").read_text().split("\n")
    return [json.loads(line) for line in lines if line.endswith("}")]


def test_acknowledged_writes_survive_any_kill(copy: Callable[[], str], tmp_path: Path) -> None:
    url = copy()
    killed = kill("write", url, tmp_path)

    assert killed == KILLS
    application = opened(url, tmp_path)
    log = acknowledged(tmp_path)
    assert len(log) > KILLS
    assert faults(application) == []
    assert missing(application, log) == []
    assert delivery_faults(application) == []
    application.close()


def missing(application: Application, log: list[dict[str, Any]]) -> list[str]:
    """Return what was acknowledged and is not there."""
    table = application.registry.entity("core.customer").table
    with application.database.read() as connection:
        now = {row.id: row for row in connection.execute(sa.select(table))}
        entries = sa.select(change).where(change.c.entity == "core.customer").order_by(change.c.version)
        journal = connection.execute(entries).all()
        moves = (
            connection.scalar(sa.text("SELECT count(*) FROM core_event WHERE name = 'sales.deal.move'")) or 0
        )
    deleted = {row.record_id for row in journal if row.kind == "delete"}
    created = {i for row in journal if row.kind == "create" for i in range(row.record_id, row.last_id + 1)}
    found = []
    for facts in log:
        found += [
            f"customer {record_id} was acknowledged and is not there"
            for record_id in facts.get("ids", [facts["id"]] if facts.get("version") == 1 else [])
            if record_id not in created or (record_id not in now and record_id not in deleted)
        ]
        if facts.get("deleted") and facts["id"] in now:
            found.append(f"customer {facts['id']} was acknowledged as deleted and is there")
        if "employees" in facts and value_at(journal, now, facts) != facts["employees"]:
            found.append(f"{facts} was acknowledged, the journal says {value_at(journal, now, facts)}")
    acted = sum("moved" in facts for facts in log)
    if moves < acted:
        found.append(f"{acted} moves were acknowledged, {moves} happened")
    return found


def value_at(journal: Any, now: Any, facts: dict[str, Any]) -> Any:
    """Return what a counter was at an acknowledged version."""
    later = [
        row.before["employees"]
        for row in journal
        if row.record_id == facts["id"]
        and row.version > facts["version"]
        and "employees" in (row.before or {})
    ]
    return later[0] if later else now[facts["id"]].employees


def test_an_import_killed_again_and_again_ends_as_an_undisturbed_one(
    copy: Callable[[], str], tmp_path: Path
) -> None:
    with (tmp_path / "in.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "code", "city", "employees", "parent"))
        for number in range(ROWS):
            code = f"C{number % (ROWS - 150)}"  # the last ones change records that the first ones made
            parent = f"Customer {number // 9}" if number % 3 == 0 and number else ""
            employees = "many" if number % 97 == 5 else number
            writer.writerow((f"Customer {number}", code, "Wuhan", employees, parent))
    broken, whole = copy(), copy()

    killed = kill("load", broken, tmp_path)
    again = [sys.executable, "-c", FINISH, broken, str(tmp_path)]
    subprocess.run(again, cwd=ROOT, check=True)

    undisturbed, resumed = opened(whole, tmp_path), opened(broken, tmp_path)
    options = ImportOptions(match=("code",), mend=tmp_path / "whole.csv")
    report = import_file(undisturbed, None, tmp_path / "in.csv", "core.customer", options)
    print(f"\nkilled {killed} times; {report}"[:300])
    assert killed == KILLS
    assert report.refused > 0
    assert contents(resumed) == contents(undisturbed)
    assert (tmp_path / "mend.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert faults(resumed) == []
    assert delivery_faults(resumed) == []
    with resumed.database.read() as connection:
        imports = connection.execute(sa.select(operation.c.state).where(operation.c.door == "import")).all()
    assert [row.state for row in imports] == ["done"]
    undisturbed.close()
    resumed.close()


FINISH = """
import sys
from pathlib import Path
from tests.robustness.crashing import load
load(sys.argv[1], Path(sys.argv[2]), 0)
"""


def contents(application: Application) -> Counter[Any]:
    """Return the customers with their parents' codes: ids differ where a sequence went on."""
    table = application.registry.entity("core.customer").table
    parent = table.alias()
    columns = [table.c[n] for n in ("name", "code", "city", "employees", "version")]
    statement = sa.select(*columns, parent.c.code.label("parent")).outerjoin(
        parent, parent.c.id == table.c.parent_id
    )
    with application.database.read() as connection:
        return Counter(tuple(row) for row in connection.execute(statement))
