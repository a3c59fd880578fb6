"""``GET /api/v1/search`` and the parameter ``q`` of lists."""

from __future__ import annotations


def make(client, name):
    return client.post("/api/v1/customers", json={"name": name}).json()["id"]


def test_records_are_found_with_their_place(admin):
    number = make(admin, "重庆钢铁")
    make(admin, "Nordwind")

    answer = admin.get("/api/v1/search?q=cqgt").json()

    place = {"entity": "core.customer", "id": number, "title": "重庆钢铁", "archived": False}
    assert answer["hits"] == [{**place, "url": f"/customers/{number}"}]


def test_kinds_and_number_of_hits_are_chosen(admin):
    for number in range(3):
        make(admin, f"Delta {number}")

    assert len(admin.get("/api/v1/search?q=delta&limit=2").json()["hits"]) == 2
    assert admin.get("/api/v1/search?q=delta&entity=core.contact").json()["hits"] == []
    assert len(admin.get("/api/v1/search?q=delta&entity=core.contact,core.customer").json()["hits"]) == 3
    assert admin.get("/api/v1/search?q=delta&entity=no.such").status_code == 404
    assert admin.get("/api/v1/search?q=delta&limit=1000").status_code == 400
    assert admin.get("/api/v1/search").json()["hits"] == []


def test_list_is_narrowed(admin):
    make(admin, "重庆钢铁")
    make(admin, "Nordwind")

    found = admin.get("/api/v1/customers?q=zhongqing&count=1").json()

    assert [each["name"] for each in found["records"]] == ["重庆钢铁"]
    assert found["count"]["value"] == 1


def test_list_without_words_refuses(admin):
    assert admin.get("/api/v1/memberships?q=a").status_code == 400
