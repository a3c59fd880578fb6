"""Invitations and forgotten passwords: links that count once and tell nothing to whoever has none."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crmframe.core.access import tables
from crmframe.core.access.links import LinkEnded
from tests.web.people import PASSWORD, at_once

LINK = re.compile(r'<pre class="c-code c-link"[^>]*>([^<]+)</pre>')
NEW = "nine green lanterns 42"
SAME = {"sec-fetch-site": "same-origin", "accept": "text/html"}


def invited(root, **more) -> str:
    page = root.post("/admin/invite", data={"name": "Mei Lin", "email": "Mei@example.com", **more})
    assert page.status_code == 200, page.text
    return html.unescape(LINK.search(page.text).group(1))


def reset_link(root, login: str) -> str:
    users = {each["login"]: each["id"] for each in root.get("/api/v1/users").json()["records"]}
    page = root.post(f"/admin/users/{users[login]}/link")
    return html.unescape(LINK.search(page.text).group(1))


def redeem(people, link: str, **more):
    client = people.client(**SAME)
    key = link.partition("key=")[2]
    return client.post("/welcome", data={"key": key, "password": NEW, "again": NEW, **more})


def enter(people, name: str, password: str = NEW):
    return people.client(**SAME).post("/login", data={"name": name, "password": password})


def test_an_invited_person_chooses_a_password_and_signs_in(people, root):
    role = root.post("/api/v1/roles", json={"name": "Counter"}).json()["id"]
    link = invited(root, role=str(role))
    asked = people.client(**SAME).get(link)
    assert "Welcome, Mei Lin" in asked.text
    assert "mei@example.com" in asked.text

    done = redeem(people, link, name="Mei", locale="zh_Hans", zone="Asia/Shanghai")

    assert (done.status_code, done.headers["location"]) == (303, "/login?saved=1")
    assert "set-cookie" not in done.headers
    assert enter(people, "mei@example.com").status_code == 303
    user = next(u for u in root.get("/api/v1/users").json()["records"] if u["login"] == "mei@example.com")
    assert (user["name"], user["locale"], user["zone"]) == ("Mei", "zh_Hans", "Asia/Shanghai")
    assert "Counter" in root.get("/admin/roles").text


def test_before_the_invitation_is_accepted_nobody_signs_in(people, root):
    invited(root)

    assert enter(people, "mei@example.com", "").status_code == 401
    assert enter(people, "mei@example.com").status_code == 401


def test_a_link_counts_once(people, root):
    link = invited(root)
    assert redeem(people, link).status_code == 303

    again = redeem(people, link)

    assert again.status_code == LinkEnded.status
    assert LinkEnded.template in again.text


def test_of_two_at_once_one_chooses_the_password(people, root):
    link = invited(root)
    results = at_once(4, lambda i: redeem(people, link, name=f"Mei {i}").status_code)

    assert sorted(results) == [303, 410, 410, 410]


def test_looking_at_a_link_does_not_spend_it(people, root):
    link = invited(root)
    for _ in range(3):
        assert people.client(**SAME).get(link).status_code == 200

    assert redeem(people, link).status_code == 303


def test_a_link_ends_with_its_time(host, people, root):
    link, application = reset_link(root, "root"), host.site.application
    moment = application.clock() + timedelta(hours=1, seconds=1)
    application.clock = lambda: moment

    assert people.client(**SAME).get(link).status_code == 410
    assert redeem(people, link).status_code == 410


def test_a_new_link_ends_the_one_before(people, root, seller):
    first = reset_link(root, "seller")
    second = reset_link(root, "seller")

    assert redeem(people, first).status_code == 410
    assert redeem(people, second).status_code == 303


def test_a_new_password_ends_sessions_and_links(people, root, seller):
    link = reset_link(root, "seller")
    assert seller.get("/account").status_code == 200

    assert redeem(people, link).status_code == 303

    assert seller.get("/account").status_code == 303
    assert enter(people, "seller", PASSWORD).status_code == 401
    assert enter(people, "seller").status_code == 303


def test_choosing_the_own_password_ends_a_link_that_was_made(people, root, seller):
    link = reset_link(root, "seller")
    seller.post("/account/password", data={"current": PASSWORD, "new": NEW})

    assert redeem(people, link).status_code == 410


@pytest.mark.parametrize("given", [{"again": "something else 99"}, {"password": "short", "again": "short"}])
def test_a_bad_password_is_told_and_spends_nothing(people, root, given):
    # Codes not_the_same and too_short.
    link = invited(root)

    refused = redeem(people, link, name="Mei Typed", **given)

    assert refused.status_code == 422
    assert 'value="Mei Typed"' in refused.text
    assert redeem(people, link).status_code == 303


@pytest.mark.parametrize("key", ["", "x", "\x00", "é" * 400])
def test_what_is_no_link_gets_the_answer_of_a_used_one(people, key):
    answer = people.client(**SAME).post("/welcome", data={"key": key, "password": NEW, "again": NEW})

    assert answer.status_code in (400, 410)


def test_the_address_of_the_page_goes_nowhere(people, root):
    page = people.client(**SAME).get(invited(root))

    assert page.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in page.headers["cache-control"]
    assert "http://" not in page.text.replace("http://www.w3.org", "")


def test_a_host_that_the_request_names_is_in_no_link(host, root):
    root.headers["host"] = "evil.example"
    assert "evil.example" not in invited(root)

    host.site.application.settings.public_url = "https://crm.example/"
    assert reset_link(root, "root").startswith("https://crm.example/welcome?key=")


def test_the_secret_of_a_link_is_nowhere_in_the_database(host, root):
    secret = invited(root).partition("key=")[2]
    with host.site.application.database.read() as connection:
        stored = connection.execute(sa.select(tables.link)).one()

    assert secret not in str(stored)
    assert len(secret) >= 40


def test_an_invitation_without_an_address_shows_what_is_missing(root):
    refused = root.post("/admin/invite", data={"name": "Mei", "email": ""})

    assert refused.status_code == 422
    assert 'value="Mei"' in refused.text


def test_only_administrators_invite_and_make_links(root, seller):
    root_id = next(u["id"] for u in root.get("/api/v1/users").json()["records"] if u["login"] == "root")

    assert seller.get("/admin/invite").status_code == 403
    assert seller.post("/admin/invite", data={"name": "x", "email": "x@example.com"}).status_code == 403
    assert seller.post(f"/admin/users/{root_id}/link").status_code == 403


def test_who_forgot_the_password_is_told_whom_to_ask(people, root):
    page = people.client(**SAME).get("/login/forgotten")
    assert "Ask whoever set up crmframe" in page.text

    root.post("/admin/settings", data={"core.help_contact": "Ms Wang, 4711"})

    assert "Ms Wang, 4711" in people.client(**SAME).get("/login/forgotten").text


def test_a_session_from_before_signing_in_is_not_taken_over(people, root, seller):
    planted = "planted" * 6
    client = people.client(**SAME)
    client.cookies.set("crmframe_session", planted)

    answer = client.post("/login", data={"name": "seller", "password": PASSWORD})

    assert planted not in answer.headers["set-cookie"]
    assert people.client(cookie=f"crmframe_session={planted}", **SAME).get("/account").status_code == 303
