from __future__ import annotations

import pytest


def make(client, **values):
    answer = client.post("/api/v1/customers", json={"name": "Acme", **values})
    assert answer.status_code == 201, answer.text
    return answer


def test_a_record_is_made_with_its_place_and_version(admin):
    answer = make(admin, name="Acme 上海", revenue="1234.5", currency="CNY")

    body = answer.json()
    assert answer.headers["location"] == f"/api/v1/customers/{body['id']}"
    assert answer.headers["etag"] == '"1"'
    assert int(answer.headers["crmframe-operation"]) > 0
    assert body["name"] == "Acme 上海"
    assert body["revenue"] == "1234.50"
    assert body["created_at"].endswith("Z")
    assert admin.get(answer.headers["location"]).json() == body


def test_a_change_needs_the_version_that_was_read(admin):
    made = make(admin)
    place = made.headers["location"]

    without = admin.patch(place, json={"name": "New"})
    stale = admin.patch(place, json={"name": "New"}, headers={"if-match": '"99"'})
    right = admin.patch(place, json={"name": "New"}, headers={"if-match": made.headers["etag"]})
    again = admin.patch(place, json={"name": "Newer"}, headers={"if-match": made.headers["etag"]})
    anyhow = admin.patch(place, json={"name": "Newest"}, headers={"if-match": "*"})
    broken = admin.patch(place, json={"name": "X"}, headers={"if-match": "seven"})

    assert (without.status_code, without.json()["code"]) == (428, "precondition_required")
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert stale.headers["etag"] == '"1"'
    assert (right.status_code, right.headers["etag"]) == (200, '"2"')
    assert again.status_code == 412
    assert anyhow.status_code == 200
    assert broken.status_code == 400
    assert admin.get(place).json()["name"] == "Newest"


def test_a_deleted_record_comes_back_with_restore(admin):
    made = make(admin)
    place = made.headers["location"]

    assert admin.delete(place).status_code == 428
    assert admin.delete(place, headers={"if-match": '"9"'}).status_code == 412
    assert admin.delete(place, headers={"if-match": '"1"'}).status_code == 204
    assert admin.get(place).status_code == 404
    restored = admin.post(f"{place}/restore")

    assert restored.status_code == 200
    assert restored.json()["record"]["name"] == "Acme"
    assert restored.headers["etag"] != '"1"'


def test_an_archived_record_leaves_the_list(admin):
    place = make(admin).headers["location"]

    assert admin.post(f"{place}/archive").status_code == 200
    assert admin.get("/api/v1/customers").json()["records"] == []
    assert len(admin.get("/api/v1/customers?archived=true").json()["records"]) == 1
    assert len(admin.get("/api/v1/customers?archived=any").json()["records"]) == 1
    assert admin.post(f"{place}/unarchive").status_code == 200
    assert len(admin.get("/api/v1/customers").json()["records"]) == 1


def test_a_verb_that_does_not_exist_is_404(admin):
    place = make(admin).headers["location"]

    assert admin.post(f"{place}/explode").status_code == 404
    assert admin.post("/api/v1/customers/999/archive").status_code == 404


def test_the_history_names_who_changed_what(admin):
    made = make(admin)
    admin.patch(made.headers["location"], json={"name": "New"}, headers={"if-match": '"1"'})

    newest, oldest = admin.get(f"{made.headers['location']}/history").json()["entries"]

    assert (newest["kind"], oldest["kind"]) == ("update", "create")
    assert newest["actor_name"] == "Root"
    assert newest["door"] == "api"
    assert {"field": "name", "was": "Acme", "now": "New"} in newest["changes"]


def test_a_record_is_shown_as_it_was(admin):
    made = make(admin)
    place = made.headers["location"]
    before = made.json()["created_at"]
    admin.patch(place, json={"name": "New"}, headers={"if-match": '"1"'})

    assert admin.get(place, params={"as_of": before}).json()["name"] == "Acme"
    assert admin.get(place, params={"as_of": "2001-01-01T00:00:00Z"}).status_code == 404
    listed = admin.get("/api/v1/customers", params={"as_of": before}).json()["records"]
    assert [record["name"] for record in listed] == ["Acme"]


def test_only_the_wanted_columns_of_a_record_come(admin):
    made = make(admin)
    place, before = made.headers["location"], made.json()["created_at"]
    now = admin.get(place, params={"columns": "name,owner"})

    assert now.json() == {"id": made.json()["id"], "name": "Acme", "owner_id": made.json()["owner_id"]}
    assert now.headers["etag"] == '"1"'
    assert "version" in admin.get(place, params={"columns": "version"}).json()
    assert admin.get(place, params={"columns": "name", "as_of": before}).json() == {
        "id": made.json()["id"],
        "name": "Acme",
    }
    for query in ({"columns": "nosuch"}, {"columns": "nosuch", "as_of": before}):
        answer = admin.get(place, params=query)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter")


# --- lists --------------------------------------------------------------------------------------------


@pytest.fixture
def many(admin):
    rows = [
        {"name": f"Customer {i:02}", "revenue": str(i), "industry": "retail" if i % 2 else None}
        for i in range(25)
    ]
    answer = admin.post("/api/v1/customers/batch", json={"create": rows})
    assert answer.status_code == 200, answer.text
    return answer.json()["create"]


def names(answer):
    assert answer.status_code == 200, answer.text
    return [record["name"] for record in answer.json()["records"]]


def test_a_list_is_filtered_sorted_and_cut(admin, many):
    answer = admin.get(
        "/api/v1/customers?industry=retail&revenue__gte=10&order=-revenue&limit=3&columns=name,revenue"
    )

    assert names(answer) == ["Customer 23", "Customer 21", "Customer 19"]
    assert answer.json()["records"][0].keys() == {"id", "name", "revenue"}
    assert answer.json()["records"][0]["revenue"] == "23.00"


def test_the_pages_of_a_list_are_the_list(admin, many):
    seen, after = [], None
    while True:
        answer = admin.get(
            "/api/v1/customers",
            params={"order": "industry", "limit": 7, **({"after": after} if after else {})},
        )
        seen += [record["id"] for record in answer.json()["records"]]
        after = answer.json()["next"]
        if after is None:
            break

    assert sorted(seen) == sorted(many)
    assert len(seen) == len(set(seen))


def test_a_page_can_be_asked_for_by_number(admin, many):
    assert names(admin.get("/api/v1/customers?order=name&limit=10&page=3")) == [
        f"Customer {i}" for i in range(20, 25)
    ]


def test_the_count_stops_at_a_cap_and_says_so(admin, many):
    assert admin.get("/api/v1/customers?count=true&limit=1").json()["count"] == {"value": 25, "capped": False}
    assert admin.get("/api/v1/customers?count=exact&industry=retail").json()["count"]["value"] == 12
    assert "count" not in admin.get("/api/v1/customers").json()


def test_a_filter_can_be_a_group(admin, many):
    where = '{"or": [{"name": "Customer 03"}, {"revenue__gt": "23"}]}'

    assert names(admin.get("/api/v1/customers", params={"where": where, "order": "name"})) == [
        "Customer 03",
        "Customer 24",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "revenue__within=nonsense",
        "revenue__sounds=7",
        "order=nonsense",
        "order=-about",
        "columns=nonsense",
    ],
)
def test_what_cannot_be_asked_for_names_what_can(admin, many, query):
    answer = admin.get(f"/api/v1/customers?{query}")

    assert answer.status_code == 400, answer.text


def test_unknown_filter_fields_name_the_allowed_ones(admin):
    answer = admin.get("/api/v1/customers?nonsense=1")

    assert answer.json()["code"] == "invalid_filter"
    assert "industry" in answer.json()["detail"]


# --- rights -------------------------------------------------------------------------------------------


def test_people_see_and_change_what_their_scope_covers(people, admin):
    grants = (("core.customer.read", "own"), ("core.customer.create", "own"), ("core.customer.update", "own"))
    anna = people.program(people.user("anna", grants=grants))
    foreign = make(admin, name="Foreign").headers["location"]
    own = make(anna, name="Own").headers["location"]

    assert names(anna.get("/api/v1/customers")) == ["Own"]
    assert anna.get(foreign).status_code == 404
    assert anna.patch(foreign, json={"name": "x"}, headers={"if-match": '"1"'}).status_code == 404
    assert anna.patch(own, json={"name": "Mine"}, headers={"if-match": '"1"'}).status_code == 200
    assert anna.delete(own, headers={"if-match": "*"}).status_code == 403
    assert admin.get(foreign).json()["name"] == "Foreign"


def test_nothing_is_shown_to_nobody(people):
    for path in ("", "/customers", "/me", "/changes", "/operations", "/openapi.json"):
        answer = people.client().get(f"/api/v1{path}")
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Bearer")
