"""Many records at once: fields ticked, a preview of what would change, and the way back."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.jobs.running import run_next


@pytest.fixture
def many(write) -> list[int]:
    """Give more customers than one request changes."""
    rows = [{"name": f"Many {n:04}", "grade": "b"} for n in range(620)]
    return write(lambda work: records.create_many(work, "core.customer", rows))


def hidden(page: str) -> dict[str, list[str]]:
    """Return what the form of a page would send."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        found.setdefault(name, []).append(value)
    return found


def test_the_preview_says_what_would_change_and_changes_nothing(company, root):
    chosen = {"id": [str(company.customer), str(company.other)]}
    wish = {"verb": "set", "field": ["city", "grade"], "to.city": "Suzhou", "to.grade": "a"}
    asked = root.post("/customers/several", data=chosen | {"verb": "edit"}).text
    assert 'name="field" value="city"' in asked

    page = root.post("/customers/several", data=chosen | wish).text
    assert "<b>Suzhou</b>" in page
    assert "Change 2 records" in page
    assert "Suzhou" not in root.get("/customers").text

    done = root.post("/customers/several", data=hidden(page))
    assert done.status_code == 303
    assert root.get("/customers?city=Suzhou&grade=a").text.count('name="id"') == 2


def test_what_refuses_is_named_with_its_reason_and_the_rest_is_done(company, root, write):
    write(lambda work: records.update(work, "sales.deal", company.deal, {"customer_id": company.customer}))
    chosen = {"id": [str(company.customer), str(company.other)], "verb": "delete"}
    page = root.post("/customers/several", data=chosen).text
    assert "Close or move them first." in page

    assert root.post("/customers/several", data=hidden(page)).status_code == 303
    listed = root.get("/customers").text
    assert "Huaxin" in listed
    assert "Nordwind" not in listed


def test_a_preview_that_is_no_longer_true_is_shown_again(company, root, write):
    chosen = {"id": [str(company.customer), str(company.other)]}
    page = root.post(
        "/customers/several", data=chosen | {"verb": "set", "field": "city", "to.city": "Suzhou"}
    ).text
    write(lambda work: records.update(work, "core.customer", company.other, {"city": "Basel"}))

    answer = root.post("/customers/several", data=hidden(page))
    assert answer.status_code == 409
    assert "Changed since you looked: Nordwind &lt;Logistik&gt;." in answer.text
    assert root.post("/customers/several", data=hidden(answer.text)).status_code == 303
    assert "Nordwind" in root.get("/customers?city=Suzhou").text


def test_all_that_match_are_changed_by_a_job_as_one_operation(company, root, host, many):
    assert "all 620 that match" in root.get("/customers?grade=b").text
    wish = {"all": "1", "verb": "set", "field": "grade", "to.grade": "c"}
    page = root.post("/customers/several?grade=b", data=wish).text
    assert "Tried out on the first 500." in page

    queued = root.post("/customers/several?grade=b", data=hidden(page)).headers["location"]
    assert "0 of 620 done." in root.get(queued).text
    assert run_next(host.site.application)
    told = root.get(queued).text
    assert "620 records changed." in told
    assert "Many 0001" not in root.get("/customers?grade=b").text

    undo = re.search(r'action="(/undo/\d+)"', told)[1]
    assert root.post(undo, data={"back": "/customers"}).status_code == 303
    assert "all 620 that match" in root.get("/customers?grade=b").text


def test_a_job_is_shown_to_whoever_asked_for_it(company, root, seller, many):
    wish = {"all": "1", "verb": "archive", "sure": "1"}
    queued = root.post("/customers/several?grade=b", data=wish).headers["location"]
    assert root.get(queued).status_code == 200
    assert seller.get(queued).status_code == 404


def test_a_large_change_goes_on_where_it_was_interrupted(company, root, host, many, monkeypatch):
    from crmframe.core.everyday import bulk

    wish = {"all": "1", "verb": "set", "field": "grade", "to.grade": "c", "sure": "1"}
    root.post("/customers/several?grade=b", data=wish)
    real, calls = bulk.apply, []

    def dying(work: Any, *given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the power is out")
        return real(work, *given)

    monkeypatch.setattr(bulk, "apply", dying)
    run_next(host.site.application)
    assert root.get("/customers?grade=c").text.count('name="id"') > 0
    with host.site.application.database.write() as connection:
        connection.exec_driver_sql("update core_job set run_at = created_at")
    assert run_next(host.site.application)
    with host.site.application.work(door="cli", write=False) as work:
        where = records.parse_filter(work, "core.customer", [("grade", "c")])
        assert records.count(work, "core.customer", records.Query(where=where)).value == 620
        changed = [each.operation_id for each in records.history(work, "core.customer", many[-1])]
        assert changed[0] == records.history(work, "core.customer", many[0])[0].operation_id


def test_tags_are_put_on_and_taken_off_several(company, root, write):
    tag = write(lambda work: records.create(work, "core.tag", {"name": "VIP"}))["id"]
    chosen = {"id": [str(company.customer), str(company.other)]}
    assert "VIP" in root.post("/customers/several", data=chosen | {"verb": "tags"}).text

    for verb, left in (("tag", 2), ("untag", 0)):
        page = root.post("/customers/several", data=chosen | {"verb": verb, "tag_id": str(tag)}).text
        assert root.post("/customers/several", data=hidden(page)).status_code == 303
        links = write(lambda work: records.count(work, "core.tag_link", records.Query()).value)
        assert links == left


def test_nobody_changes_more_than_one_operation_holds(company, root, monkeypatch, many):
    from crmframe.core.everyday import bulk

    monkeypatch.setattr(bulk, "MOST", 100)
    answer = root.post("/customers/several", data={"all": "1", "verb": "edit"})
    assert answer.status_code == 409
    assert "At most 100 records are changed at once." in answer.text
    assert bulk.TooManyRecords.code == "too_many_records"


def test_somebody_changes_only_what_the_own_rights_reach(company, root, seller):
    chosen = {"id": [str(company.customer)], "verb": "set", "field": "city", "to.city": "Suzhou"}
    page = seller.post("/customers/several", data=chosen).text
    assert "<b>Suzhou</b>" not in page
    assert "Change 1 records" not in page
    assert seller.post("/customers/several", data=chosen | {"sure": "1"}).status_code == 404
