from __future__ import annotations

import pytest

from crmframe.core.access.accounts import set_password
from crmframe.web.auth import local_path
from tests.web.people import HASHER, PASSWORD


@pytest.mark.parametrize("target", ["/deals", "/deals/7?tab=history&x=1", "/", "/客户"])
def test_a_local_path_is_followed_after_signing_in(target):
    assert local_path(target).startswith("/")
    assert local_path(target) != "/" or target == "/"


@pytest.mark.parametrize(
    "target",
    [
        "",
        "deals",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/x",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "http:/evil",
        "/\x00",
    ],
)
def test_a_path_that_leads_elsewhere_is_not(target):
    assert local_path(target) == "/"


def test_signing_in_sets_a_cookie_that_scripts_cannot_read(people):
    people.user("anna")

    answer = people.client(**{"sec-fetch-site": "same-origin"}).post(
        "/login", data={"name": "anna", "password": PASSWORD, "next": "/customers?limit=5"}
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/customers?limit=5"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("crmframe_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_bound_to_the_host(people):
    people.user("anna")
    client = people.client(**{"sec-fetch-site": "same-origin"})
    client.base_url = "https://testserver"

    answer = client.post("/login", data={"name": "anna", "password": PASSWORD})

    assert answer.headers["set-cookie"].startswith("__Host-crmframe=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "strict-transport-security" in answer.headers


def test_a_wrong_password_shows_the_form_again_without_saying_which_was_wrong(people):
    people.user("anna")
    client = people.client(**{"sec-fetch-site": "same-origin", "accept": "text/html"})

    wrong = client.post("/login", data={"name": "anna", "password": "wrong", "next": "/deals"})
    unknown = client.post("/login", data={"name": "nobody", "password": "wrong", "next": "/deals"})

    assert wrong.status_code == unknown.status_code == 401
    assert "set-cookie" not in wrong.headers
    assert wrong.text.replace("anna", "") == unknown.text.replace("nobody", "")


def test_signing_out_ends_the_session_itself(people):
    people.user("anna")
    client = people.signed_in("anna")
    secret = client.cookies["crmframe_session"]
    assert client.get("/api/v1/me").status_code == 200

    client.post("/logout")

    again = people.client(cookie=f"crmframe_session={secret}")
    assert again.get("/api/v1/me").status_code == 401


def test_an_unknown_token_is_401_even_beside_a_good_cookie(people):
    people.user("anna")
    client = people.signed_in("anna")

    answer = client.get(
        "/api/v1/me", headers={"authorization": "Bearer crm_unknown", "accept": "application/json"}
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_may_no_more_than_its_scopes(people):
    user_id = people.user("anna", is_admin=True)
    narrow = people.program(user_id, "core.customer.read")

    assert narrow.get("/api/v1/customers").status_code == 200
    assert narrow.post("/api/v1/customers", json={"name": "Acme"}).status_code == 403
    assert narrow.get("/api/v1/contacts").status_code == 403


def test_a_person_who_is_not_signed_in_is_sent_to_the_form(people):
    answer = people.client(accept="text/html").get("/-/plugins")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/-/plugins"


def test_somebody_with_a_given_password_chooses_an_own_one_first(host, people):
    user_id = people.user("anna", is_admin=True)
    with host.site.application.work(door="cli") as work:
        set_password(work, user_id, PASSWORD, hasher=HASHER, must_change=True)
    browser = people.signed_in("anna")

    page = browser.get("/api/v1/customers", headers={"accept": "application/json"})

    assert (page.status_code, page.json()["code"]) == (403, "password_outdated")
    assert people.program(user_id).get("/api/v1/customers").status_code == 200
