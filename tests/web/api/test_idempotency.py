from __future__ import annotations

from datetime import timedelta

from crmframe.core.journal.tables import idempotency
from crmframe.web.idempotency import purge
from tests.web.people import at_once


def count_of(client, name):
    return client.get("/api/v1/customers", params={"name": name, "count": "true"}).json()["count"]["value"]


def test_the_same_request_has_one_effect_and_one_answer(admin):
    headers = {"idempotency-key": "first"}
    one = admin.post("/api/v1/customers", json={"name": "Once"}, headers=headers)
    two = admin.post("/api/v1/customers", json={"name": "Once"}, headers=headers)

    assert (one.status_code, two.status_code) == (201, 201)
    assert one.content == two.content
    assert one.headers["location"] == two.headers["location"]
    assert one.headers["etag"] == two.headers["etag"]
    assert "idempotency-replayed" not in one.headers
    assert two.headers["idempotency-replayed"] == "true"
    assert count_of(admin, "Once") == 1


def test_the_key_of_another_request_is_refused(admin):
    headers = {"idempotency-key": "first"}
    admin.post("/api/v1/customers", json={"name": "Once"}, headers=headers)

    answer = admin.post("/api/v1/customers", json={"name": "Other"}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert count_of(admin, "Other") == 0


def test_a_request_that_failed_may_come_again(admin):
    headers = {"idempotency-key": "first"}

    assert admin.post("/api/v1/customers", json={"name": ""}, headers=headers).status_code == 422
    assert admin.post("/api/v1/customers", json={"name": "Right"}, headers=headers).status_code == 201


def test_ten_at_once_have_one_effect(people, admin):
    token = admin.headers["authorization"]
    clients = [people.client(authorization=token) for _ in range(10)]

    answers = at_once(
        10,
        lambda i: clients[i].post(
            "/api/v1/customers", json={"name": "Ten"}, headers={"idempotency-key": "ten"}
        ),
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert (
        sum("idempotency-replayed" not in answer.headers for answer in answers if answer.status_code == 201)
        == 1
    )
    assert count_of(admin, "Ten") == 1


def test_people_do_not_share_keys(people, admin):
    other = people.program(people.user("other", is_admin=True))
    headers = {"idempotency-key": "shared"}

    admin.post("/api/v1/customers", json={"name": "Mine"}, headers=headers)
    answer = other.post("/api/v1/customers", json={"name": "Mine"}, headers=headers)

    assert "idempotency-replayed" not in answer.headers
    assert count_of(admin, "Mine") == 2


def test_a_batch_and_an_action_are_replayed_too(admin):
    headers = {"idempotency-key": "batch"}
    one = admin.post("/api/v1/customers/batch", json={"create": [{"name": "B"}]}, headers=headers)
    two = admin.post("/api/v1/customers/batch", json={"create": [{"name": "B"}]}, headers=headers)

    assert one.json() == two.json()
    assert count_of(admin, "B") == 1


def test_keys_are_forgotten_after_a_day(host, admin):
    admin.post("/api/v1/customers", json={"name": "Once"}, headers={"idempotency-key": "old"})
    application = host.site.application

    with application.database.write() as connection:
        purge(connection, application.clock() + timedelta(hours=23))
        kept = connection.execute(idempotency.select()).all()
        purge(connection, application.clock() + timedelta(hours=25))
        gone = connection.execute(idempotency.select()).all()

    assert len(kept) == 1
    assert gone == []


def test_a_key_has_to_be_short_and_printable(admin):
    answer = admin.post("/api/v1/customers", json={"name": "x"}, headers={"idempotency-key": "k" * 201})

    assert answer.status_code == 400
