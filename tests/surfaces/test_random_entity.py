"""An entity drawn at random, with a field of every kind, has every surface: API, pages, commands, files, filters."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.entities import kinds as kind_classes
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.kinds_base import Kind
from crmframe.testing.conformance_records import own_fields, parsed
from crmframe.testing.doors import Doors
from crmframe.testing.samples import Samples
from crmframe.web.api.schemas import component
from tests.surfaces.browsing import form_with
from tests.surfaces.filtering import questions

VERBS = ("list", "show", "create", "update", "delete", "restore", "import", "export")


def every_kind() -> set[str]:
    found = {
        each for each in vars(kind_classes).values() if isinstance(each, type) and issubclass(each, Kind)
    }
    return {each.name for each in found if each.name}


def given_values(crm: Application, entity: Entity, samples: Samples | None = None) -> dict[str, Any]:
    with crm.work() as work:
        return (samples or Samples()).values(work, entity.name)


def meant(crm: Application, entity: Entity, given: dict[str, Any]) -> dict[str, Any]:
    with crm.work(write=False) as work:
        return parsed(work, entity, given)


def fill(crm: Application, entity: Entity, count: int) -> list[int]:
    samples = Samples()
    with crm.work() as work:
        return [samples.create(work, entity.name) for _ in range(count)]


def test_it_has_a_field_of_every_kind(entity: Entity) -> None:
    assert {field.kind.name for field in entity.fields.values()} == every_kind()


def test_api_creates_reads_and_changes_it(crm: Application, entity: Entity, doors: Doors) -> None:
    program = doors.program(doors.user(is_admin=True))
    given = given_values(crm, entity)

    made = program.post(f"/api/v1/{entity.slug}", json=given)
    place = made.headers["location"]
    patched = program.patch(place, json={entity.title: "另一个"}, headers={"if-match": made.headers["etag"]})

    assert made.status_code == 201, made.text
    assert {name: made.json()[name] for name in given} == meant(crm, entity, given)
    assert program.get(place).json() == patched.json()
    assert patched.json()[entity.title] == "另一个"
    assert program.delete(place, headers={"if-match": "*"}).status_code == 204
    assert program.post(f"{place}/restore").json()["record"][entity.title] == "另一个"


def test_api_names_every_problem_of_a_record_at_once(entity: Entity, doors: Doors) -> None:
    program = doors.program(doors.user(is_admin=True))
    strict = [
        f for f in entity.fields.values() if f.kind.name in ("integer", "date", "email", "choice", "url")
    ]

    answer = program.post(f"/api/v1/{entity.slug}", json={field.name: "no such thing" for field in strict})

    assert answer.status_code == 422
    assert {problem["field"] for problem in answer.json()["errors"]} >= {
        entity.title,
        *(field.name for field in strict),
    }


def test_openapi_describes_every_field(entity: Entity, doors: Doors) -> None:
    document = doors.program(doors.user(is_admin=True)).get("/api/v1/openapi.json").json()
    schemas = document["components"]["schemas"]

    described, writable = schemas[component(entity)], schemas[f"{component(entity)}Values"]

    assert set(described["properties"]) == {f.name for f in entity.fields.values() if not f.hidden}
    assert set(writable["properties"]) == {f.name for f in entity.fields.values() if f.writable}
    assert f"/{entity.slug}/{{id}}" in document["paths"]


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_form_has_an_input_for_each_field(
    crm: Application, entity: Entity, doors: Doors, locale: str
) -> None:
    [record_id] = fill(crm, entity, 1)
    browser = doors.browser(doors.user(is_admin=True), locale)
    writable = [field for field in entity.fields.values() if field.writable]

    for path in (f"/{entity.slug}/new", f"/{entity.slug}/{record_id}/edit"):
        page = browser.get(path)
        assert page.status_code == 200
        assert [field.name for field in writable if f'name="{field.name}"' not in page.text] == []
        labels = [crm.translator.text(field.plugin, locale, field.label) for field in writable]
        assert [label for label in labels if label not in page.text] == []


def test_form_creates_what_was_typed(crm: Application, entity: Entity, doors: Doors) -> None:
    browser = doors.browser(doors.user(is_admin=True))
    given = given_values(crm, entity)
    with crm.work(write=False) as work:
        fields = {field.name: field for field in own_fields(work, entity)}
        values = {name: fields[name].kind.parse(value, work.parse_context()) for name, value in given.items()}
    form = form_with(browser.get(f"/{entity.slug}/new").text, entity.title)

    answer = browser.post(
        f"/{entity.slug}/new", data={**form, **{n: form_text(fields[n], v) for n, v in values.items()}}
    )

    assert answer.status_code == 303, answer.text[-3000:]
    with crm.work(write=False) as work:
        row = records.select(work, entity.name, records.Query(order=("-id",))).records()[0]
    assert {name: row[name] for name in values} == values


def form_text(field: Any, value: Any) -> Any:
    """Return what a browser sends for a value."""
    if field.kind.name == "boolean":
        return ["false", "true"] if value else "false"
    return value if field.kind.name == "multi_choice" else field.kind.to_text(value)


def test_saving_an_untouched_form_changes_nothing(crm: Application, entity: Entity, doors: Doors) -> None:
    browser = doors.browser(doors.user(is_admin=True))
    full, bare = fill(crm, entity, 1)[0], 0
    with crm.work() as work:
        bare = records.create(work, entity.name, {entity.title: "Bare"})["id"]

    for record_id in (full, bare):
        with crm.work(write=False) as work:
            before = records.get(work, entity.name, record_id)
        form = form_with(browser.get(f"/{entity.slug}/{record_id}/edit").text, entity.title)
        answer = browser.post(f"/{entity.slug}/{record_id}/edit", data=form)

        assert answer.status_code == 303, answer.text[-3000:]
        with crm.work(write=False) as work:
            assert records.get(work, entity.name, record_id) == before


def test_commands_create_show_and_list_it(crm: Application, entity: Entity, doors: Doors) -> None:
    given = given_values(crm, entity)
    with crm.work(write=False) as work:
        fields = {field.name: field for field in own_fields(work, entity)}
        texts = {
            name: fields[name].kind.to_text(fields[name].kind.parse(value, work.parse_context()))
            for name, value in given.items()
        }

    created = doors.command(entity.command, "create", *(f"{n}={t}" for n, t in texts.items()), "--json").rows[
        0
    ]
    [shown] = doors.command(entity.command, "show", str(created["id"]), "--json").rows
    listed = doors.command(entity.command, "list", "--json").rows
    help_text = doors.command(entity.command, "--help").out

    assert {name: shown[name] for name in given} == meant(crm, entity, given)
    assert created["id"] in [row["id"] for row in listed]
    assert [verb for verb in VERBS if verb not in help_text] == []


def test_export_and_import_round_trip(crm: Application, entity: Entity, doors: Doors, tmp_path: Path) -> None:
    ids = fill(crm, entity, 7)
    before = snapshot(crm, entity)
    file = tmp_path / "records.csv"
    exported = doors.command(entity.command, "export", str(file))
    assert exported.status == 0, exported.err
    with crm.work() as work:
        records.delete_many(work, entity.name, ids)

    imported = doors.command(entity.command, "import", str(without(file, "id")))

    assert imported.status == 0, imported.out + imported.err
    assert snapshot(crm, entity) == before


def snapshot(crm: Application, entity: Entity) -> list[dict[str, Any]]:
    """Return the records as JSON, without what a second life changes."""
    with crm.work(write=False) as work:
        fields = own_fields(work, entity)
        rows = records.select(work, entity.name, records.Query(order=(entity.title,))).records()
        return [{f.name: f.kind.to_json(row[f.name]) for f in fields} for row in rows]


def without(file: Path, *columns: str) -> Path:
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    kept = [name for name in rows[0] if name not in columns]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_every_operator_of_every_kind_finds_what_it_should(
    crm: Application, entity: Entity, doors: Doors, subtests: pytest.Subtests
) -> None:
    fill(crm, entity, 6)
    with crm.work() as work:  # and one with nothing but its name
        records.create(work, entity.name, {entity.title: "Bare"})
    program = doors.program(doors.user(is_admin=True))
    with crm.work(write=False) as work:
        rows = records.select(work, entity.name, records.Query(limit=100)).records()
        asked = list(questions(work, entity, rows))
    assert {(q.field.kind.name, q.operator) for q in asked} == {
        (field.kind.name, operator) for field in entity.fields.values() for operator in field.kind.operators
    }

    for question in asked:
        with subtests.test(question=f"{question.field.kind.name} {question.parameter}={question.text}"):
            parameters = {question.parameter: question.text, "limit": "100", "order": "id"}
            answer = program.get(f"/api/v1/{entity.slug}", params=parameters)
            assert answer.status_code == 200, answer.text
            assert [row["id"] for row in answer.json()["records"]] == question.expected
    question = asked[0]
    where = f"{question.parameter}={question.text}"
    listed = doors.command(entity.command, "list", "--where", where, "--order", "id", "--json").rows
    assert [row["id"] for row in listed] == question.expected


def test_unknown_operators_and_fields_are_refused_with_those_that_exist(entity: Entity, doors: Doors) -> None:
    program = doors.program(doors.user(is_admin=True))
    for field in entity.fields.values():
        answer = program.get(f"/api/v1/{entity.slug}", params={f"{field.name}__sounds": "7"})
        assert answer.status_code == 400, field.name
    answer = program.get(f"/api/v1/{entity.slug}", params={"nonsense": "7"})
    assert answer.status_code == 400
    assert entity.title in answer.json()["detail"]


def test_rights_hold_for_it(crm: Application, entity: Entity, doors: Doors) -> None:
    [record_id] = fill(crm, entity, 1)
    path = f"/api/v1/{entity.slug}"
    nobody = doors.program(doors.user())
    reader = doors.program(doors.user(grants=[(f"{entity.name}.read", "all")]))

    assert nobody.get(path).status_code == 403
    assert nobody.get(f"{path}/{record_id}").status_code in (403, 404)
    assert [row["id"] for row in reader.get(path).json()["records"]] == [record_id]
    assert reader.post(path, json={entity.title: "x"}).status_code == 403
    for person in (doors.user(), doors.user(grants=[("core.customer.read", "all")])):
        assert doors.browser(person).get(f"/{entity.slug}").status_code == 403


def test_menu_leads_to_it_in_both_languages(crm: Application, entity: Entity, doors: Doors) -> None:
    root, nobody = doors.user(is_admin=True), doors.user()
    for locale in ("en", "zh_Hans"):
        label = crm.translator.text(entity.plugin, locale, entity.plural)
        home, closed = (
            doors.browser(root, locale).get("/home").text,
            doors.browser(nobody, locale).get("/").text,
        )

        assert f'href="/{entity.slug}"' in home
        assert label in home
        assert f'href="/{entity.slug}"' not in closed
