from __future__ import annotations


def test_an_operation_is_undone_with_its_number(admin):
    made = admin.post("/api/v1/customers", json={"name": "Acme"})
    changed = admin.patch(made.headers["location"], json={"name": "New"}, headers={"if-match": '"1"'})

    undone = admin.post(f"/api/v1/operations/{changed.headers['crmframe-operation']}/undo")

    assert undone.status_code == 200, undone.text
    assert undone.json() == {"undone": 1, "kept": []}
    assert admin.get(made.headers["location"]).json()["name"] == "Acme"


def test_an_undo_in_the_way_of_a_later_change_names_it(admin):
    made = admin.post("/api/v1/customers", json={"name": "Acme"})
    place = made.headers["location"]
    first = admin.patch(place, json={"name": "Second"}, headers={"if-match": "*"})
    admin.patch(place, json={"name": "Third"}, headers={"if-match": "*"})
    undo = f"/api/v1/operations/{first.headers['crmframe-operation']}/undo"

    refused = admin.post(undo)
    partly = admin.post(undo, json={"partly": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "undo_conflict")
    [conflict] = refused.json()["conflicts"]
    assert (conflict["entity"], conflict["id"]) == ("core.customer", made.json()["id"])
    assert partly.json()["kept"] == [conflict]
    assert admin.post(undo, json={"partly": "yes"}).status_code == 400


def test_people_see_their_own_operations(people, admin):
    anna = people.program(
        people.user("anna", grants=(("core.customer.create", "all"), ("core.customer.read", "all")))
    )
    admin.post("/api/v1/customers", json={"name": "A"})
    anna.post("/api/v1/customers", json={"name": "B"})

    mine = anna.get("/api/v1/operations").json()["operations"]
    everybody = admin.get("/api/v1/operations").json()["operations"]

    assert {operation["actor_name"] for operation in mine} == {"Anna"}
    assert {"Anna", "Root"} <= {operation["actor_name"] for operation in everybody}
    page = admin.get("/api/v1/operations?limit=1").json()
    following = admin.get(f"/api/v1/operations?limit=1&after={page['next']}").json()
    assert following["operations"][0]["id"] < page["operations"][0]["id"]


def test_an_operation_that_does_not_exist_is_404(admin):
    assert admin.post("/api/v1/operations/999999/undo").status_code == 404


def test_me_tells_who_is_asking(people):
    anna = people.program(people.user("anna", grants=(("core.customer.read", "own"),)))

    body = anna.get("/api/v1/me").json()

    assert body["name"] == "Anna"
    assert body["permissions"]["core.customer.read"] == ["own"]
    assert body["is_admin"] is False


def test_the_index_lists_what_may_be_read(people, admin):
    anna = people.program(people.user("anna", grants=(("core.customer.read", "own"),)))

    assert admin.get("/api/v1").json()["entities"]["core.customer"] == "/api/v1/customers"
    assert "core.customer" in anna.get("/api/v1").json()["entities"]
    assert "core.contact" not in anna.get("/api/v1").json()["entities"]
