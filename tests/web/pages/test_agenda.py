from __future__ import annotations

from datetime import timedelta

from crmframe.core import records


def test_calendar_shows_the_week_with_what_repeats(company, root, write):
    def make(work):
        values = {
            "title": "Weekly round",
            "start_at": work.now,
            "recurrence": "FREQ=DAILY",
            "organizer_id": 1,
        }
        records.create(work, "core.appointment", values)
        return work.now

    now = write(make)

    page = root.get(f"/agenda?day={now.date()}").text
    assert page.count("Weekly round") >= 1
    later = root.get(f"/agenda?day={now.date() + timedelta(days=7)}&who=all").text
    assert later.count("Weekly round") == 7
    assert root.get("/agenda?day=9999-12-31").status_code == 200
    assert root.get("/agenda?day=0001-01-01").status_code == 200


def test_report_shows_what_was_logged_by_whom(company, root, write):
    typed = {"kind": "call", "text": "Wants a price", "next_what": "Send it"}
    root.post(f"/customers/{company.customer}/log", data=typed)
    write(
        lambda work: records.create(
            work, "core.task", {"title": "Old", "done_at": work.now, "assignee_id": 1}
        )
    )
    assert "Send it" in root.get("/reports/follow-ups").text
    assert "Old" in root.get("/reports/follow-ups").text

    for query in ("", "?span=week", "?who=all", "?who=user:1", "?span=week&who=all"):
        page = root.get(f"/reports/follow-ups{query}")
        assert (page.status_code, "Wants a price" in page.text) == (200, True), query
    assert "Wants a price" not in root.get("/reports/follow-ups?who=user:999").text
    assert "Wants a price" not in root.get("/reports/follow-ups?day=2001-01-01").text


def test_short_ways_lead_to_lists_that_are_there(company, root):
    for slug in ("tasks", "customers", "appointments", "activities"):
        assert 'class="c-quick"' in root.get(f"/{slug}?view=all").text
    answer = root.get("/customers/quiet?days=45&owner=me")
    assert answer.headers["location"].startswith("/customers?last_activity_at__lt=")
    assert root.get(answer.headers["location"]).status_code == 200
    assert root.get("/users/quiet").status_code == 404
    for path in (
        "/tasks?assignee=me&done_at__empty=true&due_at=today",
        "/tasks?assignee=me&done_at__empty=true&due_at__lt=today",
    ):
        assert root.get(path).status_code == 200


def test_agenda_and_report_hold_nothing_that_the_reader_may_not_see(company, people, write):
    verbs = ("create", "read", "update", "delete")
    names = ("core.customer", "core.activity", "core.task", "core.appointment")
    people.user("sam", grants=tuple((f"{name}.{verb}", "own") for name in names for verb in verbs))
    sam = people.signed_in("sam")

    def plant(work):
        about = f"core.customer:{company.customer}"
        records.create(work, "core.activity", {"about": about, "text": "Secret talk"})
        records.create(work, "core.task", {"about": about, "title": "Secret task", "done_at": work.now})
        records.create(work, "core.appointment", {"title": "Secret visit", "start_at": work.now})

    write(plant)
    for path in (
        "/agenda?who=all",
        "/reports/follow-ups?who=all",
        "/reports/follow-ups?who=user:1&span=week",
    ):
        answer = sam.get(path)
        assert (answer.status_code, "Secret" in answer.text) == (200, False), path


def test_agenda_and_report_are_closed_without_the_permission(people):
    people.user("vera", grants=(("core.customer.read", "all"),))
    vera = people.signed_in("vera")

    assert vera.get("/agenda").status_code == 403
    assert vera.get("/reports/follow-ups").status_code == 403
