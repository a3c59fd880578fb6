"""The form that logs a follow-up, comments on it, and the timeline it lands on."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from crmframe.core import records
from crmframe_sales.models import Deal, Stage


def deal_of(write, deal):
    table = Deal.__table__
    return write(lambda work: work.rows(sa.select(table).where(table.c.id == deal))[0])


def gated_stage(write, deal, name):
    """Return another open stage of the deal's pipeline, which asks for a field."""
    table = Stage.__table__

    def make(work):
        held = records.get(work, "sales.deal", deal)
        wanted = (table.c.kind == "open", table.c.pipeline_id == held["pipeline_id"])
        others = work.rows(sa.select(table.c.id).where(*wanted, table.c.id != held["stage_id"]))
        stage = others[0].id
        records.update(work, "sales.stage", stage, {"required_fields": [name]})
        records.update(work, "sales.deal", deal, {name: None})
        return stage

    return write(make)


def test_follow_up_next_step_and_stage_are_saved_in_one_go_and_undone_in_one(company, root, write):
    stage, url = gated_stage(write, company.deal, "source"), f"/deals/{company.deal}"
    before = deal_of(write, company.deal).stage_id
    typed = {
        "kind": "call",
        "text": "They want to see it.",
        "next_what": "Show it",
        "next_at": "2027-01-05T09:00",
        "then.move.stage_id": str(stage),
    }
    refused = root.post(f"{url}/log", data=typed)

    assert refused.status_code == 422
    assert 'name="values.source"' in refused.text
    for text in ("They want to see it.", "Show it", "2027-01-05T09:00", f'<option value="{stage}" selected'):
        assert text in refused.text
    assert deal_of(write, company.deal).stage_id == before

    saved = root.post(f"{url}/log", data={**typed, "values.source": "fair"})
    held = deal_of(write, company.deal)
    assert (saved.status_code, held.stage_id, held.source) == (303, stage, "fair")
    page = root.get(saved.headers["location"]).text
    assert "They want to see it." in page
    assert "Show it" in page

    [operation] = re.findall(r"done=(\d+)", saved.headers["location"])
    root.post(f"/undo/{operation}", data={"back": url})
    held, page = deal_of(write, company.deal), root.get(url).text
    assert (held.stage_id, held.source) == (before, None)
    assert "They want to see it." not in page
    assert "Show it" not in page


def test_whole_form_is_shown_where_there_is_a_timeline_only(company, root):
    assert 'name="then.move.stage_id"' in root.get(f"/deals/{company.deal}/log").text
    assert root.get("/users/1/log").status_code == 404
    assert root.post("/users/1/log", data={"text": "x"}).status_code == 404


def test_comment_stands_below_the_activity_it_is_about(company, root, write):
    about = f"core.customer:{company.customer}"
    activity = write(lambda work: records.create(work, "core.activity", {"about": about, "text": "Called"}))
    url = f"/customers/{company.customer}"

    answer = root.post(f"/activities/{activity['id']}/comment", data={"text": "Well done", "back": url})

    assert answer.headers["location"].startswith(f"{url}?done=")
    assert "Well done" in root.get(url).text


def test_reader_follows_a_record_and_no_longer(company, root):
    url = f"/customers/{company.customer}"

    root.post(f"{url}/follow")
    assert ">Unfollow<" in root.get(url).text
    root.post(f"{url}/follow")
    assert ">Follow<" in root.get(url).text


def test_older_entries_are_on_pages_of_their_own(company, root, write):
    about, url = f"core.customer:{company.customer}", f"/customers/{company.customer}"

    def fill(work):
        rows = [
            {"about": about, "text": f"entry {n:03}", "at": work.now - timedelta(minutes=n)}
            for n in range(70)
        ]
        records.create_many(work, "core.activity", rows)

    write(fill)
    found, path = [], url
    while path:
        page = root.get(path).text
        found += re.findall(r"entry (\d{3})", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older and older[1].replace("&amp;", "&")

    assert found == [f"{n:03}" for n in range(70)]


def test_nobody_comments_on_follows_or_logs_about_what_they_may_not_see(company, seller, write):
    about = f"core.customer:{company.customer}"
    activity = write(lambda work: records.create(work, "core.activity", {"about": about, "text": "Secret"}))
    url = f"/customers/{company.customer}"

    # The seller holds no permission to comment or to follow; the records are somebody else's.
    assert seller.post(f"/activities/{activity['id']}/comment", data={"text": "x"}).status_code in (403, 404)
    assert seller.post(f"{url}/follow").status_code == 404
    assert seller.get(f"{url}/log").status_code == 404
    assert seller.post(f"{url}/log", data={"text": "x"}).status_code == 404
    count = write(lambda work: records.count(work, "core.activity", records.Query()).value)
    assert count == 2
