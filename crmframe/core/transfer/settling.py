"""Writing the rows of a chunk: what is right is written, what is wrong is refused, each row for itself.

A batch goes through the pipeline as a whole. When it fails, the rows that are wrong are taken out and the rest is
tried again; an error that names no row is pinned down by halving. So a chunk costs one batch when all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from crmframe.core import records
from crmframe.core.entities.values import parse_values
from crmframe.core.errors import Conflict, CrmError, InvalidInput, NotFound, PermissionDenied, Problem
from crmframe.core.records import rights
from crmframe.core.records.attempting import attempt
from crmframe.core.records.rows import Row, add_sidecars, flat, locked
from crmframe.core.transfer.cells import Item, Mark
from crmframe.core.transfer.links import referenced
from crmframe.core.transfer.matching import KEY, find_records, shown_key, split_by_marks
from crmframe.core.transfer.outcome import Outcome
from crmframe.core.transfer.plan import Plan
from crmframe.core.transfer.problems import problem, problem_of
from crmframe.core.work import UnitOfWork

Write = Callable[[Sequence[Item]], None]
EXTERNAL_REF = "core.external_ref"


def settle(work: UnitOfWork, plan: Plan, items: Sequence[Item]) -> list[Outcome]:
    """Write what can be written and say what became of each row, in the order of the file."""
    turn = _Turn(work, plan)
    for item in items:
        if item.problems:
            turn.refuse(item)
    pending = [item for item in items if not item.problems]
    while pending:
        pending = turn.take(pending)
    return [turn.outcomes[item.row.number] for item in items]


class _Turn:
    """The outcomes of a chunk so far, and the unique values that records are known to have."""

    def __init__(self, work: UnitOfWork, plan: Plan) -> None:
        self.work, self.plan = work, plan
        self.outcomes: dict[int, Outcome] = {}
        self.held: set[Mark] = set()

    def refuse(self, item: Item) -> None:
        self.outcomes[item.row.number] = Outcome(item.row.number, "refused", problems=item.problems)
        taken = {each.field for each in item.problems if each.code == "taken"}
        self.held |= {mark for mark in item.marks if mark[0] != KEY and mark[0][-1] in taken}

    def take(self, pending: Sequence[Item]) -> list[Item]:
        """Settle the rows that share nothing with an earlier one; return the others, which wait for them."""
        first, later = split_by_marks(pending, self.held)
        find_records(self.work, self.plan, first)
        new, known = self._sorted_out(first)
        self._write(new, self._create)
        self._update(known)
        return later

    def _sorted_out(self, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
        mode = self.plan.options.effective_mode
        new: list[Item] = []
        known: list[Item] = []
        for item in items:
            if item.problems:
                self.refuse(item)
            elif item.record_id is None and mode == "update":
                self._refuse_for(item, "not_there")
            elif item.record_id is not None and mode == "create":
                self._refuse_for(item, "exists")
            elif item.record_id is not None and mode == "skip":
                self.outcomes[item.row.number] = Outcome(item.row.number, "skipped", item.record_id)
            else:
                (new if item.record_id is None else known).append(item)
        return new, known

    def _refuse_for(self, item: Item, code: str) -> None:
        item.add(problem(code, self.plan.keys[0].field.name, **shown_key(self.plan, item)))
        self.refuse(item)

    # --- batches ---------------------------------------------------------------------------------------

    def _write(self, items: Sequence[Item], write: Write) -> None:
        """Write a batch, without the rows that turn out to be wrong."""
        while items:
            try:
                with attempt(self.work):
                    write(items)
            except InvalidInput as error:
                items = self._without(items, error.problems)
            except (Conflict, NotFound, PermissionDenied, IntegrityError) as error:
                self._halve(items, write, error)
                return
            else:
                self.held |= {mark for item in items for mark in item.marks if mark[0] != KEY}
                return

    def _without(self, items: Sequence[Item], problems: Sequence[Problem]) -> list[Item]:
        wrong: dict[int, list[Problem]] = {}
        for each in problems:
            wrong.setdefault(each.row, []).append(replace(each, row=0))
        for position, found in wrong.items():
            items[position].add(*found)
            self.refuse(items[position])
        return [item for position, item in enumerate(items) if position not in wrong]

    def _halve(self, items: Sequence[Item], write: Write, error: Exception) -> None:
        if len(items) > 1:
            middle = len(items) // 2
            self._write(items[:middle], write)
            self._write(items[middle:], write)
            return
        [item] = items
        if isinstance(error, CrmError):
            item.add(problem_of(error))
        else:
            reason = "The database refused it: somebody else has just taken one of its values."
            item.add(Problem("", "taken", reason))
        self.refuse(item)

    # --- new records -----------------------------------------------------------------------------------

    def _create(self, items: Sequence[Item]) -> None:
        ids = records.create_many(self.work, self.plan.entity.name, [item.values for item in items])
        for item, record_id in zip(items, ids, strict=True):
            item.record_id = record_id
        try:
            self._act(items)
            self._refer(items)
        except BaseException:
            for item in items:
                item.record_id = None
            raise
        for item, record_id in zip(items, ids, strict=True):
            values = {**item.values, **item.inputs} if item.inputs else item.values
            self.outcomes[item.row.number] = Outcome(item.row.number, "created", record_id, values=values)

    def _act(self, items: Sequence[Item]) -> None:
        """Let the import action write what only actions may write."""
        action = self.plan.action
        acting = [(position, item) for position, item in enumerate(items) if item.inputs]
        if action is None or not acting:
            return
        inputs = {item.record_id: item.inputs for _, item in acting if item.record_id is not None}
        try:
            records.run_many(self.work, self.plan.entity.name, action.name, inputs)
        except InvalidInput as error:
            raise InvalidInput([replace(p, row=acting[p.row][0]) for p in error.problems]) from None

    def _refer(self, items: Sequence[Item]) -> None:
        """Note the ids under which other systems know the records."""
        for column in self.plan.references:
            given = [(i, item) for i, item in enumerate(items) if column.name in item.references]
            ids = [item.references[column.name] for _, item in given]
            known = referenced(self.work, self.plan.entity, column.name, ids)
            wanted = [
                (position, item)
                for position, item in given
                if known.get(item.references[column.name]) != item.record_id
            ]
            self._create_references(column.name, wanted)

    def _create_references(self, system: str, wanted: Sequence[tuple[int, Item]]) -> None:
        if not wanted:
            return
        prefix = self.plan.entity.name
        rows = [
            {"system": system, "external_id": item.references[system], "record": f"{prefix}:{item.record_id}"}
            for _, item in wanted
        ]
        try:
            records.create_many(self.work, EXTERNAL_REF, rows)
        except InvalidInput as error:
            raise InvalidInput([replace(p, row=wanted[p.row][0]) for p in error.problems]) from None

    # --- records that are there already ----------------------------------------------------------------

    def _update(self, items: Sequence[Item]) -> None:
        """Change what differs; a row that says what its record says already writes nothing."""
        if not items:
            return
        current = self._current(items)
        changing: list[Item] = []
        for item, values, inputs in self._parsed(items, current):
            before = current[item.record_id or 0]
            item.values = {name: value for name, value in values.items() if before.get(name) != value}
            fields = self.plan.entity.fields
            # What any door may write is no reason to run the action.
            acts = any(
                name in fields and fields[name].written_by and before.get(name) != value
                for name, value in inputs.items()
            )
            item.inputs = dict(inputs) if acts else {}
            changes = {
                name: (before.get(name), value)
                for name, value in {**inputs, **item.values}.items()
                if name in before and before[name] != value
            }
            kind = "updated" if changes else "unchanged"
            self.outcomes[item.row.number] = Outcome(item.row.number, kind, item.record_id, changes=changes)  # type: ignore[arg-type]
            if changes or item.references:
                changing.append(item)
        self._write(changing, self._change)

    def _current(self, items: Sequence[Item]) -> dict[int, dict[str, Any]]:
        entity, work = self.plan.entity, self.work
        rights.require(work, entity, "update")
        ids = [item.record_id for item in items if item.record_id is not None]
        rows: dict[int, Row] = locked(work, entity, ids, rights.granted(work, entity, "update"))
        add_sidecars(work, entity, rows, sorted(work.registry.sidecars.get(entity.name, {})))
        return {record_id: flat(work, entity, row) for record_id, row in rows.items()}

    def _parsed(
        self, items: Sequence[Item], current: dict[int, dict[str, Any]]
    ) -> Iterator[tuple[Item, dict[str, Any], Mapping[str, Any]]]:
        """Yield the items whose values can be read, with them."""
        present = [item for item in items if item.record_id in current]
        for item in items:
            if item.record_id not in current:
                self._refuse_for(item, "not_there")
        fields, context = self.work.schema.fields(self.plan.entity), self.work.parse_context()
        values, problems = parse_values(fields, [item.values for item in present], context, partial=True)
        for each in problems:
            present[each.row].add(replace(each, row=0))
        for item, parsed in zip(present, values, strict=True):
            if item.problems:
                self.refuse(item)
            else:
                yield item, parsed, item.inputs

    def _change(self, items: Sequence[Item]) -> None:
        changes = {
            item.record_id: item.values for item in items if item.values and item.record_id is not None
        }
        positions = {item.record_id: position for position, item in enumerate(items)}
        if changes:
            try:
                records.update_many(self.work, self.plan.entity.name, changes)
            except InvalidInput as error:
                places = [positions[record_id] for record_id in changes]
                raise InvalidInput([replace(p, row=places[p.row]) for p in error.problems]) from None
        self._act(items)
        self._refer(items)
