"""Robots: who is told what, what is posted, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import InvalidInput, PermissionDenied
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import run_next
from crmframe.core.journal.tables import change
from crmframe.core.notifications.notify import notify
from crmframe.core.outbound.http import Outbound
from crmframe.core.robots.models import address, message
from crmframe.core.robots.telling import SEND
from tests.http_server import Listener, listener

__all__ = ["listener"]
TOLD = "core.task_assigned"


@pytest.fixture
def application(make_application: Any) -> Any:
    made = make_application()
    made.outbound = Outbound(["127.0.0.1"])
    return made


def robot(application: Any, url: str, **given: Any) -> int:
    values = {"name": "Sales group", "kind": "wecom", "topics": TOLD, **given}
    with application.work(door="cli") as work:
        made: int = records.create(work, "core.robot", values)["id"]
        records.run(work, "core.robot", made, "connect", {"url": url, "secret": "s3cret"})
    return made


def tell(application: Any, *users: int, kind: str = TOLD, about: str = "", who: str = "Li") -> None:
    with application.work(door="event") as work:
        notify(work, kind, users, about, who=who)


def work_off(application: Any) -> None:
    with application.work(door="cli") as work:
        enqueue(work, SEND, unique_key=SEND)
    while run_next(application):
        pass


def states(application: Any) -> list[str]:
    with application.database.read() as connection:
        return list(connection.execute(sa.select(message.c.state).order_by(message.c.id)).scalars())


def test_a_group_is_told_in_one_message_what_happened(application: Any, listener: Listener) -> None:
    robot(application, f"{listener.url}/send?key=1", locale="en")
    with application.work(door="cli") as work:
        about = f"core.customer:{records.create(work, 'core.customer', {'name': 'Huaxin 华新'})['id']}"
    for who in ("Li", "Chen"):
        tell(application, 1, about=about, who=who)
    tell(application, 1, kind="core.task_due")
    work_off(application)

    ((path, body),) = listener.calls
    assert path == "/send?key=1"
    assert body["text"]["content"].splitlines() == [
        "Li gave you a task: Huaxin 华新",
        "Chen gave you a task: Huaxin 华新",
    ]
    assert states(application) == ["sent", "sent"]


def test_a_robot_of_a_team_tells_what_its_members_are_told(application: Any, listener: Listener) -> None:
    with application.work(door="cli") as work:
        team = records.create(work, "core.team", {"name": "North"})["id"]
        users = [
            records.create(work, "core.user", {"login": name, "name": name})["id"] for name in ("li", "chen")
        ]
        records.create(work, "core.membership", {"user_id": users[0], "team_id": team})
    robot(application, listener.url, team_id=team)
    tell(application, users[1])
    assert states(application) == []
    tell(application, *users)
    assert states(application) == ["queued"]


def test_an_address_is_never_shown_nor_journaled(application: Any, listener: Listener) -> None:
    made = robot(application, f"{listener.url}/send?key=topsecret")
    with application.work(door="cli") as work:
        records.run(work, "core.robot", made, "connect", {"url": f"{listener.url}/?key=topsecret2"})
        shown = records.get(work, "core.robot", made)
        records.update(work, "core.robot", made, {"name": "Renamed"})
    with application.database.read() as connection:
        journaled = [str(row) for row in connection.execute(sa.select(change.c.before)).scalars()]
    assert "secret" not in str(shown)
    assert not [row for row in journaled if "secret" in row]


def test_a_deleted_robot_takes_its_secret_along(application: Any, listener: Listener) -> None:
    made = robot(application, listener.url)
    with application.work(door="cli") as work:
        records.delete(work, "core.robot", made)
        enqueue(work, "core.wake_robots")
    work_off(application)
    with application.database.read() as connection:
        assert connection.execute(sa.select(address)).all() == []


@pytest.mark.parametrize(
    ("answer", "state"), [({"answer": '{"errcode": 93000}'}, "failed"), ({"status": 503}, "queued"), ({"cuts": True}, "unknown")]
)  # fmt: skip
def test_what_went_wrong_stays_and_can_be_sent_again(
    application: Any, listener: Listener, answer: dict[str, Any], state: str
) -> None:
    made = robot(application, listener.url)
    for name, value in answer.items():
        setattr(listener, name, value)
    tell(application, 1)
    work_off(application)
    assert states(application) == [state]
    work_off(application)
    assert len(listener.calls) == 1

    listener.answer, listener.status, listener.cuts = '{"errcode": 0}', 200, False
    with application.work(door="web") as work:
        records.run(work, "core.robot", made, "send_again", {})
    work_off(application)
    assert states(application) == (["queued"] if state == "queued" else ["sent"])


def test_a_private_address_is_not_called_however_the_name_was_given(
    application: Any, listener: Listener
) -> None:
    application.outbound = Outbound()
    robot(application, f"https://127.0.0.1:{listener.port}/")
    tell(application, 1)
    work_off(application)
    assert states(application) == ["failed"]
    assert listener.calls == []


def test_a_test_says_that_it_arrived_in_the_robots_language(application: Any, listener: Listener) -> None:
    made = robot(application, listener.url, locale="en")
    with application.work(door="web") as work:
        records.run(work, "core.robot", made, "try_out", {})
    work_off(application)
    assert listener.calls[0][1]["text"]["content"] == "This is a test of the robot Sales group."


@pytest.mark.parametrize("url", ["no url", "file:///etc/passwd", "https://user:pass@chat.example/"])
def test_what_is_no_address_is_refused(application: Any, url: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        robot(application, url)
    assert {each.code for each in wrong.value.problems} == {"not_called"}


def test_a_topic_that_nobody_declares_is_refused(application: Any) -> None:
    with pytest.raises(InvalidInput) as wrong:
        robot(application, "https://chat.example/", topics="core.nothing")
    assert [each.code for each in wrong.value.problems] == ["unknown_topic"]


def test_only_administrators_say_what_a_group_reads(application: Any) -> None:
    made = robot(application, "https://chat.example/")
    with application.work(door="cli") as work:
        user = records.create(work, "core.user", {"login": "li", "name": "Li"})["id"]
        role = records.create(work, "core.role", {"name": "almost"})["id"]
        for verb in ("create", "read", "update"):
            grant = {"role_id": role, "permission": f"core.robot.{verb}", "scope": "all"}
            records.create(work, "core.role_grant", grant)
        records.create(work, "core.user_role", {"user_id": user, "role_id": role})
    with application.database.read() as connection:
        actor = actor_of_user(connection, user)
    with pytest.raises(InvalidInput) as wrong, application.work(actor, door="api") as work:
        records.update(work, "core.robot", made, {"topics": "core.task_due"})
    assert [each.code for each in wrong.value.problems] == ["not_writable"]
    with pytest.raises(PermissionDenied), application.work(actor, door="api") as work:
        records.run(work, "core.robot", made, "connect", {"url": "https://evil.example/"})
