"""The one error shape is pinned here."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.errors import StorageFull, Unavailable
from tests.web.people import People, host_of, settings_for

KEYS = {"type", "title", "status", "code", "detail", "instance", "errors"}


def assert_problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() >= KEYS
    assert body["status"] == status
    assert body["code"] == code
    assert body["instance"] == answer.headers["x-request-id"]
    assert body["type"] == f"/docs/errors#{code}"
    assert "Traceback" not in answer.text
    return body


def test_every_problem_of_a_record_is_named_at_once(admin):
    answer = admin.post("/api/v1/customers", json={"kind": "planet", "name": "", "nonsense": 1})

    body = assert_problem(answer, 422, "invalid_input")
    assert {problem["field"] for problem in body["errors"]} == {"kind", "name", "nonsense"}
    for problem in body["errors"]:
        assert problem.keys() == {"field", "code", "message", "row"}
        assert problem["message"]


def test_an_error_speaks_the_reader_s_language(admin):
    english = admin.get("/api/v1/customers/1").json()
    chinese = admin.get("/api/v1/customers/1", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}).json()

    assert english["code"] == chinese["code"] == "not_found"
    assert english["detail"].startswith("There is no")


def test_what_the_router_refuses_has_the_same_shape(admin):
    assert_problem(admin.get("/api/v1/nothing"), 404, "no_such_page")
    assert_problem(admin.get("/api/v1/customers/1/2/3/4"), 404, "no_such_page")
    wrong = admin.put("/api/v1/customers/1")
    assert_problem(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"] == "DELETE, GET, HEAD, PATCH"


def test_a_browser_gets_a_page(people):
    people.user("anna", is_admin=True)
    answer = people.signed_in("anna").get("/there/is/no/such/page")

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_nobody_is_told_what_broke(host, people, admin):
    def broken(*_arguments, **_options):
        raise RuntimeError("secret detail")

    host.site.application.schema = broken

    answer = admin.get("/api/v1/customers")

    assert_problem(answer, 500, "unexpected")
    assert "secret detail" not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "code"), [(StorageFull(), 507, "storage_full"), (Unavailable(), 503, "unavailable")]
)
def test_a_full_disk_and_a_lost_database_say_so(host, admin, error, status, code):
    def failing(*_arguments, **_options):
        raise error

    host.site.application.schema = failing

    answer = admin.get("/api/v1/customers")

    assert_problem(answer, status, code)
    assert ("retry-after" in answer.headers) == (status == 503)


def test_a_real_full_disk_stops_writing_and_not_reading(sqlite_host):
    people = People(sqlite_host)
    admin = people.program(people.user("root", is_admin=True))

    @sa.event.listens_for(sqlite_host.site.application.database.engine, "checkout")
    def limit(connection: sqlite3.Connection, *_rest) -> None:
        pages = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count={pages}")

    rows = [{"name": f"{i} {'x' * 150}"} for i in range(200)]
    answers = [admin.post("/api/v1/customers/batch", json={"create": rows}) for _ in range(3)]

    assert_problem(answers[-1], 507, "storage_full")
    assert admin.get("/api/v1/customers").status_code == 200
    admin.close()


def test_a_real_lost_database_is_503_and_health_says_so(postgres_host):
    people = People(postgres_host)
    admin = people.program(people.user("root", is_admin=True))
    database = postgres_host.site.application.database
    alive, reading = database.engine, database._reading
    database.engine = database._reading = sa.create_engine(database.url.set(host="127.0.0.1", port=1))

    lost = admin.get("/api/v1/customers")
    health = admin.get("/-/health")
    database.engine, database._reading = alive, reading
    back = admin.get("/api/v1/customers")

    assert_problem(lost, 503, "unavailable")
    assert lost.headers["retry-after"]
    assert health.status_code == 503
    assert health.json()["database"]["ok"] is False
    assert back.status_code == 200
    admin.close()


@pytest.fixture
def sqlite_host(copied_database_url, tmp_path):
    yield from one_host("sqlite", copied_database_url, tmp_path)


@pytest.fixture
def postgres_host(copied_database_url, tmp_path):
    yield from one_host("postgres", copied_database_url, tmp_path)


def one_host(kind, copied_database_url, tmp_path):
    def build(url: str) -> None:
        Application(settings_for(url, tmp_path)).close()

    opened = host_of(settings_for(copied_database_url("web", kind, build), tmp_path))
    yield opened
    opened.close()
