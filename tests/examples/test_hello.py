"""The smallest plugin has every surface, each proven here on both databases, in at most sixty lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.jobs.worker import Worker
from crmframe.testing.doors import Doors
from tests.surfaces.browsing import form_with

PACKAGE = Path(__file__).resolve().parents[2] / "examples" / "hello_plugin" / "crmframe_hello"
# Packaging, generated migrations and translations do not count.
NOT_COUNTED = {"migrations", "locale", "__pycache__"}
FIELDS = ("title", "price", "status", "city", "owner_id", "customer_id", "notes")
LABELS = {
    "en": ("Properties", "Title", "Price", "Status", "City", "Owner", "Customer", "Notes", "Offered", "Sold"),
    "zh_Hans": ("房源", "标题", "价格", "状态", "城市", "负责人", "客户", "备注", "在售", "已售"),
}
CSV = """标题,价格,城市,状态,客户
湖边小屋,"1,250,000.50",杭州,在售,Pinecrest
Loft,480000,Berlin,offered,
"""


@pytest.fixture
def crm(make_application: Any) -> Application:
    application: Application = make_application("hello")
    return application


@pytest.fixture
def doors(crm: Application) -> Iterator[Doors]:
    opened = Doors(crm)
    yield opened
    opened.close()


@pytest.fixture
def customer(crm: Application) -> int:
    with crm.work() as work:
        return int(records.create(work, "core.customer", {"name": "Pinecrest"})["id"])


@pytest.fixture
def house(crm: Application, customer: int) -> int:
    values = {"title": "House by the lake", "price": "450000", "city": "Austin", "customer_id": customer}
    with crm.work() as work:
        return int(records.create(work, "hello.property", values)["id"])


def activities(crm: Application) -> list[tuple[str, str]]:
    with crm.work(write=False) as work:
        rows = records.select(work, "core.activity", records.Query(order=("id",))).records()
        return [(row["about"], row["text"]) for row in rows]


def test_module_has_at_most_sixty_short_lines_in_three_files() -> None:
    found = [path for path in PACKAGE.rglob("*") if path.is_file()]
    files = [path for path in found if not NOT_COUNTED & set(path.relative_to(PACKAGE).parts)]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]

    assert {path.name for path in files} >= {"__init__.py", "crmframe_plugin.toml"}
    assert len(files) <= 3
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("locale", LABELS)
def test_list_form_and_detail_in_both_languages(doors: Doors, house: int, locale: str) -> None:
    browser = doors.browser(doors.user(is_admin=True), locale)

    listed, form, detail = (browser.get(f"/properties{path}") for path in ("", "/new", f"/{house}"))

    assert (listed.status_code, form.status_code, detail.status_code) == (200, 200, 200)
    assert "House by the lake" in listed.text
    assert "House by the lake" in detail.text
    assert [name for name in FIELDS if f'name="{name}"' not in form.text] == []
    assert [label for label in LABELS[locale] if label not in form.text + listed.text] == []
    assert [label for label in LABELS[locale][2:8] if label not in detail.text] == []


def test_form_creates_and_changes_a_property(crm: Application, doors: Doors, customer: int) -> None:
    browser = doors.browser(doors.user(is_admin=True))
    form = form_with(browser.get("/properties/new").text, "title")

    made = browser.post("/properties/new", data={**form, "title": "Loft", "customer_id": str(customer)})
    place = made.headers["location"].partition("?")[0]
    form = form_with(browser.get(f"{place}/edit").text, "title")
    changed = browser.post(f"{place}/edit", data={**form, "price": "480,000"})

    assert (made.status_code, changed.status_code) == (303, 303), changed.text
    with crm.work(write=False) as work:
        [row] = records.select(work, "hello.property", records.Query()).records()
    assert (row["title"], row["price"], row["status"], row["customer_id"]) == (
        "Loft",
        480000,
        "offered",
        customer,
    )


def test_board_has_a_column_for_each_status(doors: Doors, house: int) -> None:
    page = doors.browser(doors.user(is_admin=True)).get("/properties/board")

    assert page.status_code == 200, page.text
    assert [text for text in ("Offered", "Sold", "House by the lake") if text not in page.text] == []


def test_api_serves_it_and_openapi_describes_it(doors: Doors, house: int) -> None:
    program = doors.program(doors.user(is_admin=True))
    document = program.get("/api/v1/openapi.json").json()

    read = program.get(f"/api/v1/properties/{house}")
    found = program.get("/api/v1/properties?price__gte=400000&city__contains=aus&customer.name=Pinecrest")
    made = program.post("/api/v1/properties", json={"title": "Loft", "price": "480000"})

    assert read.json()["price"] == "450000.00"
    assert [row["id"] for row in found.json()["records"]] == [house]
    assert made.status_code == 201
    assert {"/properties", "/properties/{id}", "/properties/batch"} <= set(document["paths"])
    assert set(FIELDS) <= set(document["components"]["schemas"]["HelloProperty"]["properties"])


def test_commands_create_list_show_update_and_delete_it(doors: Doors, customer: int) -> None:
    [made] = doors.command("property", "create", "title=Loft", f"customer={customer}", "--json").rows
    number = str(made["id"])

    doors.command("property", "update", number, "price=480000", "--json").rows  # noqa: B018 - asserts success
    listed = doors.command("property", "list", "--where", "price__gt=400000", "--json").rows
    [shown] = doors.command("property", "show", number, "--json").rows
    deleted = doors.command("property", "delete", number)

    assert [row["title"] for row in listed] == ["Loft"]
    assert shown["price"] == "480000.00"
    assert deleted.status == 0, deleted.err
    assert doors.command("property", "list", "--json").rows == []


def test_import_reads_both_languages_and_export_gives_it_back(
    crm: Application, doors: Doors, customer: int, tmp_path: Path
) -> None:
    file, back = tmp_path / "properties.csv", tmp_path / "back.csv"
    file.write_text(CSV, encoding="utf-8")

    imported = doors.command("property", "import", str(file))
    exported = doors.command("property", "export", str(back))

    assert imported.status == 0, imported.out + imported.err
    with crm.work(write=False) as work:
        rows = records.select(work, "hello.property", records.Query(order=("id",))).records()
    found = [(str(r["title"]), f"{r['price']:.2f}", r["city"], r["status"], r["customer_id"]) for r in rows]
    assert found == [
        ("湖边小屋", "1250000.50", "杭州", "offered", customer),
        ("Loft", "480000.00", "Berlin", "offered", None),
    ]
    assert exported.status == 0, exported.err
    assert "湖边小屋" in back.read_text(encoding="utf-8-sig")


def test_permissions_are_its_own_and_denied_by_default(doors: Doors, house: int) -> None:
    nobody, reader = doors.user(), doors.user(grants=[("hello.property.read", "all")])

    assert doors.browser(nobody).get("/properties").status_code == 403
    assert doors.program(nobody).get(f"/api/v1/properties/{house}").status_code in (403, 404)
    assert doors.program(reader).get(f"/api/v1/properties/{house}").status_code == 200
    assert doors.program(reader).post("/api/v1/properties", json={"title": "x"}).status_code == 403
    assert doors.stranger().get("/api/v1/properties").status_code == 401


@pytest.mark.parametrize("locale", LABELS)
def test_menu_leads_to_it(doors: Doors, locale: str) -> None:
    page = doors.browser(doors.user(is_admin=True), locale).get("/home").text

    assert 'href="/properties"' in page
    assert LABELS[locale][0] in page


def test_selling_leaves_an_activity_on_the_customer(
    crm: Application, doors: Doors, customer: int, house: int
) -> None:
    program = doors.program(doors.user(is_admin=True))

    sold = program.patch(f"/api/v1/properties/{house}", json={"status": "sold"}, headers={"if-match": "*"})
    before = activities(crm)
    Worker(crm).run_once()
    program.patch(f"/api/v1/properties/{house}", json={"city": "Dallas"}, headers={"if-match": "*"})
    Worker(crm).run_once()

    assert sold.status_code == 200, sold.text
    assert before == []  # after the commit, not inside it
    assert activities(crm) == [(f"core.customer:{customer}", "Sold: House by the lake")]
    timeline = doors.browser(doors.user(is_admin=True)).get(f"/customers/{customer}")
    assert "Sold: House by the lake" in timeline.text


def test_history_and_undo_work_without_a_line_for_them(crm: Application, doors: Doors, house: int) -> None:
    program = doors.program(doors.user(is_admin=True))
    place = f"/api/v1/properties/{house}"
    operation = program.patch(place, json={"price": "1"}, headers={"if-match": "*"}).headers[
        "crmframe-operation"
    ]

    undone = program.post(f"/api/v1/operations/{operation}/undo")

    assert undone.status_code == 200, undone.text
    assert program.get(place).json()["price"] == "450000.00"
    assert [entry["kind"] for entry in program.get(f"{place}/history").json()["entries"]] == [
        "update",
        "update",
        "create",
    ]
