from __future__ import annotations


def everything(client, after=""):
    found = []
    while True:
        answer = client.get("/api/v1/changes", params={"limit": 2, **({"after": after} if after else {})})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body["changes"]
        after = body["next"]
        if not body["more"]:
            return found, after


def about_customers(changes):
    return [(c["kind"], c["ids"], c["fields"]) for c in changes if c["entity"] == "core.customer"]


def test_the_feed_tells_every_change_once_and_in_order(admin):
    start = admin.get("/api/v1/changes?after=now").json()["next"]
    a, b, c = admin.post("/api/v1/customers/batch", json={"create": [{"name": n} for n in "abc"]}).json()[
        "create"
    ]
    admin.patch(f"/api/v1/customers/{b}", json={"name": "b2"}, headers={"if-match": '"1"'})
    admin.delete(f"/api/v1/customers/{c}", headers={"if-match": "*"})

    changes, end = everything(admin, start)

    assert about_customers(changes) == [
        ("create", [a, b], []),
        ("update", [b], ["name"]),
        ("delete", [c], []),
    ]
    assert everything(admin, end) == ([], end)


def test_the_feed_shows_only_what_its_reader_may_see(people, admin):
    anna_id = people.user("anna", grants=(("core.customer.read", "own"),))
    anna = people.program(anna_id)
    start = admin.get("/api/v1/changes?after=now").json()["next"]
    foreign = admin.post("/api/v1/customers", json={"name": "Foreign"}).json()["id"]
    own = admin.post("/api/v1/customers", json={"name": "Own", "owner_id": anna_id}).json()["id"]
    admin.delete(f"/api/v1/customers/{foreign}", headers={"if-match": "*"})

    changes, _ = everything(anna, start)

    assert about_customers(changes) == [("create", [own], [])]
    assert {c["entity"] for c in changes} == {"core.customer"}
