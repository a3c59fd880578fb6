"""The history of a record, the journal, and undo, in whole and in part."""

from __future__ import annotations

from crmframe.core import records


def test_a_history_shows_who_changed_what_from_what_to_what(company, root):
    root.post(f"/customers/{company.customer}/edit", data={"city": "Suzhou"})
    root.post(f"/customers/{company.customer}/edit", data={"city": "Wuxi"})
    page = root.get(f"/customers/{company.customer}/history").text

    assert "Root" in page
    assert '<dd class="was">Suzhou</dd>' in page
    assert '<dd class="now">Wuxi</dd>' in page


def test_the_journal_is_filtered_by_kind_and_shows_others_only_to_administrators(company, root, people):
    assert "Huaxin" in root.get("/journal?entity=core.customer").text
    assert "Huaxin" not in root.get("/journal?entity=core.tag").text
    assert "Huaxin" not in root.get("/journal?since=2999-01-01").text

    people.user("viewer", grants=(("core.customer.read", "all"),))
    viewer = people.signed_in("viewer")
    assert "Huaxin" not in viewer.get("/journal").text
    assert viewer.get("/journal/1").status_code == 404


def test_an_undo_that_is_stood_in_the_way_names_it_and_does_the_rest(company, root, write):
    ids = {
        "id": [str(company.customer), str(company.other)],
        "verb": "set",
        "field": "city",
        "to.city": "Suzhou",
        "sure": "1",
    }
    operation = root.post("/customers/several", data=ids).headers["location"].rsplit("=", 1)[1]
    write(lambda work: records.update(work, "core.customer", company.customer, {"city": "Wuxi"}))

    refused = root.post(f"/undo/{operation}", data={})
    assert refused.status_code == 409
    assert "Huaxin" in refused.text
    assert 'name="partly"' in refused.text

    done = root.post(f"/undo/{operation}", data={"partly": "1", "back": "/customers"})
    assert done.status_code == 303
    page = root.get("/customers?city=Wuxi").text
    assert "Huaxin" in page
    assert "Nordwind" not in root.get("/customers?city=Suzhou").text


def test_an_undo_leads_back_only_to_this_site(company, root):
    operation = (
        root.post("/tags/new", data={"name": "VIP", "tone": "red"}).headers["location"].rsplit("=", 1)[1]
    )
    answer = root.post(f"/undo/{operation}", data={"back": "https://evil.example/"})

    assert answer.headers["location"].startswith("/journal")


def test_the_journal_names_the_record_that_was_deleted_and_counts_what_went_with_it(company, root, write):
    values = {"name": "Acme Testing"}
    acme = write(lambda work: records.create(work, "core.customer", values))["id"]
    contact = write(lambda work: records.create(work, "core.contact", {"name": "Jane Roe"}))["id"]
    link = {"customer_id": acme, "contact_id": contact}
    write(lambda work: records.create(work, "core.customer_contact", link))
    about = {"about": f"core.customer:{acme}", "text": "Called.", "kind": "call"}
    write(lambda work: records.create(work, "core.activity", about))

    location = root.post(f"/customers/{acme}/delete").headers["location"]
    assert "done=" in location
    line = root.get("/journal").text.split("deleted customer", 1)[1].split("</p>", 1)[0]
    assert "Acme Testing" in line
    assert "and 2 more" in line
