"""Conformance of a plugin's records: the whole life of one, of every entity, through the one pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.errors import NotFound
from crmframe.testing.conformance_base import Conformance
from crmframe.testing.samples import Samples, sample

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

CHANGED = 41  # the number of the sample that an update writes: none that a creation uses
LINKS = ("reference", "any_reference")


@dataclass(frozen=True, slots=True)
class Life:
    """One record and the application it lives in."""

    application: Application
    entity: Entity
    record_id: int

    def read(self) -> dict[str, Any]:
        """Return the record without its stamps, as JSON carries it."""
        with self.application.work(write=False) as work:
            record = records.get(work, self.entity.name, self.record_id)
            return wire(work, self.entity, record)

    def is_there(self) -> bool:
        """Tell whether it can be read."""
        try:
            self.read()
        except NotFound:
            return False
        return True

    def kinds(self) -> list[str]:
        """Return what its history is made of, oldest first."""
        with self.application.work(write=False) as work:
            return [entry.kind for entry in records.history(work, self.entity.name, self.record_id)][::-1]


class RecordConformance(Conformance):
    """What happens to a record of each entity."""

    def test_every_entity_creates_what_it_was_given(
        self, crm: Application, make_samples: Samples, subtests: pytest.Subtests
    ) -> None:
        for entity in self.entities(crm):
            with subtests.test(entity=entity.name):
                with crm.work() as work:
                    given = make_samples.values(work, entity.name)
                    record_id = records.create(work, entity.name, given)["id"]
                    meant = parsed(work, entity, given)

                read = Life(crm, entity, record_id).read()
                assert {name: read[name] for name in meant} == meant

    def test_every_entity_is_updated_undone_deleted_and_restored(
        self, crm: Application, make_samples: Samples, subtests: pytest.Subtests
    ) -> None:
        for entity in self.entities(crm):
            with subtests.test(entity=entity.name):
                with crm.work() as work:
                    life = Life(crm, entity, make_samples.create(work, entity.name))
                self._update_and_undo(life)
                self._delete_and_restore(life)

    def _update_and_undo(self, life: Life) -> None:
        before = life.read()
        with life.application.work() as work:
            changes = self._changes(work, life.entity, before)
            records.update(work, life.entity.name, life.record_id, changes)
            meant = parsed(work, life.entity, changes)
        if not changes:
            return  # nothing but links and ticks
        updated = life.read()
        assert {name: updated[name] for name in meant} == meant

        with life.application.work() as undoing:
            assert records.undo(undoing, work.operation_id or 0).kept == []
        assert life.read() == before
        assert life.kinds() == ["create", "update", "update"]

    def _delete_and_restore(self, life: Life) -> None:
        before = life.read()
        with life.application.work() as work:
            records.delete(work, life.entity.name, life.record_id)
        assert not life.is_there()

        with life.application.work() as work:
            records.restore(work, life.entity.name, life.record_id)
        assert life.read() == before
        assert life.kinds()[-1] == "restore"

    def _changes(self, work: UnitOfWork, entity: Entity, now: Mapping[str, Any]) -> dict[str, Any]:
        """Return another value for every field that an update may write, links aside."""
        fixed = {*LINKS, "boolean"}
        given = self.samples.get(entity.name, {})
        changes = {
            field.name: sample(field, CHANGED)
            for field in own_fields(work, entity)
            if field.kind.name not in fixed and field.name not in given
        }
        return {name: value for name, value in changes.items() if value is not None and now[name] != value}


def own_fields(work: UnitOfWork, entity: Entity) -> list[Field]:
    """Return the fields that every door may write, sidecars and custom ones aside."""
    fields = work.schema.fields(entity).values()
    return [f for f in fields if f.writable and not f.written_by and not f.hidden and f.source == "column"]


def parsed(work: UnitOfWork, entity: Entity, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *given* means, as JSON carries it."""
    fields, context = work.schema.fields(entity), work.parse_context()
    return {name: fields[name].kind.to_json(fields[name].kind.parse(v, context)) for name, v in given.items()}


def wire(work: UnitOfWork, entity: Entity, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's own values as JSON carries them; stamps and what the system maintains are left out."""
    fields = work.schema.fields(entity)
    kept = [name for name in record if not (fields[name].system or fields[name].maintained)]
    return {name: fields[name].kind.to_json(record[name]) for name in kept}
