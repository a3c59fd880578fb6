from __future__ import annotations

import pytest

from tests.web.people import no_records_written


def test_a_batch_is_one_operation(admin):
    first = admin.post(
        "/api/v1/customers/batch", json={"create": [{"name": "A", "code": "a"}, {"name": "B", "code": "b"}]}
    )
    a, b = first.json()["create"]

    answer = admin.post(
        "/api/v1/customers/batch",
        json={
            "create": [{"name": "C"}],
            "update": [{"id": a, "version": 1, "name": "A2"}],
            "upsert": {"key": "code", "rows": [{"code": "b", "name": "B2"}, {"code": "d", "name": "D"}]},
        },
    )

    assert answer.status_code == 200, answer.text
    listed = {r["name"] for r in admin.get("/api/v1/customers").json()["records"]}
    assert listed == {"A2", "B2", "C", "D"}
    assert answer.json()["upsert"][0] == b
    operation = int(answer.headers["crmframe-operation"])
    undone = admin.post(f"/api/v1/operations/{operation}/undo")
    assert undone.status_code == 200, undone.text
    assert {r["name"] for r in admin.get("/api/v1/customers").json()["records"]} == {"A", "B"}


def test_a_batch_deletes(admin):
    ids = admin.post("/api/v1/customers/batch", json={"create": [{"name": "A"}, {"name": "B"}]}).json()[
        "create"
    ]

    assert admin.post("/api/v1/customers/batch", json={"delete": ids}).json() == {"delete": ids}
    assert admin.get("/api/v1/customers").json()["records"] == []


def test_one_bad_row_stops_the_whole_batch_and_is_named(host, admin):
    rows = [{"name": "A"}, {"name": ""}, {"name": "C", "kind": "planet"}]

    with no_records_written(host, "core_customers"):
        answer = admin.post("/api/v1/customers/batch", json={"create": rows})

    assert answer.status_code == 422
    assert {(p["list"], p["row"], p["field"]) for p in answer.json()["errors"]} == {
        ("create", 1, "name"),
        ("create", 2, "kind"),
    }


def test_a_stale_row_stops_the_batch(admin):
    [a] = admin.post("/api/v1/customers/batch", json={"create": [{"name": "A"}]}).json()["create"]

    answer = admin.post("/api/v1/customers/batch", json={"update": [{"id": a, "version": 7, "name": "x"}]})

    assert (answer.status_code, answer.json()["code"]) == (409, "stale")


@pytest.mark.parametrize(
    "body",
    [
        {"create": [{"name": "x"}] * 1001},
        {"create": {"name": "x"}},
        {"create": ["x"]},
        {"update": [{"name": "x"}]},
        {"update": [{"id": 1, "name": "x"}, {"id": 1, "name": "y"}]},
        {"update": [{"id": 2**63, "name": "x"}]},
        {"update": [{"id": True, "name": "x"}]},
        {"upsert": {"rows": [{"name": "x"}]}},
        {"upsert": []},
        {"delete": ["1"]},
        {"explode": []},
    ],
)
def test_a_batch_that_cannot_be_read_is_refused(admin, body):
    answer = admin.post("/api/v1/customers/batch", json=body)

    assert answer.status_code == 400, answer.text
