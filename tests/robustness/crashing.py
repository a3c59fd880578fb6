"""Kills processes of its own at random moments: ``python -m tests.robustness.crashing WHAT URL FOLDER KILLS SEED``.

Everything is imported once; each round forks, so that a round costs no start-up. The child opens the application anew.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import Conflict, NotFound
from crmframe.core.journal.tables import operation
from crmframe.core.transfer import ImportOptions, import_file, importing
from tests.robustness.laboratory import opened, settings_of

THREADS = 3
SECONDS_PER_ROUND = 30


class Log:
    """What was acknowledged: a line is on the disk before the next write begins."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self._lock = threading.Lock()

    def note(self, **facts: Any) -> None:
        """Write down that a commit has returned."""
        with self._lock:
            self._file.write(json.dumps(facts).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())


# --- what is killed ------------------------------------------------------------------------------------


def write(url: str, folder: Path, seed: int) -> None:
    """Write and acknowledge until killed."""
    application, log = opened(url, folder), Log(folder / "acknowledged")
    threads = [
        threading.Thread(target=_write, args=(application, log, random.Random(seed + n)))
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _write(application: Application, log: Log, chance: random.Random) -> None:
    """Count without versions, and create, delete, move and bulk-create beside it."""
    own: list[int] = []
    while True:
        try:
            chance.choice((_count, _count, _create, _delete, _act, _create_many))(
                application, log, chance, own
            )
        except (Conflict, NotFound):
            continue


def _count(application: Application, log: Log, chance: random.Random, _own: list[int]) -> None:
    with application.work() as work:
        record_id = chance.randint(1, 3)
        seen = records.get(work, "core.customer", record_id)
        values = {"employees": seen["employees"] + 1, "loyalty.tier": chance.choice(("silver", "gold"))}
        changed = records.update(work, "core.customer", record_id, values, version=seen["version"])
    log.note(id=record_id, version=changed["version"], employees=changed["employees"])


def _create(application: Application, log: Log, chance: random.Random, own: list[int]) -> None:
    with application.work() as work:
        created = records.create(work, "core.customer", {"name": f"Created {chance.random()}"})
        about = {"about": f"core.customer:{created['id']}", "text": "t", "at": "2026-01-05T08:00:00Z"}
        records.create(work, "core.activity", about)
    own.append(created["id"])
    log.note(id=created["id"], version=1)


def _create_many(application: Application, log: Log, chance: random.Random, own: list[int]) -> None:
    with application.work() as work:
        rows = [{"name": f"Many {chance.random()}"} for _ in range(200)]
        ids = records.create_many(work, "core.customer", rows)
    own += ids[:3]
    log.note(ids=ids)


def _delete(application: Application, log: Log, _chance: random.Random, own: list[int]) -> None:
    if own:
        record_id = own.pop()
        with application.work() as work:
            records.delete(work, "core.customer", record_id)
        log.note(id=record_id, deleted=True)


def _act(application: Application, log: Log, chance: random.Random, _own: list[int]) -> None:
    with application.work() as work:
        stages = [row.id for row in work.rows(sa.select(work.registry.entity("sales.stage").table))]
        deal = chance.randint(1, 3)
        records.run(work, "sales.deal", deal, "move", {"stage_id": chance.choice(stages)})
    log.note(moved=deal)


def load(url: str, folder: Path, _seed: int) -> None:
    """Import a file, or go on with the import that was interrupted."""
    importing.FIRST_CHUNK = importing.SMALLEST_CHUNK = importing.LARGEST_CHUNK = 20  # type: ignore[misc]
    application = Application(settings_of(url, folder), migrate=False)
    with application.database.read() as connection:
        number = connection.scalar(sa.select(operation.c.id).where(operation.c.state == "open"))
        ended = sa.select(operation.c.id).where(operation.c.door == "import", operation.c.state == "done")
        done = connection.scalar(ended)
    if done is None:
        options = None if number else ImportOptions(match=("code",), mend=folder / "mend.csv")
        log = Log(folder / "acknowledged")
        import_file(
            application,
            None,
            folder / "in.csv",
            "core.customer",
            options,
            operation=number,
            progress=lambda report, _outcomes: log.note(
                rows=report.created + report.updated + report.refused
            ),
        )
    (folder / "finished").touch()
    application.close()


WHAT: dict[str, Callable[[str, Path, int], None]] = {"write": write, "load": load}


# --- who kills -----------------------------------------------------------------------------------------


def main(what: str, url: str, folder: Path, kills: int, seed: int) -> int:
    """Kill as often as asked; return how often, which is less when the work was done before."""
    chance, log = random.Random(seed), folder / "acknowledged"
    killed = 0
    while killed < kills and not (folder / "finished").exists():
        size = log.stat().st_size if log.exists() else 0
        child = os.fork()
        if child == 0:
            _run(what, url, folder, seed + 1000 * killed)
        # Every fourth one dies while it starts, the others at work.
        if killed % 4 == 3:
            time.sleep(chance.random() * 0.3)
        else:
            _wait_for_growth(log, size, child)
            time.sleep(chance.random() * (0.25 if what == "write" else 0.08))
        killed += _kill(child)
    return killed


def _run(what: str, url: str, folder: Path, seed: int) -> None:
    status = 1
    try:
        WHAT[what](url, folder, seed)
        status = 0
    finally:
        os._exit(status)


def _wait_for_growth(log: Path, size: int, child: int) -> None:
    end = time.monotonic() + SECONDS_PER_ROUND
    while time.monotonic() < end and not (log.exists() and log.stat().st_size > size):
        if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.002)


def _kill(child: int) -> bool:
    """Kill the child this process started; return whether it was still at it."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit("the child failed by itself; its traceback is above")
    return os.WIFSIGNALED(status)


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))
