"""Roles, users, plugins and jobs for administrators."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.tables import job
from tests.web.people import PASSWORD


def test_permissions_are_written_as_the_matrix_says(company, root, write, people):
    role = write(lambda work: records.create(work, "core.role", {"name": "Reader"}))["id"]
    user = people.user("anna")
    root.post(f"/admin/users/{user}", data={"role": str(role)})
    anna = people.signed_in("anna")
    assert anna.get("/customers").status_code == 403

    answer = root.post(
        f"/admin/roles/{role}", data={"grant:core.customer.read": "all", "grant:core.tag.read": ""}
    )
    assert answer.status_code == 303
    assert "Huaxin" in anna.get("/customers").text
    root.post(f"/admin/roles/{role}", data={"grant:core.customer.read": "own"})
    assert "Huaxin" not in anna.get("/customers").text
    root.post(f"/admin/users/{user}", data={})
    assert anna.get("/customers").status_code == 403


def test_a_given_password_has_to_be_changed(company, root, people):
    user = people.user("anna")
    weak = root.post(f"/admin/users/{user}/password", data={"password": "short"})
    assert weak.status_code == 422
    given = "a given phrase for now"
    assert root.post(f"/admin/users/{user}/password", data={"password": given}).status_code == 303

    browser = people.client(**{"sec-fetch-site": "same-origin", "accept": "text/html"})
    assert browser.post("/login", data={"name": "anna", "password": given}).status_code == 303
    assert browser.get("/").headers["location"] == "/account/password"
    wrong = browser.post("/account/password", data={"current": "no", "new": PASSWORD})
    assert wrong.status_code == 422
    done = browser.post("/account/password", data={"current": given, "new": PASSWORD})
    assert done.status_code == 303
    assert browser.get("/").status_code == 200


def test_the_file_decides_about_plugins_when_it_is_said_to(company, root):
    page = root.get("/admin/plugins").text
    assert "sales" in page
    assert "settings file" in page

    answer = root.post("/admin/plugins/sales", data={"to": "off"})
    assert answer.status_code == 409
    assert root.get("/admin/plugins/nothing").status_code == 404


def test_a_dead_job_is_shown_with_its_error_and_tried_again(host, company, root, write):
    job_id = write(lambda work: enqueue(work, "sales.count_overdue"))
    with host.site.application.database.write() as connection:
        connection.execute(
            sa.update(job).where(job.c.id == job_id).values(state="dead", error="Traceback\nBoom: x")
        )

    page = root.get("/admin/jobs?state=dead").text
    assert "Boom: x" in page
    assert root.post(f"/admin/jobs/{job_id}/retry").status_code == 303
    with host.site.application.database.read() as connection:
        assert connection.scalar(sa.select(job.c.state).where(job.c.id == job_id)) == "queued"
    assert root.post(f"/admin/jobs/{job_id}/nonsense").status_code == 404
