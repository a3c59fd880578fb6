"""Conformance of a plugin's coming and going: switched off it is gone but its data, and it never leaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.roles import default_grants
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.errors import InUse
from crmframe.core.records.history import changes_of
from crmframe.testing.conformance_base import Conformance, Make
from crmframe.testing.conformance_records import Life
from crmframe.testing.doors import Doors
from crmframe.testing.samples import Samples


class LifeConformance(Conformance):
    """Enabled, disabled, enabled again; and two applications in one process."""

    @pytest.fixture
    def others(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Give what is left when the plugin is switched off."""
        return tuple(name for name in wanted if name != self.plugin)

    def test_switched_off_it_is_gone_from_every_door(
        self, crm: Application, build: Make, others: tuple[str, ...]
    ) -> None:
        entities = self.entities(crm)

        off = Doors(build(*others, url=crm.settings.database))
        program = off.program(off.user(is_admin=True))

        assert self.plugin not in off.application.plugins.names
        assert program.get(f"/p/{self.plugin}/").status_code == 404
        assert off.command(self.plugin, "--help").status != 0
        document = program.get("/api/v1/openapi.json").text
        assert f'"{self.plugin}.' not in document
        assert self._permissions(off.application) == []
        browser = off.browser(off.user(is_admin=True))
        home = browser.get("/?stay=1").text
        for entity in entities:
            assert f'href="/{entity.slug}"' not in home
            assert browser.get(f"/{entity.slug}").status_code == 404
            assert program.get(f"/api/v1/{entity.slug}").status_code == 404
            assert off.command(entity.command, "list").status != 0
        off.close()

    def _permissions(self, application: Application) -> list[str]:
        """Return the plugin's permissions that could still be granted."""
        named = [permission.name for permission in application.permissions]
        grants = default_grants(application.registry, named)["administrator"]
        return [each.permission for each in grants if each.permission.startswith(f"{self.plugin}.")]

    def test_switched_off_it_blocks_nobody_and_its_data_come_back(
        self,
        crm: Application,
        build: Make,
        others: tuple[str, ...],
        wanted: tuple[str, ...],
        make_samples: Samples,
    ) -> None:
        entities = self.entities(crm)
        with crm.work() as work:
            held = {entity.name: make_samples.create(work, entity.name) for entity in entities}
        targets = sorted(set(_targets(crm, entities)))
        kept = {name: Life(crm, crm.registry.entity(name), i).read() for name, i in held.items()}

        off = build(*others, url=crm.settings.database)
        gone = [target for target in targets if _write_and_delete(off, *target)]
        on = build(*wanted, url=crm.settings.database)

        for name, record_id in held.items():
            life = Life(on, on.registry.entity(name), record_id)
            if not life.is_there():
                assert "delete" in _journaled(on, name, record_id), f"{name} {record_id} went without a trace"
            else:
                self._require_kept(life, kept[name], gone)

    def _require_kept(self, life: Life, before: dict[str, Any], gone: list[tuple[str, int]]) -> None:
        fields = life.entity.fields
        now = life.read()
        cleared = {n for n, v in before.items() if _points_to(fields[n], v, gone)} if gone else set()
        assert {n: v for n, v in now.items() if n not in cleared} == {
            n: v for n, v in before.items() if n not in cleared
        }
        assert {name: now[name] for name in cleared} == dict.fromkeys(cleared)

    def test_two_applications_do_not_leak(
        self, crm: Application, build: Make, others: tuple[str, ...], make_samples: Samples
    ) -> None:
        bare = build(*others)

        assert self.plugin in crm.plugins.names
        assert self.plugin not in bare.plugins.names
        assert [name for name in bare.registry.entities if name.startswith(f"{self.plugin}.")] == []
        assert [name for name in bare.registry.sidecars.values() if self.plugin in name] == []
        for hook in ("routes", "menu", "panels", "widgets", "jobs", "subscriptions", "commands", "choices"):
            assert self.plugin not in dict(bare.hooks.collect(hook))
        for application in (bare, crm):
            with application.work() as work:
                Samples(self.samples).create(work, "core.customer")


def _targets(application: Application, entities: list[Entity]) -> Iterator[tuple[str, int]]:
    """Yield (entity, id) of the foreign records that the plugin's records refer to."""
    own = {entity.plugin for entity in entities}
    for entity in entities:
        for field in entity.fields.values():
            target = getattr(field.kind, "entity", "")
            if target and not field.system and target.partition(".")[0] not in own:
                with application.work(write=False) as work:
                    page = records.select(work, entity.name, records.Query(columns=(field.name,)))
                    yield from ((target, row[0]) for row in page.rows if row[0] is not None)


def _write_and_delete(application: Application, entity_name: str, record_id: int) -> bool:
    """Change and delete a record as its owner would; return whether it is gone."""
    entity = application.registry.entity(entity_name)
    with application.work() as work:
        records.update(work, entity_name, record_id, {entity.title: "changed meanwhile"})
    with suppress(InUse), application.work() as work:  # a link that forbids it counts while its plugin is off
        records.delete(work, entity_name, record_id)
        return True
    return False


def _points_to(field: Field, value: Any, gone: list[tuple[str, int]]) -> bool:
    if field.kind.name == "any_reference":
        return any(value == f"{entity}:{record_id}" for entity, record_id in gone)
    return (getattr(field.kind, "entity", ""), value) in gone


def _journaled(application: Application, entity_name: str, record_id: int) -> list[str]:
    with application.work(write=False) as work:
        return [row.kind for row in changes_of(work, work.schema.entity(entity_name), record_id)]
