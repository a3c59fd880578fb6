"""Custom fields in the browser: the form offers what there is, and no stored value breaks a page."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core import records

FIELD = {"entity": "core.customer", "name": "shade", "kind": "choice", "options": "red, green, blue"}


def test_form_offers_the_entities_that_take_custom_fields(company, root):
    page = root.get("/custom_fields/new").text

    assert '<option value="core.customer">Customer</option>' in page
    assert 'value="core.tag"' not in page


def test_choices_can_be_typed_into_the_form(company, root):
    assert root.post("/custom_fields/new", data={**FIELD, "options": "[7]"}).status_code == 422
    answer = root.post("/custom_fields/new", data=FIELD)

    assert answer.status_code == 303
    assert '<option value="green">green</option>' in root.get(f"/customers/{company.customer}/edit").text


@pytest.mark.writes_directly("stores what no door accepts")
@pytest.mark.parametrize(
    "change", [{"options": {"choices": [{"tone": "red"}]}}, {"kind": "integer"}], ids=str
)
def test_pages_show_what_is_there_when_a_definition_was_broken(host, company, root, write, change):
    field = write(lambda work: records.create(work, "core.custom_field", FIELD))["id"]
    write(lambda work: records.update(work, "core.customer", company.customer, {"custom.shade": "red"}))
    application = host.site.application
    with application.database.write() as connection:
        table = application.registry.entity("core.custom_field").table
        connection.execute(sa.update(table).where(table.c.id == field).values(change))
        connection.exec_driver_sql("UPDATE core_epoch SET value = value + 1 WHERE id = 1")

    paths = ("", "/edit", "/history")
    pages = [f"/customers/{company.customer}{path}" for path in paths]
    pages += ["/", "/customers", f"/custom_fields/{field}", f"/custom_fields/{field}/edit"]
    pages += ["/customers?format=csv", f"/api/v1/customers/{company.customer}"]
    assert {page: root.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
