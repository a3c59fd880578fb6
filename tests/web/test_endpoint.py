from __future__ import annotations

import asyncio
import sys
import traceback

import pytest
import sqlalchemy as sa

import crmframe

OURS = crmframe.__path__[0]
LONGEST = 6


def own_frames(host, client, path):
    """Return the functions of ours on the stack at each statement, from Endpoint.run on."""
    found = []

    def note(_connection, _cursor, statement, *_rest):
        stack = [
            frame
            for frame, _ in traceback.walk_stack(sys._getframe())
            if frame.f_code.co_filename.startswith(OURS)
        ]
        found.append((statement, [frame.f_code.co_qualname for frame in reversed(stack)]))

    engine = host.site.application.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    answer = client.get(path)
    sa.event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    return [
        names[names.index("Endpoint.run") :]
        for statement, names in found
        if "core_customers" in statement.lower()
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/customers/1", ["Endpoint.run", "read_record", "get"]),
        ("/api/v1/customers", ["Endpoint.run", "list_records", "select", "fetch_page", "_run"]),
    ],
)
def test_at_most_six_functions_of_ours_lie_between_the_call_and_the_sql(host, admin, path, expected):
    admin.post("/api/v1/customers", json={"name": "Acme"})

    [names] = {tuple(names) for names in own_frames(host, admin, path)}

    # Before them: Host.__call__ (the ASGI call itself) and Endpoint.__call__.
    assert list(names) == expected
    assert len(["Endpoint.__call__", *names]) <= LONGEST


def test_only_one_record_of_a_file_is_read_in_the_event_loop(host, admin):
    """A server is waited for, and a list may take long: both need a thread that is not the loop's."""
    admin.post("/api/v1/customers", json={"name": "Acme"})
    is_file = host.site.application.database.dialect == "sqlite"

    assert runs_in_the_loop(host, admin, "/api/v1/customers/1") == is_file
    assert not runs_in_the_loop(host, admin, "/api/v1/customers")


def runs_in_the_loop(host, client, path):
    """Return whether a request reads customers in the thread of the event loop."""
    found = set()

    def note(_connection, _cursor, statement, *_rest):
        if "core_customers" not in statement:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            found.add(False)
        else:
            found.add(True)

    engine = host.site.application.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        client.get(path).raise_for_status()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    [answer] = found
    return answer


def test_the_use_of_a_token_is_noted_after_the_answer(host, admin):
    """Noting it waits for the turn to write, which a reader must not."""
    order = []

    async def send(message):
        order.append(message["type"])

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    def note(_connection, _cursor, statement, *_rest):
        order.append(statement.split()[0])

    engine = host.site.application.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/customers/7",
        "query_string": b"",
        "headers": [(b"authorization", admin.headers["authorization"].encode())],
        "scheme": "http",
        "state": {},
    }
    try:
        asyncio.run(host(scope, receive, send))
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)

    assert order.count("UPDATE") == 1
    assert order.index("http.response.body") < order.index("UPDATE")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(host, admin):
    answer = admin.post(
        "/api/v1/customers", content=b"x" * 10_000_000, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


def test_a_body_that_is_streamed_without_a_length_is_cut_off(admin):
    seen = []

    def chunks():
        for _ in range(1000):
            seen.append(1)
            yield b"x" * 10_000

    answer = admin.post("/api/v1/customers", content=chunks(), headers={"content-type": "application/json"})

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"[" * 50 + b"]" * 50, "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"name": "a\\u0000b"}', "application/json", 400),
        (b'{"name": "a', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"", "application/json", 400),
        (b"name=x", "text/plain", 415),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 415),
        (b'{"name": "x", "founded": 99999999999999999999999999}', "application/json", 422),
        (b'{"name": {"a": []}}', "application/json", 422),
        (b'{"revenue": 1e400}', "application/json", 400),
        (b'{"owner_id": 9223372036854775808}', "application/json", 422),
    ],
)
def test_bad_bodies_are_4xx(admin, content, media_type, status):
    answer = admin.post("/api/v1/customers", content=content, headers={"content-type": media_type})

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/customers/9223372036854775807", 404),
        ("/api/v1/customers/9223372036854775808", 404),
        ("/api/v1/customers/99999999999999999999999999", 404),
        ("/api/v1/customers/-1", 404),
        ("/api/v1/customers/1%00", 404),
        ("/api/v1/cust%00omers", 400),
        ("/api/v1/customers?name=%00", 400),
        ("/api/v1/customers?name=%ff", 400),
        ("/api/v1/customers?limit=0", 400),
        ("/api/v1/customers?limit=501", 400),
        ("/api/v1/customers?limit=99999999999999999999999", 400),
        ("/api/v1/customers?page=99999999999", 400),
        ("/api/v1/customers?after=nonsense", 400),
        ("/api/v1/customers?owner_id=9223372036854775808", 400),
        ("/api/v1/customers?id__in=1,99999999999999999999", 400),
        ("/api/v1/customers?as_of=yesterdayish", 400),
        ("/api/v1/customers?where={", 400),
        ("/api/v1/changes?after=!!!", 400),
        ("/api/v1/changes?limit=x", 400),
        ("/api/v1/operations?after=99999999999999999999", 400),
    ],
)
def test_bad_addresses_are_4xx(admin, path, status):
    answer = admin.get(path)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
