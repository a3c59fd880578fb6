"""The second factor: set up with a code, asked at sign-in, spent codes, recovery, duty, reset."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from crmframe.core.access import tables
from crmframe.core.access.second_factor import Vault, WrongCode, require_code
from tests.web.people import PASSWORD, at_once

PAGE = "/account/second-factor"
KEY = re.compile(r'<pre class="c-code"[^>]*>([^<]+)</pre>')
SAME = {"sec-fetch-site": "same-origin", "accept": "text/html"}


class Phone:
    """An authenticator app, and the clock of the server that it must agree with."""

    def __init__(self, host) -> None:
        self.application = host.site.application
        self.start = self.application.clock()
        self.later = timedelta(0)
        self.application.clock = lambda: self.start + self.later
        self.key = ""

    def wait(self, seconds: int = 30) -> None:
        self.later += timedelta(seconds=seconds)

    def code(self) -> str:
        return pyotp.TOTP(self.key).at(self.application.clock())


@pytest.fixture
def phone(host) -> Phone:
    return Phone(host)


def set_up(client, phone) -> list[str]:
    client.post(f"{PAGE}/start")
    phone.key = KEY.search(client.get(PAGE).text).group(1).replace(" ", "")
    page = client.post(f"{PAGE}/confirm", data={"code": phone.code()})
    assert page.status_code == 200, page.text
    phone.wait()
    return KEY.search(page.text).group(1).split()


def first_step(people, login: str = "seller"):
    client = people.client(**SAME)
    page = client.post("/login", data={"name": login, "password": PASSWORD, "next": "/customers"})
    return client, page


def second_step(client, page, code: str):
    begun = re.search(r'name="begun" value="([^"]+)"', page.text).group(1)
    return client.post("/login/code", data={"begun": begun, "code": code, "next": "/customers"})


def test_without_a_code_nothing_is_switched_on(people, seller, phone):
    seller.post(f"{PAGE}/start")

    refused = seller.post(f"{PAGE}/confirm", data={"code": "12ab56"})

    assert refused.status_code == 422
    assert "does not count" in refused.text
    assert people.signed_in("seller").get("/account").status_code == 200


def test_the_picture_needs_neither_script_nor_style(seller, phone):
    seller.post(f"{PAGE}/start")
    picture = re.search(r'<p class="c-qr">(.*?)</p>', seller.get(PAGE).text, re.DOTALL).group(1)

    assert picture.startswith("<svg")
    assert "style" not in picture
    assert "<script" not in picture


def test_signing_in_asks_for_the_code_and_opens_no_session_before(people, seller, phone):
    set_up(seller, phone)

    client, page = first_step(people)
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert client.get("/account").status_code == 303
    opened = second_step(client, page, phone.code())

    assert (opened.status_code, opened.headers["location"]) == (303, "/customers")
    assert client.get("/account").status_code == 200


def test_a_code_counts_once(people, seller, phone):
    set_up(seller, phone)
    code = phone.code()
    assert second_step(*first_step(people), code).status_code == 303

    again = second_step(*first_step(people), code)

    assert again.status_code == 422
    assert "set-cookie" not in again.headers


def test_of_two_at_once_with_one_code_one_comes_in(host, people, seller, phone):
    set_up(seller, phone)
    application, vault = host.site.application, Vault(host.site.secret)
    with application.database.read() as connection:
        user_id = connection.scalar(sa.select(tables.second_factor.c.user_id))
    code, now = phone.code(), application.clock()

    results = at_once(
        4,
        lambda i: require_code(
            application.database, user_id, code, address=f"192.0.2.{i}", vault=vault, now=now
        ),
    )

    assert [type(each) for each in results if each is not None] == [WrongCode] * 3


def test_a_recovery_code_counts_once(people, seller, phone):
    codes = set_up(seller, phone)
    assert len(set(codes)) == 10

    assert second_step(*first_step(people), codes[3].upper()).status_code == 303
    assert second_step(*first_step(people), codes[3]).status_code == 422
    assert "9 recovery codes are left" in seller.get(PAGE).text


def test_new_recovery_codes_take_the_place_of_the_old(people, seller, phone):
    old = set_up(seller, phone)
    page = seller.post(f"{PAGE}/codes", data={"code": phone.code()})
    new = KEY.search(page.text).group(1).split()

    assert not set(old) & set(new)
    assert second_step(*first_step(people), old[0]).status_code == 422
    assert second_step(*first_step(people), new[0]).status_code == 303


def test_guesses_are_slowed_down(people, seller, phone):
    set_up(seller, phone)
    client, page = first_step(people)

    answers = [second_step(client, page, f"00000{i}").status_code for i in range(8)]

    assert answers[:5] == [422] * 5
    assert answers[-1] == 429


def test_what_was_begun_ends_with_time_and_with_the_password(people, seller, phone):
    set_up(seller, phone)
    client, page = first_step(people)
    phone.wait(11 * 60)
    assert second_step(client, page, phone.code()).headers["location"].startswith("/login")

    client, page = first_step(people)
    values = {"current": PASSWORD, "new": "another blue tractor 77"}
    assert seller.post("/account/password", data=values).status_code == 303
    phone.wait()
    answer = second_step(client, page, phone.code())
    assert answer.headers["location"].startswith("/login")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("begun", ["", "x", "WzEsIjIwMjYiLCIyMDI2Il0.abc"])
def test_a_step_that_nobody_began_leads_back(people, begun):
    answer = people.client(**SAME).post("/login/code", data={"begun": begun, "code": "123456"})

    assert answer.headers["location"].startswith("/login")


def test_switching_off_asks_for_a_code(people, seller, phone):
    set_up(seller, phone)
    assert seller.post(f"{PAGE}/off", data={"code": "000000"}).status_code == 422
    assert first_step(people)[1].status_code == 200

    assert seller.post(f"{PAGE}/off", data={"code": phone.code()}).status_code == 303

    assert first_step(people)[1].status_code == 303


def test_the_database_alone_opens_nothing(host, seller, phone):
    set_up(seller, phone)
    with host.site.application.database.read() as connection:
        row = connection.execute(sa.select(tables.second_factor)).one()
        hashes = list(connection.scalars(sa.select(tables.recovery_code.c.code_hash)))

    assert phone.key not in row.sealed
    assert Vault("another secret").open(row.sealed) == ""
    assert Vault(host.site.secret).open(row.sealed) == phone.key
    assert {len(each) for each in hashes} == {64}


def test_who_has_to_have_one_gets_no_further_without(people, root, seller):
    root.post("/admin/settings", data={"core.second_factor": "all"})

    led = seller.get("/customers")
    assert (led.status_code, led.headers["location"]) == (303, PAGE)
    assert seller.get("/api/v1/customers").json()["code"] == "second_factor_missing"
    assert "asks for a second factor" in seller.get(PAGE).text
    assert root.get("/customers").status_code == 303


def test_the_duty_of_administrators_is_no_duty_of_others(root, seller):
    root.post("/admin/settings", data={"core.second_factor": "admins"})

    assert seller.get("/customers").status_code == 200
    assert root.get("/customers").status_code == 303


def test_programs_are_not_asked(people, root):
    root.post("/admin/settings", data={"core.second_factor": "all"})
    program = people.program(people.user("robot", is_admin=True))

    assert program.get("/api/v1/customers").status_code == 200


def test_who_has_to_have_one_cannot_switch_it_off(root, phone):
    set_up(root, phone)
    root.post("/admin/settings", data={"core.second_factor": "admins"})

    page = root.get(PAGE).text
    answer = root.post(f"{PAGE}/off", data={"code": phone.code()})

    assert "cannot be switched off" in page
    assert answer.status_code == 403


def test_an_administrator_resets_it_and_the_journal_says_so(people, root, seller, phone):
    set_up(seller, phone)
    users = {each["login"]: each["id"] for each in root.get("/api/v1/users").json()["records"]}

    assert seller.post(f"/users/{users['seller']}/reset_second_factor").status_code in (403, 404)
    done = root.post(f"/users/{users['seller']}/reset_second_factor")

    assert done.status_code == 303
    assert first_step(people)[1].status_code == 303
    assert "econd factor" in root.get("/journal").text
