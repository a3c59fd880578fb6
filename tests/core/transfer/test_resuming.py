"""An import that was interrupted goes on behind its last chunk, and a dry run tells what the real one does."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.journal.tables import operation
from crmframe.core.transfer import CannotResume, ImportOptions, Outcome, Report, import_file, importing
from crmframe.testing.application import MakeApplication
from tests.core.transfer.conftest import STAMPS, snapshot


class Crash(Exception):
    """The process dies."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every chunk seven rows long, so that a short file has many borders."""
    for name in ("FIRST_CHUNK", "SMALLEST_CHUNK", "LARGEST_CHUNK"):
        monkeypatch.setattr(importing, name, 7)


def rows_of(seed: int, count: int = 40) -> list[list[str]]:
    """Return rows with everything that matters: parents anywhere, keys twice, wrong values, values taken."""
    random = Random(seed)
    names = [f"Company {i}" for i in range(count)]
    rows = []
    for i, name in enumerate(names):
        rows.append(
            [
                name,
                random.choice([f"C{i}", f"C{i}", f"C{random.randrange(count)}", ""]),
                random.choice(["", "", names[random.randrange(count)], "Nobody"]),
                random.choice(["5", "7", "", "many"]),
                random.choice(["Rome", "Paris", ""]),
                f"X{i}" if random.random() < 0.5 else "",
            ]
        )
    return rows


def written(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["name", "code", "parent", "employees", "city", "ref:erp"], *rows])
    return path


def crash_after(chunks: int) -> Any:
    count = 0

    def progress(report: Report, outcomes: Sequence[Outcome]) -> None:
        nonlocal count
        count += 1
        if count == chunks:
            raise Crash

    return progress


def open_operation(application: Application) -> int | None:
    with application.database.read() as connection:
        return connection.scalar(sa.select(operation.c.id).where(operation.c.state == "open"))


def comparable(report: Report) -> tuple[Any, ...]:
    return (report.counts, report.problems, report.short_rows)


def run_with_crashes(
    application: Application, file: Path, options: ImportOptions, at: Sequence[int]
) -> Report:
    """Import, dying after so many chunks each time, and resume until it is done."""
    for chunks in at:
        try:
            return import_file(
                application, None, file, "core.customer", options if open_operation(application) is None else None,
                operation=open_operation(application), progress=crash_after(chunks),
            )  # fmt: skip
        except Crash:
            continue
    return import_file(
        application, None, file, "core.customer", None if open_operation(application) else options,
        operation=open_operation(application),
    )  # fmt: skip


def test_a_crash_at_any_border_changes_nothing(make_application: MakeApplication, tmp_path: Path) -> None:
    file = written(tmp_path / "in.csv", rows_of(3))
    whole = make_application()
    options = ImportOptions(mend=tmp_path / "whole.csv")
    chunks: list[int] = []
    expected = import_file(
        whole, None, file, "core.customer", options, progress=lambda r, o: chunks.append(len(o))
    )
    assert len(chunks) > 5

    for border in range(1, len(chunks) + 1):
        broken = make_application()
        mend = tmp_path / f"mend{border}.csv"
        report = run_with_crashes(broken, file, ImportOptions(mend=mend), [border])

        assert comparable(report) == comparable(expected)
        assert snapshot(broken, without=STAMPS) == snapshot(whole, without=STAMPS)
        assert mend.read_bytes() == (tmp_path / "whole.csv").read_bytes()
        assert open_operation(broken) is None
        assert operations(broken) == 1
        broken.close()


def operations(application: Application) -> int:
    with application.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(operation)) or 0


@pytest.fixture
def pair(make_application: MakeApplication) -> tuple[Application, Application]:
    """Give two empty applications on the same kind of database."""
    return make_application(), make_application()


def emptied(application: Application) -> None:
    """Take everything away again, ids included, so that the next example starts like the first."""
    tables = [
        "core_external_refs",
        "core_customers",
        "core_event",
        "core_change",
        "core_commit",
        "core_operation",
    ]
    with application.database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
            return
        for table in tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")


MODES = st.sampled_from(
    [("create", ()), ("upsert", ("code",)), ("skip", ("code",)), ("upsert", ("ref:erp",))]
)


@pytest.mark.writes_directly("each example begins with empty tables")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), mode=MODES, crashes=st.lists(st.integers(1, 4), max_size=4))
def test_resumed_imports_end_as_undisturbed_ones(
    pair: tuple[Application, Application], tmp_path: Path, seed: int, mode: Any, crashes: list[int]
) -> None:
    whole, broken = pair
    file = written(tmp_path / "in.csv", rows_of(seed, 30))
    options = ImportOptions(mode=mode[0], match=mode[1])
    emptied(whole)
    emptied(broken)

    expected = import_file(whole, None, file, "core.customer", options)
    report = run_with_crashes(broken, file, options, crashes)

    assert comparable(report) == comparable(expected)
    assert snapshot(broken, without=STAMPS) == snapshot(whole, without=STAMPS)


@pytest.mark.writes_directly("each example begins with empty tables")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), mode=MODES, blanks=st.sampled_from(["keep", "clear"]))
def test_a_dry_run_tells_exactly_what_the_real_run_does(
    application: Application, tmp_path: Path, seed: int, mode: Any, blanks: Any
) -> None:
    emptied(application)
    import_file(application, None, written(tmp_path / "a.csv", rows_of(seed + 1, 15)), "core.customer")
    file = written(tmp_path / "b.csv", rows_of(seed, 30))
    before = snapshot(application)
    told: list[Outcome] = []
    done: list[Outcome] = []

    dry = ImportOptions(mode=mode[0], match=mode[1], blanks=blanks, dry_run=True)
    rehearsed = import_file(
        application, None, file, "core.customer", dry, progress=lambda r, o: told.extend(o)
    )
    assert snapshot(application) == before
    assert operations(application) == 1
    real = ImportOptions(mode=mode[0], match=mode[1], blanks=blanks)
    report = import_file(application, None, file, "core.customer", real, progress=lambda r, o: done.extend(o))

    assert comparable(rehearsed) == comparable(report)
    assert [diff(o) for o in told] == [diff(o) for o in done]


def diff(outcome: Outcome) -> tuple[Any, ...]:
    """Return what a person reads in the diff: new records have no id of their own yet, and neither have links to them."""
    record = outcome.record_id if outcome.kind != "created" else None
    values = {n: v for n, v in outcome.values.items() if n != "parent_id"}
    changes = {n: c for n, c in outcome.changes.items() if n != "parent_id"}
    return (
        outcome.row,
        outcome.kind,
        record is None,
        values,
        changes,
        [(p.field, p.code) for p in outcome.problems],
    )


def test_only_the_same_file_options_and_person_can_resume(application: Application, tmp_path: Path) -> None:
    file = written(tmp_path / "in.csv", rows_of(1))
    with pytest.raises(Crash):
        import_file(application, None, file, "core.customer", progress=crash_after(2))
    number = open_operation(application)
    other = written(tmp_path / "other.csv", rows_of(2))

    with pytest.raises(CannotResume, match="another file"):
        import_file(application, None, other, "core.customer", operation=number)
    with pytest.raises(CannotResume, match="other options"):
        import_file(
            application, None, file, "core.customer", ImportOptions(match=("code",)), operation=number
        )
    with pytest.raises(CannotResume, match="imports"):
        import_file(application, None, file, "core.contact", operation=number)
    with pytest.raises(CannotResume, match="no import"):
        import_file(application, None, file, "core.customer", operation=999)
    import_file(application, None, file, "core.customer", operation=number)
    with pytest.raises(CannotResume, match="finished or undone"):
        import_file(application, None, file, "core.customer", operation=number)


def test_whoever_is_overtaken_stops(make_application: MakeApplication, tmp_path: Path) -> None:
    application, undisturbed = make_application(), make_application()
    file = written(tmp_path / "in.csv", rows_of(1))
    seen = 0

    def overtake(report: Report, outcomes: Sequence[Outcome]) -> None:
        nonlocal seen
        seen += 1
        if seen == 3:
            import_file(application, None, file, "core.customer", operation=report.operation_id)

    with pytest.raises(CannotResume, match="meanwhile"):
        import_file(application, None, file, "core.customer", progress=overtake)

    import_file(undisturbed, None, file, "core.customer")
    assert snapshot(application, without=STAMPS) == snapshot(undisturbed, without=STAMPS)


def test_an_interrupted_import_can_be_undone_and_then_not_resumed(
    application: Application, tmp_path: Path
) -> None:
    file = written(tmp_path / "in.csv", rows_of(1))
    with pytest.raises(Crash):
        import_file(application, None, file, "core.customer", progress=crash_after(2))
    number = open_operation(application)
    assert number is not None
    with application.work() as work:
        records.undo(work, number)

    assert snapshot(application)["core_customers"] == []
    with pytest.raises(CannotResume):
        import_file(application, None, file, "core.customer", operation=number)


def test_others_can_write_between_chunks(application: Application) -> None:
    data = io.BytesIO(b"name\n" + b"".join(b"C%d\n" % i for i in range(30)))

    def write_too(report: Report, outcomes: Sequence[Outcome]) -> None:
        with application.work() as work:
            records.create(work, "core.tag", {"name": f"after {report.rows}"})

    report = import_file(application, None, data, "core.customer", progress=write_too)
    assert len(snapshot(application)["core_tags"]) == 5
    assert report.created == 30
