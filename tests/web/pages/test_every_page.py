"""Every page, in both languages: it answers, writes nothing, and asks the database no more than it did."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.journal.tables import operation
from crmframe.web.locales import COOKIE, LOCALES

COUNTS = Path(__file__).parent / "query_counts.json"
FIXED = (
    "/",
    "/journal",
    "/account/password",
    "/admin/roles",
    "/admin/plugins",
    "/admin/jobs",
    "/p/sales/funnel",
)


def pages_of(host, company):
    """Return every GET page of the host, those of every entity included."""
    yield from FIXED
    yield from ("/admin/roles/1", "/admin/users/1", "/admin/plugins/sales")
    for entity in host.site.application.registry.public_entities():
        base = f"/{entity.slug}"
        yield from (base, f"{base}/new", f"{base}/export", f"{base}?archived=true", f"{base}?open=condition")
        yield from ([f"{base}/board"] if entity.board else [])
    for base in (f"/customers/{company.customer}", f"/deals/{company.deal}", "/users/1"):
        yield from (base, f"{base}/edit", f"{base}/delete", f"{base}/history", f"{base}?as_of=2099-01-01")
    yield from (f"/deals/{company.deal}/{verb}" for verb in ("move", "win", "lose", "reopen"))
    yield from (
        "/journal/1",
        "/customers/condition?add_field=grade",
        "/deals/options?field=customer_id&q=hua",
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_answers_and_writes_nothing(host, company, root, people, write, locale):
    write(lambda work: records.create(work, "core.role", {"name": "Reader"}))

    def operations():
        with host.site.application.database.read() as connection:
            return connection.scalar(sa.select(sa.func.max(operation.c.id)))

    before = operations()
    root.cookies.set(COOKIE, locale)
    answers = {path: root.get(path) for path in pages_of(host, company)}

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    html = [answer for answer in answers.values() if answer.headers["content-type"].startswith("text/html")]
    assert all("<script>" not in answer.text and " style=" not in answer.text for answer in html)
    assert all(re.search(r"{[a-z]+}", answer.text.replace("{csrf_token}", "")) is None for answer in html)
    assert operations() == before


def test_a_page_asks_the_database_no_more_than_is_written_down(host, company, root):
    counted = {
        "list": "/deals",
        "list filtered": "/customers?grade=a&order=-name",
        "board": "/customers/board",
        "record": f"/deals/{company.deal}",
        "customer": f"/customers/{company.customer}",
        "form": f"/deals/{company.deal}/edit",
        "new": "/deals/new",
        "history": f"/customers/{company.customer}/history",
        "home": "/",
        "journal": "/journal",
    }
    found = {}
    engine = host.site.application.database.engine
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    for name, path in counted.items():
        root.get(path)  # the session and the actor are known from now on
        statements.clear()
        assert root.get(path).status_code == 200
        # Who is asking takes one statement; whether plugins were switched is looked up once a second.
        counted_ones = [t for t in statements if not t.startswith("BEGIN") and "crm_generation" not in t]
        found[name] = len(counted_ones) - 1

    assert found == json.loads(COUNTS.read_text()), f"write to {COUNTS.name}: {json.dumps(found)}"


def test_pages_for_administrators_are_for_administrators(company, seller):
    for path in ("/admin/roles", "/admin/plugins", "/admin/plugins/sales", "/admin/jobs", "/admin/users/1"):
        assert seller.get(path).status_code == 403, path


def test_nobody_sees_a_page_without_signing_in(company, people):
    stranger = people.client(accept="text/html")

    for path in ("/", "/customers", f"/customers/{company.customer}", "/journal"):
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")


def test_what_is_hidden_is_in_no_page(company, seller):
    pages = [
        "/customers",
        "/customers/board",
        "/deals",
        "/deals/board",
        "/deals/new",
        "/contacts",
        "/customers/export",
    ]
    pages += [
        "/deals/options?field=customer_id&q=hua",
        "/",
        "/journal",
        "/activities",
        "/customers?name__contains=hua",
    ]
    for path in pages:
        answer = seller.get(path)
        assert answer.status_code == 200, path
        assert "华新制造" not in answer.text, path
        assert "Nordwind" not in answer.text, path
    for verb in ("", "/edit", "/delete", "/history"):
        answer = seller.get(f"/customers/{company.customer}{verb}")
        assert answer.status_code == 404, verb
        assert "华新" not in answer.text
