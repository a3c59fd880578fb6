"""Conformance of a plugin towards programs and the shell: API, OpenAPI, commands, permissions, statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from crmframe.application import Application
from crmframe.core.access.policy import ASKS
from crmframe.core.entities.entity import Entity
from crmframe.testing.conformance_base import Conformance, is_open
from crmframe.testing.doors import Doors, counted_statements
from crmframe.testing.samples import Samples
from crmframe.web.api.schemas import component

if TYPE_CHECKING:
    from starlette.testclient import TestClient

FEW, MORE = 2, 9
REFUSED = (403, 404)
LOCALES = ("en", "zh_Hans")
PARAMETER = re.compile(r"\{\w+(:\w+)?\}")


class ApiConformance(Conformance):
    """What programs and the shell find."""

    def test_every_entity_is_in_the_openapi_document(self, crm: Application, doors: Doors) -> None:
        document = doors.program(doors.user(is_admin=True)).get("/api/v1/openapi.json").json()

        for entity in self.entities(crm):
            described = document["components"]["schemas"][component(entity)]["properties"]
            assert {f.name for f in entity.fields.values() if not f.hidden} <= set(described)
            assert {"get", "post"} <= set(document["paths"][f"/{entity.slug}"])
            assert {"get", "patch", "delete"} <= set(document["paths"][f"/{entity.slug}/{{id}}"])
            for verb in crm.registry.actions.get(entity.name, {}):
                assert "post" in document["paths"][f"/{entity.slug}/{{id}}/{verb}"]

    def test_json_round_trips(
        self, crm: Application, doors: Doors, make_samples: Samples, subtests: pytest.Subtests
    ) -> None:
        program = doors.program(doors.user(is_admin=True))
        for entity in self.entities(crm):
            with subtests.test(entity=entity.name):
                with crm.work() as work:
                    given = make_samples.values(work, entity.name)

                made = program.post(f"/api/v1/{entity.slug}", json=given)

                assert made.status_code == 201, made.text
                assert program.get(made.headers["location"]).json() == made.json()
                sent = _writable(entity, made.json())
                again = program.patch(made.headers["location"], json=sent, headers={"if-match": "*"})
                assert again.status_code == 200, again.text
                assert _writable(entity, again.json()) == sent

    def test_commands_list_and_show_every_entity(
        self, crm: Application, doors: Doors, make_samples: Samples
    ) -> None:
        for entity in self.entities(crm):
            with crm.work() as work:
                record_id = make_samples.create(work, entity.name)

            listed = doors.command(entity.command, "list", "--json").rows
            [shown] = doors.command(entity.command, "show", str(record_id), "--json").rows

            assert record_id in [row["id"] for row in listed]
            assert shown["id"] == record_id

    def test_a_role_without_grants_may_nothing(
        self, crm: Application, doors: Doors, make_samples: Samples, subtests: pytest.Subtests
    ) -> None:
        nobody, stranger = doors.program(doors.user()), doors.stranger()
        for entity in self.entities(crm):
            with crm.work() as work:
                record_id = make_samples.create(work, entity.name)
            for method, path, body in _requests(crm, entity, record_id):
                with subtests.test(request=f"{method} {path}"):
                    assert (method == "GET" and is_open(entity)) or _ask(
                        nobody, method, path, body
                    ) in REFUSED
                    assert _ask(stranger, method, path, body) == 401

    def test_whoever_may_only_read_cannot_write(
        self, crm: Application, doors: Doors, make_samples: Samples, subtests: pytest.Subtests
    ) -> None:
        entities = self.entities(crm)
        reader = doors.program(doors.user(grants=[(f"{entity.name}.read", "all") for entity in entities]))
        for entity in entities:
            with crm.work() as work:
                record_id = make_samples.create(work, entity.name)
            assert reader.get(f"/api/v1/{entity.slug}").status_code == 200
            for method, path, body in _requests(crm, entity, record_id):
                # A verb that writes about a record asks only to read it; what it writes is asked for by itself.
                writes = method != "GET" and ASKS.get(path.rpartition("/")[2]) != "read"
                if writes:
                    with subtests.test(request=f"{method} {path}"):
                        assert _ask(reader, method, path, body) in REFUSED

    def test_every_route_of_its_own_asks_for_a_permission(self, crm: Application, doors: Doors) -> None:
        assert doors.host.site.excluded == {}
        nobody, stranger = doors.browser(doors.user()), doors.stranger()
        for method, path, is_public in self._routes(crm):
            if not is_public:
                assert nobody.request(method, path).status_code in REFUSED, path
                assert stranger.request(method, path).status_code in (303, 401), path

    def test_every_route_of_its_own_answers_in_both_languages(self, crm: Application, doors: Doors) -> None:
        root = doors.user(is_admin=True)
        for locale in LOCALES:
            browser = doors.browser(root, locale)
            for method, path, _ in self._routes(crm):
                if method == "GET" and "/1" not in path:
                    answer = browser.get(path)
                    assert answer.status_code == 200, f"{locale} {path}: {answer.text[:300]}"

    def test_statements_of_a_list_do_not_grow_with_its_rows(
        self, crm: Application, doors: Doors, make_samples: Samples
    ) -> None:
        program = doors.program(doors.user(is_admin=True))
        for entity in self.entities(crm):
            counts = []
            for rows in (FEW, MORE - FEW):
                with crm.work() as work:
                    for _ in range(rows):
                        make_samples.create(work, entity.name)
                program.get(f"/api/v1/{entity.slug}")  # whatever is read once for all is read now
                with counted_statements(crm) as seen:
                    answer = program.get(f"/api/v1/{entity.slug}?count=true")
                assert answer.status_code == 200
                counts.append(len(seen))
            assert counts[0] == counts[1], f"{entity.name}: a statement for each row"

    def _routes(self, application: Application) -> Iterator[tuple[str, str, bool]]:
        """Yield method, path and whether it is public, of each hand-written route; numbers stand for parameters."""
        for route in application.plugins.plugin(self.plugin).declared.get("routes", ()):
            path = f"/p/{self.plugin}{PARAMETER.sub('1', route.path)}"
            for method in sorted(set(route.methods) - {"HEAD"}):
                yield method, path, route.endpoint.public


def _writable(entity: Entity, record: dict[str, Any]) -> dict[str, Any]:
    fields = entity.fields.values()
    kept = [f.name for f in fields if f.writable and not f.written_by and not f.hidden]
    return {name: record[name] for name in kept}


def _requests(application: Application, entity: Entity, record_id: int) -> Iterator[tuple[str, str, Any]]:
    """Yield every operation of an entity as method, path and body."""
    every, one = f"/api/v1/{entity.slug}", f"/api/v1/{entity.slug}/{record_id}"
    yield from (("GET", every, None), ("GET", one, None), ("GET", f"{one}/history", None))
    yield from (("POST", every, {}), ("PATCH", one, {}), ("DELETE", one, None))
    yield "POST", f"{every}/batch", {"create": [{}], "update": [{"id": record_id}], "delete": [record_id]}
    for verb in ("restore", "archive", "unarchive", *application.registry.actions.get(entity.name, {})):
        yield "POST", f"{one}/{verb}", {}


def _ask(client: TestClient, method: str, path: str, body: Any) -> int:
    return client.request(method, path, json=body, headers={"if-match": "*"}).status_code
