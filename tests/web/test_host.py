from __future__ import annotations

import threading

import pytest

from crmframe.kernel.state import GENERATION_TABLE, read_generation
from crmframe.web.host import Host
from crmframe.web.router import Router


def raise_generation(host: Host) -> None:
    with host.site.application.database.write() as connection:
        connection.execute(GENERATION_TABLE.update().values(value=GENERATION_TABLE.c.value + 1))


def test_a_new_generation_is_served_by_the_next_request_after_a_write(host, people, admin):
    first = host.site
    raise_generation(host)
    admin.post("/api/v1/customers", json={"name": "Acme"})

    answer = admin.get("/api/v1/customers")

    assert answer.status_code == 200
    assert host.site is not first
    assert host.site.generation == first.generation + 1


def test_nothing_is_built_while_the_generation_stays(host, admin):
    first = host.site
    for _ in range(3):
        admin.post("/api/v1/customers", json={"name": "Acme"})

    assert host.site is first


def test_a_request_under_way_finishes_on_the_application_it_began_with(host, people, admin):
    entered, go_on, closed = threading.Event(), threading.Event(), []
    first = host.site
    close = first.application.close
    first.application.close = lambda: (closed.append(True), close())

    async def slow(scope, receive, send):
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import PlainTextResponse

        def wait() -> str:
            entered.set()
            go_on.wait(20)
            return str(read_generation(scope["crmframe.site"].application.database.engine))

        await PlainTextResponse(await run_in_threadpool(wait))(scope, receive, send)

    first.router.add("GET", "/-/slow", slow)
    answers = []
    client = people.client()
    thread = threading.Thread(target=lambda: answers.append(client.get("/-/slow")))
    thread.start()
    entered.wait(20)

    raise_generation(host)
    host.check_now()
    assert host.site is not first
    assert admin.get("/api/v1/me").status_code == 200
    assert not closed
    go_on.set()
    thread.join(20)

    assert answers[0].status_code == 200
    for _ in range(100):
        if closed:
            break
        threading.Event().wait(0.02)
    assert closed


def test_a_generation_that_cannot_be_built_leaves_the_old_one_serving(host, admin, monkeypatch):
    first = host.site

    def broken() -> None:
        raise RuntimeError("no such database")

    monkeypatch.setattr(host, "_build", broken)
    raise_generation(host)
    host.check_now()

    assert host.site is first
    assert admin.get("/api/v1/me").status_code == 200


def test_health_answers_without_signing_in_and_names_nothing(people):
    answer = people.client().get("/-/health")

    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "ok"
    assert body["database"]["ok"] is True
    assert {"behind", "failed"} == body["events"].keys()
    assert isinstance(body["jobs"], dict)


def test_plugins_are_listed_for_administrators_only(people, admin):
    people_client = people.program(people.user("anna"))

    assert people_client.get("/-/plugins").status_code == 403
    assert isinstance(admin.get("/-/plugins").json()["plugins"], list)


@pytest.mark.parametrize("kind", ["websocket"])
def test_websockets_are_turned_away(host, kind):
    import asyncio

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    asyncio.run(host({"type": kind}, receive, send))

    assert sent[0]["type"] == "websocket.close"
    assert isinstance(host.site.router, Router)
