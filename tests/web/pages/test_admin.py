"""Roles, users, plugins and jobs for administrators."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.cli.opening import settle
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
    weak = root.post(f"/admin/users/{user}", data={"password": "short"})
    assert weak.status_code == 422
    given = "a given phrase for now"
    assert root.post(f"/admin/users/{user}", data={"password": given}).status_code == 303

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


def with_default_role(host, people, write, login, kind):
    """Return the id and the browser of a user who has one of the roles of a new installation."""
    settle(host.site.application)
    with host.site.application.database.read() as connection:
        role = host.site.application.registry.entity("core.role").table
        role_id = connection.scalar(sa.select(role.c.id).where(role.c.kind == kind))
    user_id = people.user(login)
    write(lambda work: records.create(work, "core.user_role", {"user_id": user_id, "role_id": role_id}))
    return user_id, people.signed_in(login)


def test_the_role_administrator_does_what_its_summary_says(host, company, people, write):
    anna = people.user("anna")
    _, boss = with_default_role(host, people, write, "boss", "administrator")
    menu = boss.get("/journal").text
    for path in ("/admin/roles", "/admin/plugins", "/admin/jobs"):
        assert f'href="{path}"' in menu
        assert boss.get(path).status_code == 200
    role = write(lambda work: records.create(work, "core.role", {"name": "Reader"}))["id"]
    assert boss.post(f"/admin/users/{anna}", data={"role": str(role)}).status_code == 303
    assert boss.post(f"/admin/roles/{role}", data={"grant:core.tag.read": "all"}).status_code == 303

    assert 'name="password"' not in boss.get(f"/admin/users/{anna}").text
    refused = boss.post(f"/admin/users/{anna}", data={"password": "a given phrase for now"})
    assert refused.status_code == 403
    assert "core.user.set_password" in refused.text
    assert boss.post("/admin/plugins/sales", data={"to": "off"}).status_code == 403


def test_an_auditor_sees_who_may_do_what_and_changes_nothing(host, company, people, write):
    own, auditor = with_default_role(host, people, write, "audit", "auditor")
    assert 'href="/admin/roles"' in auditor.get("/journal").text
    assert 'href="/admin/jobs"' not in auditor.get("/journal").text
    for path in ("/admin/roles", "/admin/roles/1", f"/admin/users/{own}"):
        page = auditor.get(path)
        assert page.status_code == 200
        assert '<button class="btn" data-size="sm" type="submit">Save' not in page.text
    assert "core.jobs.read" in auditor.get("/admin/jobs").text
    assert auditor.post("/admin/roles/1", data={"grant:core.tag.read": ""}).status_code == 403
    assert auditor.post(f"/admin/users/{own}", data={"role": "1"}).status_code == 403


def test_roles_and_password_are_one_form_that_says_what_was_saved(company, root, people, write):
    user = people.user("anna")
    role = write(lambda work: records.create(work, "core.role", {"name": "Reader"}))["id"]
    assert f'href="/admin/users/{user}">Roles and password<' in root.get(f"/users/{user}").text
    weak = root.post(f"/admin/users/{user}", data={"role": str(role), "password": "short"})
    assert weak.status_code == 422
    assert f'value="{role}" checked' in weak.text

    answer = root.post(f"/admin/users/{user}", data={"role": str(role), "password": "a given phrase for now"})
    page = root.get(answer.headers["location"]).text
    assert "Anna has a new password" in page
    assert f'value="{role}" checked' in page
    assert "User role created." not in page
    root.cookies.set("crmframe_locale", "zh_Hans")
    assert "角色与密码" in root.get(f"/users/{user}").text
