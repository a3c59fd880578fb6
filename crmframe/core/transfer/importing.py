"""Importing a file: one operation in many short transactions, which can be interrupted, resumed, rehearsed and undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from time import thread_time
from typing import TYPE_CHECKING, Any, Protocol

from crmframe.core.access.actor import Actor
from crmframe.core.errors import Problem
from crmframe.core.records import rights
from crmframe.core.transfer import notes
from crmframe.core.transfer.cells import Item, items_of
from crmframe.core.transfer.links import Links
from crmframe.core.transfer.mapping import make_plan
from crmframe.core.transfer.matching import set_marks
from crmframe.core.transfer.mending import MendFile
from crmframe.core.transfer.notes import Place
from crmframe.core.transfer.options import ImportOptions
from crmframe.core.transfer.outcome import Outcome, Report
from crmframe.core.transfer.plan import Plan
from crmframe.core.transfer.problems import OTHER_FILE, OTHER_OPTIONS, OTHER_RECORDS, CannotResume
from crmframe.core.transfer.reading import FileLike, FileRow, Table, opened
from crmframe.core.transfer.scanning import Rounds, with_days
from crmframe.core.transfer.settling import EXTERNAL_REF, settle
from crmframe.core.work import UnitOfWork

if TYPE_CHECKING:
    from crmframe.core.i18n import Translator
    from crmframe.core.storage.engine import Database

# Other writers wait for about as long as this; the first chunk is small because nobody knows yet what a row costs.
# It is what the chunk works that counts: time spent waiting, for the writer's turn or a busy processor, would make
# the chunks ever smaller on a machine that is ever busier, and each commit costs as much as a hundred rows.
WRITER_SECONDS = 0.08
# From how many new records on the database is told that its tables have grown.
GROWTH = 1_000
FIRST_CHUNK, SMALLEST_CHUNK, LARGEST_CHUNK = 200, 100, 5000
KEPT_OUTCOMES = 200

ProgressListener = Callable[[Report, Sequence[Outcome]], None]


class TransferApplication(Protocol):
    """What importing and exporting need of an application."""

    @property
    def database(self) -> Database:
        """Return the database."""

    @property
    def translator(self) -> Translator:
        """Return the messages."""

    @property
    def settings(self) -> Any:
        """Return the settings; ``locale`` counts here."""

    def work(self, actor: Actor | None = None, **options: Any) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work."""


def import_file(  # noqa: PLR0913 - two of them are for the rare cases, by name
    application: TransferApplication,
    actor: Actor | None,
    file: FileLike,
    entity: str,
    options: ImportOptions | None = None,
    *,
    operation: int | None = None,
    progress: ProgressListener | None = None,
) -> Report:
    """Import a CSV file into records of *entity*.

    A row that is wrong is refused with its reasons and does not hinder the others; everything written belongs to one
    operation, which stays open when the import is interrupted.

    Args:
        file: A path, or an open binary file.
        operation: Go on with this interrupted import behind its last chunk; without *options* its own count.
        progress: Called after each chunk with the sums so far and what became of the chunk's rows.

    Raises:
        UnreadableFile: It is no table.
        InvalidInput: What the options say about columns does not fit the file.
        PermissionDenied: The actor may not create, or not change, such records at all.
        CannotResume: The operation is finished, another file's or somebody else's.
    """
    note = None if operation is None else _note(application, actor, operation)
    chosen = _options_of(note, options, entity, operation)
    with opened(file, replace(chosen.read, locale=_locale(application, actor))) as table:
        plan = _plan(application, actor, table, entity, chosen)
        importing = _Import(application, actor, table, plan)
        importing.progress = progress
        importing.start(operation, note)
        try:
            if chosen.dry_run:
                importing.rehearse()
            else:
                importing.perform()
        finally:
            importing.report.mend = importing.mend.close()
        return importing.report


def _plan(
    application: TransferApplication,
    actor: Actor | None,
    table: Table,
    entity_name: str,
    options: ImportOptions,
) -> Plan:
    """Return the plan for a table, with the order of days found out."""
    with application.work(actor, door="import", write=False) as work:
        entity = work.schema.entity(entity_name)
        mode = options.effective_mode
        if mode != "update":
            rights.require(work, entity, "create")
        if mode in ("update", "upsert"):
            rights.require(work, entity, "update")
        plan = make_plan(work, entity, table.headers, options, application.translator)
        if plan.references:
            rights.require(work, work.schema.entity(EXTERNAL_REF), "create")
    return with_days(plan, table)


class _Import:
    """One run through a file."""

    def __init__(
        self, application: TransferApplication, actor: Actor | None, table: Table, plan: Plan
    ) -> None:
        self.application, self.actor, self.table, self.plan = application, actor, table, plan
        self.links = Links(plan.entity.name)
        self.rounds = Rounds(plan, table)
        self.size = FIRST_CHUNK
        self.place = Place()
        self.note: dict[str, Any] = {}
        self.progress: ProgressListener | None = None
        self.report = Report(
            entity=plan.entity.name,
            file=table.name,
            encoding=table.encoding,
            delimiter=table.delimiter,
            dry_run=plan.options.dry_run,
            columns=plan.columns,
            ignored=plan.ignored,
        )

    def start(self, operation_id: int | None, note: dict[str, Any] | None) -> None:
        """Take the place of the interrupted run, or the beginning."""
        mended = 0
        if note is not None:
            kept = note["import"]
            if kept["digest"] != self.table.digest:
                raise CannotResume(OTHER_FILE, id=operation_id)
            self.note, self.place, mended = note, Place(kept["round"], kept["rows"]), kept["mend"]
            self.report.take_tally(kept["tally"])
            self.report.operation_id = operation_id
        self.mend = MendFile(self.plan.options.mend, self.table.headers, mended, self._say)

    def _say(self, problem: Problem) -> str:
        locale = _locale(self.application, self.actor)
        return self.application.translator.message(problem, locale)

    # --- chunks ------------------------------------------------------------------------------------------

    def _chunks(self) -> Iterator[tuple[Place, list[FileRow]]]:
        """Yield the rows still to be settled, a chunk at a time, each with the place behind it."""
        for number in range(self.place.round, self.rounds.last + 1):
            skip = self.place.rows if number == self.place.round else 0
            chunk: list[FileRow] = []
            count = 0
            for count, row in enumerate(self.table.rows(), 1):
                if count > skip and self.rounds.round_of(row) == number:
                    chunk.append(row)
                if len(chunk) >= self.size:
                    yield Place(number, count), chunk
                    chunk = []
            if chunk:
                yield Place(number, count), chunk

    def _read(self, work: UnitOfWork, rows: Sequence[FileRow]) -> list[Item]:
        items = items_of(work, self.plan, rows, self.links)
        set_marks(work, self.plan, [item for item in items if not item.problems])
        return items

    def _settle(self, work: UnitOfWork, rows: Sequence[FileRow], items: Sequence[Item]) -> list[Outcome]:
        work.journal.verb = f"{self.plan.entity.name}.import"[:80]
        outcomes = settle(work, self.plan, items)
        report, width = self.report, len(self.plan.headers)
        for row, outcome in zip(rows, outcomes, strict=True):
            report.counts[outcome.kind] += 1
            report.short_rows += len(row.cells) < width
            if outcome.problems:
                report.problems.update((p.field, p.code) for p in outcome.problems)
                self.mend.add(row, outcome.problems)
        report.outcomes += outcomes[: max(0, KEPT_OUTCOMES - len(report.outcomes))]
        return outcomes

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        if self.progress is not None:
            self.progress(self.report, outcomes)

    # --- for good ----------------------------------------------------------------------------------------

    def perform(self) -> None:
        """Write chunk by chunk; each is a transaction, and between them others write."""
        for place, rows in self._chunks():
            # What needs no lock is done before the writer's turn: others write meanwhile.
            with self.application.work(self.actor, door="import", write=False) as reading:
                items = self._read(reading, rows)
            began = thread_time()
            with self._work() as work:
                outcomes = self._settle(work, rows, items)
                note = self._advance(work, place)
            self._pace(len(rows), thread_time() - began)
            self.note, self.place = note, place
            self.report.operation_id = work.operation_id
            self.application.database.checkpoint()
            self._tell(outcomes)
        if self.report.operation_id is not None:
            self._end()

    def _end(self) -> None:
        entity = self.plan.entity
        with self._work() as work:
            self._advance(work, self.place, state="done")
            sidecars = work.registry.sidecars.get(entity.name, {}).values()
        if self.report.created >= GROWTH:
            self.application.database.note_growth([entity.table, *(each.table for each in sidecars)])

    def _work(self) -> AbstractContextManager[UnitOfWork]:
        reason, operation_id = self.plan.options.reason or self.table.name, self.report.operation_id
        return self.application.work(
            self.actor, door="import", reason=reason, operation=operation_id, finish=False
        )

    def _advance(self, work: UnitOfWork, place: Place, state: str = "open") -> dict[str, Any]:
        note, operation_id = self._note_at(place), self.report.operation_id
        if operation_id is None:
            work.journal.note = note
        else:
            notes.advance(work.connection, operation_id, self.note, note, state=state)
        return note

    def _note_at(self, place: Place) -> dict[str, Any]:
        plan, size = self.plan, self.mend.flush()
        options = plan.options.to_json()
        return notes.note_of(self.table.digest, plan.entity.name, options, place, self.report.tally(), size)

    def _pace(self, rows: int, seconds: float) -> None:
        """Size the next chunk by what this one cost, growing by no more than half of the guess at a time."""
        wanted = int(rows * WRITER_SECONDS / max(seconds, 0.001))
        self.size = max(SMALLEST_CHUNK, min(wanted, self.size * 2, LARGEST_CHUNK))

    # --- for show ----------------------------------------------------------------------------------------

    def rehearse(self) -> None:
        """Do the same in one transaction that is taken back: later rows see what earlier ones did."""
        with suppress(_Rehearsed), self.application.work(self.actor, door="import") as work:
            for _, rows in self._chunks():
                outcomes = self._settle(work, rows, self._read(work, rows))
                work.journal.changes.clear()
                work.journal.events.clear()
                self._tell(outcomes)
            raise _Rehearsed


class _Rehearsed(Exception):
    """The end of a dry run: takes back what was only for show."""


def _note(application: TransferApplication, actor: Actor | None, operation_id: int) -> dict[str, Any]:
    with application.work(actor, door="import", write=False) as work:
        who = work.actor
        return notes.read_note(work.connection, operation_id, who.id, is_admin=who.unlimited)


def _options_of(
    note: dict[str, Any] | None, options: ImportOptions | None, entity: str, operation_id: int | None
) -> ImportOptions:
    if note is None:
        return options or ImportOptions()
    kept = note["import"]
    if kept["entity"] != entity:
        raise CannotResume(OTHER_RECORDS, id=operation_id, entity=kept["entity"])
    if options is None:
        return ImportOptions.from_json(kept["options"])
    if options.dry_run or options.to_json() != kept["options"]:
        raise CannotResume(OTHER_OPTIONS, id=operation_id)
    return options


def _locale(application: TransferApplication, actor: Actor | None) -> str:
    return (actor.locale if actor else "") or str(application.settings.locale)
