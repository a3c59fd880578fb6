"""A forgotten password: a mail for whom there is one, and the same answer for everybody."""

from __future__ import annotations

import re

import pytest

from crmframe.core import records
from crmframe.core.jobs.running import run_next
from tests.mail_server import mail_server
from tests.web.people import PASSWORD

__all__ = ["mail_server"]

NEW = "nine green lanterns 42"
SAME = {"sec-fetch-site": "same-origin", "accept": "text/html"}
LINK = re.compile(r"https://crm\.example/welcome\?key=(\S+)")


@pytest.fixture
def post(host, people, mail_server):
    """Give the mails that went out; ``anna`` has an address."""
    application = host.site.application
    application.mail_server = mail_server.server
    application.settings.public_url = "https://crm.example"
    user_id = people.user("anna")
    with application.work(door="cli") as work:
        records.update(work, "core.user", user_id, {"email": "anna@qiming.example", "locale": "zh_Hans"})
    return mail_server.post


def ask(people, name: str, **headers: str):
    return people.client(**SAME, **headers).post("/login/forgotten", data={"name": name})


def work_off(host) -> None:
    while run_next(host.site.application):
        pass


def test_the_link_of_the_mail_leads_to_a_new_password(host, people, post):
    assert ask(people, "Anna@qiming.example", host="evil.example").status_code == 200
    work_off(host)
    (mail,) = post.mails
    text = mail.get_body(("plain",)).get_content()
    key = LINK.search(text).group(1)

    given = {"key": key, "password": NEW, "again": NEW}
    assert people.client(**SAME).post("/welcome", data=given).status_code == 303

    assert mail["To"] == "anna@qiming.example"
    assert "evil.example" not in text
    assert "Anna，您好" in text
    client = people.client(**SAME)
    assert client.post("/login", data={"name": "anna", "password": PASSWORD}).status_code == 401
    assert client.post("/login", data={"name": "anna", "password": NEW}).status_code == 303


def test_a_name_that_nobody_has_gets_the_same_answer_by_the_same_work(host, people, post):
    texts = [ask(people, name).text for name in ("anna", "nobody@qiming.example")]
    with host.site.application.database.read() as connection:
        queued = connection.exec_driver_sql(
            "select count(*) from core_job where name = 'core.send_account_link'"
        ).scalar()

    assert texts[0] == texts[1]
    assert queued == 2
    work_off(host)
    assert len(post.mails) == 1


def test_asking_again_and_again_fills_no_mailbox_and_is_slowed_down(host, people, post):
    answers = [ask(people, "anna").status_code for _ in range(8)]
    work_off(host)

    assert answers[0] == 200
    assert answers[-1] == 429
    assert len(post.mails) == 1


def test_an_address_of_two_users_opens_neither(host, people, post):
    other = people.user("other")
    with host.site.application.work(door="cli") as work:
        records.update(work, "core.user", other, {"email": "anna@qiming.example"})
    ask(people, "anna@qiming.example")
    work_off(host)

    assert post.mails == []


def test_an_invitation_is_mailed_and_either_link_counts_until_one_is_used(host, people, root, post):
    page = root.post("/admin/invite", data={"name": "Mei", "email": "mei@qiming.example"}).text
    shown = LINK.search(page).group(1).partition("<")[0]
    work_off(host)
    mailed = LINK.search(post.mails[0].get_body(("plain",)).get_content()).group(1)
    assert mailed != shown

    client = people.client(**SAME)
    answers = [
        client.post("/welcome", data={"key": key, "password": NEW, "again": NEW}).status_code
        for key in (mailed, shown)
    ]

    assert answers == [303, 410]


def test_no_mail_holds_its_link_in_the_database(host, people, post):
    ask(people, "anna")
    work_off(host)
    key = LINK.search(post.mails[0].get_body(("plain",)).get_content()).group(1)
    with host.site.application.database.read() as connection:
        for table in ("core_outgoing_mail", "core_job", "core_account_link"):
            rows = connection.exec_driver_sql(f"select * from {table}").all()
            assert key not in str(rows)
