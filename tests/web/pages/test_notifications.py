"""The pages of notifications and of outgoing mail."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core.contributions import NotificationKind
from crmframe.core.mail.queue import queue_mail
from crmframe.core.mail.tables import outgoing
from crmframe.core.notifications.notify import notify

KIND = NotificationKind("core.told", "Somebody told you", "{who} told you about {record}.")


@pytest.fixture
def told(host, company, people, monkeypatch):
    hooks = host.site.application.hooks
    collect = hooks.collect
    monkeypatch.setattr(
        hooks, "collect", lambda name: [("core", (KIND,))] if name == "notification_kinds" else collect(name)
    )
    user = people.user("anna", grants=(("core.customer.read", "all"),))
    with host.site.application.work(door="event") as work:
        notify(work, "core.told", [user], f"core.customer:{company.customer}", who="<b>Li</b>")
    return people.signed_in("anna")


def test_the_bell_counts_and_opening_leads_to_the_record(told, company):
    home = told.get("/home").text
    assert '<span class="c-count">1</span></a>' in home

    page = told.get("/notifications").text
    assert "&lt;b&gt;Li&lt;/b&gt; told you about Huaxin 华新制造." in page
    opened = told.post("/notifications/1/open")
    assert opened.headers["location"] == f"/customers/{company.customer}"
    assert '<span class="c-count">1</span></a>' not in told.get("/home").text


def test_nobody_opens_anothers_and_nothing_is_told_twice(told, seller):
    assert seller.post("/notifications/1/open").headers["location"] == "/notifications"
    assert "Huaxin" not in seller.get("/notifications").text
    assert '<span class="c-count">1</span></a>' in told.get("/home").text
    assert told.post("/notifications/read").headers["location"] == "/notifications"
    assert '<span class="c-count">1</span></a>' not in told.get("/home").text


def test_everybody_chooses_how_it_comes_by_mail(told):
    page = told.get("/account/notifications").text
    assert '<option value="digest" selected>' in page
    assert told.post("/account/notifications", data={"core.told": "off"}).status_code == 303
    assert '<option value="off" selected>' in told.get("/account/notifications").text
    assert told.post("/account/notifications", data={"core.told": "loudly"}).status_code == 303
    assert '<option value="digest" selected>' in told.get("/account/notifications").text


@pytest.mark.writes_directly("a mail that a server refused")
def test_administrators_see_what_did_not_go_out_and_try_again(host, root, seller, write):
    mail_id = write(lambda work: queue_mail(work, to="a@b.example", subject="Offer <1>", text="secret words"))
    failed = {"state": "failed", "error": "550 no <such> user"}
    write(lambda work: work.connection.execute(sa.update(outgoing).values(failed)))

    page = root.get("/admin/mail?state=failed").text
    assert "550 no &lt;such&gt; user" in page
    assert "secret words" not in page
    assert root.post(f"/admin/mail/{mail_id}/again").status_code == 303
    assert "550" not in root.get("/admin/mail").text
    assert root.post(f"/admin/mail/{mail_id}/again").status_code == 404
    assert seller.get("/admin/mail").status_code == 403
    assert seller.post(f"/admin/mail/{mail_id}/again").status_code == 403
