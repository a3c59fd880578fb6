"""Forms: what is wrong is said below its field, nothing typed is lost, and who was faster is shown."""

from __future__ import annotations

import re

from crmframe.core import records


def version_in(page: str) -> str:
    return re.search(r'name="version" value="(\d+)"', page)[1]


def test_a_record_is_created_with_a_way_back(company, root):
    answer = root.post(
        "/customers/new", data={"name": "Albion Foods", "grade": "b", "do_not_call": ["false", "true"]}
    )

    assert answer.status_code == 303
    page = root.get(answer.headers["location"]).text
    assert "Albion Foods" in page
    assert "Customer created." in page
    assert re.search(r'action="/undo/\d+"', page)


def test_every_problem_stands_below_its_field_and_values_are_kept(company, root):
    answer = root.post("/customers/new", data={"name": "", "email": "no address", "employees": "many"})

    assert answer.status_code == 422
    assert answer.text.count('class="err"') == 3
    assert 'value="no address"' in answer.text
    assert 'value="many"' in answer.text


def test_a_form_writes_only_what_was_changed(host, company, root):
    page = root.get(f"/customers/{company.customer}/edit").text
    data = {"version": version_in(page), "name": "Huaxin 华新制造", "city": "Suzhou", "do_not_call": "false"}
    answer = root.post(f"/customers/{company.customer}/edit", data=data)

    assert answer.status_code == 303
    with host.site.application.work(door="cli", write=False) as work:
        [newest, *_] = records.history(work, "core.customer", company.customer)
    assert [change.field.name for change in newest.changes] == ["city"]


def test_who_comes_second_chooses_between_both_values(company, root, write):
    page = root.get(f"/customers/{company.customer}/edit").text
    write(lambda work: records.update(work, "core.customer", company.customer, {"city": "Wuxi"}))
    data = {"version": version_in(page), "city": "Suzhou"}
    answer = root.post(f"/customers/{company.customer}/edit", data=data)

    assert answer.status_code == 409
    assert 'value="Wuxi"' in answer.text
    assert 'value="Suzhou" checked' in answer.text
    again = root.post(f"/customers/{company.customer}/edit", data=data | {"version": version_in(answer.text)})
    assert again.status_code == 303
    assert "Suzhou" in root.get(f"/customers/{company.customer}").text


def test_deleting_asks_first_and_says_what_else_is_touched(company, root):
    page = root.get(f"/customers/{company.customer}/delete").text
    assert "deleted with it" in page

    answer = root.post(f"/customers/{company.customer}/delete", data={"version": version_in(page)})
    assert answer.status_code == 409
    assert "Open deals of" in answer.text

    assert root.post(f"/customers/{company.other}/delete", data={}).status_code == 303
    assert root.get(f"/customers/{company.other}").status_code == 404


def test_an_action_asks_for_what_it_needs_and_again_for_what_is_missing(company, root):
    url = f"/deals/{company.deal}/lose"
    assert 'name="lost_reason_id"' in root.get(url).text

    answer = root.post(url, data={})
    assert answer.status_code == 422
    assert 'class="err"' in answer.text


def test_a_card_is_moved_by_the_action_of_its_entity(company, root):
    board = root.get("/deals/board").text
    assert f'action="/deals/{company.deal}/move"' in board

    data = {"stage_id": str(company.stages["Offer"]), "back": "/deals/board"}
    answer = root.post(f"/deals/{company.deal}/move", data=data)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/deals/board?done=")


def test_a_refused_move_shows_the_form_with_the_missing_fact(company, root):
    answer = root.post(f"/deals/{company.deal}/move", data={"stage_id": str(company.stages["Lost"])})

    assert answer.status_code in (409, 422)
    assert 'name="lost_reason_id"' in answer.text


def test_a_card_without_an_action_is_moved_by_a_plain_change(company, root):
    url = f"/customers/{company.customer}"
    answer = root.post(
        f"{url}/set", data={"field": "lifecycle_stage", "value": "qualified", "back": "//evil.example"}
    )

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{url}?done=")
    assert root.post(f"{url}/set", data={"field": "created_at", "value": "1"}).status_code == 404


def test_an_activity_is_logged_on_the_page_of_the_record(company, root):
    url = f"/customers/{company.customer}"
    answer = root.post(
        f"{url}/activity", data={"kind": "visit", "text": "Saw the new hall.", "next_step_at": ""}
    )

    assert answer.status_code == 303
    assert "Saw the new hall." in root.get(url).text
    assert root.post(f"{url}/activity", data={"kind": "visit", "text": ""}).status_code == 422


def test_moments_are_read_in_the_reader_s_zone(host, company, root, write):
    write(lambda work: records.update(work, "core.user", 1, {"zone": "Asia/Shanghai"}))
    url = f"/customers/{company.customer}"
    root.post(f"{url}/activity", data={"kind": "call", "text": "Zoned", "next_step_at": "2026-11-22T08:30"})

    with host.site.application.work(door="cli", write=False) as work:
        held = records.get(work, "core.customer", company.customer)["next_step_at"]
    assert held.isoformat() == "2026-11-22T00:30:00+00:00"
    assert "08:30" in root.get(url).text


def test_only_what_the_reader_may_do_with_this_record_is_offered(company, people, root):
    people.user("reader", grants=(("core.customer.read", "all"), ("core.customer.update", "own")))
    page = people.signed_in("reader").get(f"/customers/{company.customer}").text

    assert "Huaxin" in page
    assert "/edit" not in page
    assert f'href="/customers/{company.customer}/edit"' in root.get(f"/customers/{company.customer}").text


def test_a_deleted_part_leads_back_to_what_it_was_part_of(root, write, people):
    user = people.user("mia")
    rule = write(
        lambda work: records.create(
            work, "core.assignment_rule", {"name": "In turn", "entity": "core.customer"}
        )
    )["id"]
    values = {"rule_id": rule, "user_id": user}
    member = write(lambda work: records.create(work, "core.assignment_member", values))["id"]

    answer = root.post(f"/assignment-members/{member}/delete", data={})

    assert answer.headers["location"].startswith(f"/assignment-rules/{rule}?done=")
