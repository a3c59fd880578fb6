"""Queueing what robots tell, and posting it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from crmframe.core.access.models import Membership
from crmframe.core.contributions import Action, Job, LongJob, NotificationChannel, Telling
from crmframe.core.entities.maintained import Checked
from crmframe.core.errors import InvalidInput, Problem
from crmframe.core.jobs.effects import Effects
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import JobRun
from crmframe.core.notifications.mailing import Sayer
from crmframe.core.notifications.notify import kinds_of, told_of
from crmframe.core.outbound.http import Forbidden, NoAnswer, Unreached, parsed_url
from crmframe.core.robots.formats import fitting, posting, verdict
from crmframe.core.robots.models import Robot, address, message
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

ENTITY, SEND = "core.robot", "core.send_to_robots"
NO_ADDRESS = "The robot has no address yet, or is off."
_robot: Any = Robot.__table__
_membership: Any = Membership.__table__


# --- what is told -------------------------------------------------------------------------------------


def tell_robots(work: UnitOfWork, telling: Telling) -> None:
    """Queue the message of every robot that tells this kind to somebody of these users' teams."""
    found = work.rows(sa.select(_robot).where(_robot.c.is_active.is_(True)))
    wanted = [row for row in found if telling.kind.key in row.topics.split()]
    teams = _teams(work, telling.users) if any(row.team_id for row in wanted) else set()
    _queue(
        work,
        [row.id for row in wanted if row.team_id is None or row.team_id in teams],
        {"kind": telling.kind.key, "about": telling.about, "data": dict(telling.data)},
    )


def _teams(work: UnitOfWork, users: Sequence[int]) -> set[int]:
    mine = sa.select(_membership.c.team_id).where(in_set(_membership.c.user_id, "ids"))
    return {row.team_id for row in work.connection.execute(mine, {"ids": list(users)})}


def _queue(work: UnitOfWork, robots: Sequence[int], given: Mapping[str, Any]) -> None:
    state = {"at": work.now, "state": "queued", "attempts": 0, "run_at": work.now, "error": ""}
    if robots:
        work.connection.execute(
            sa.insert(message), [{"robot_id": robot, **given, **state} for robot in robots]
        )


CHANNELS = (NotificationChannel("core.robots", "Robots of group chats", tell_robots),)


# --- robots -------------------------------------------------------------------------------------------


class Address(BaseModel):
    """Ask for what the chat program shows when a robot is made; it is never shown again."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(title="Address", max_length=1000, description="The whole webhook URL.")
    secret: str = Field(
        default="", title="Secret", max_length=200, description="For signatures: DingTalk and Feishu."
    )


def set_address(work: UnitOfWork, record: Mapping[str, Any], asked: Address) -> None:
    """Keep where a robot is reached; the job checks again where the name leads to."""
    url = asked.url.strip()
    try:
        parsed_url(url)
    except Forbidden:
        template = "{field}: write a URL that starts with https:// and holds no password."
        raise InvalidInput([Problem("url", "not_called", template, {"field": "Address"})]) from None
    work.connection.execute(sa.delete(address).where(address.c.robot_id == record["id"]))
    row = {"robot_id": record["id"], "url": url, "secret": asked.secret.strip()}
    work.connection.execute(sa.insert(address), row)


def try_out(work: UnitOfWork, record: Mapping[str, Any], asked: None) -> None:
    """Queue a message that says nothing but that it arrived."""
    _ = asked
    _queue(work, [record["id"]], {"kind": "", "about": "", "data": {"robot": record["name"]}})
    enqueue(work, SEND, unique_key=SEND)


def send_again(work: UnitOfWork, record: Mapping[str, Any], asked: None) -> None:
    """Queue once more what failed, or whose fate is unknown."""
    _ = asked
    if MESSAGES.again(work, message.c.robot_id == record["id"]):
        enqueue(work, SEND, unique_key=SEND)


ACTIONS = (
    Action(ENTITY, "connect", set_address, "Set address", input=Address, undoable=False, tone="blue"),
    Action(ENTITY, "try_out", try_out, "Send a test", undoable=False),
    Action(ENTITY, "send_again", send_again, "Send again what failed", undoable=False),
)


def problems(
    work: UnitOfWork,
    given: Sequence[Mapping[str, Any]],
    complete: Sequence[Mapping[str, Any]],
    ids: Sequence[int | None],
) -> list[Problem]:
    """Return which topics nobody declares."""
    known, found = kinds_of(work), list[Problem]()
    for position, row in enumerate(given):
        wrong = [key for key in (row.get("topics") or "").split() if key not in known]
        if wrong:
            template = "{field}: there is no {value}. Known are {known}."
            data = {"field": "What it tells", "value": wrong[0], "known": ", ".join(known)}
            found.append(Problem("topics", "unknown_topic", template, data, position))
    return found


CHECKED = (Checked(ENTITY, problems),)


# --- sending ------------------------------------------------------------------------------------------


def _attempt(application: Any, rows: Sequence[Any]) -> tuple[str, str]:
    with application.work(door="job", write=False) as work:
        joined = _robot.join(address, address.c.robot_id == _robot.c.id)
        columns = (_robot.c.name, _robot.c.kind, _robot.c.locale, address.c.url, address.c.secret)
        active = sa.and_(_robot.c.id == rows[0].robot_id, _robot.c.is_active.is_(True))
        robot = work.connection.execute(sa.select(*columns).select_from(joined).where(active)).one_or_none()
        if robot is None:
            return "failed", NO_ADDRESS
        text = fitting(robot.kind, _lines(application, work, robot, rows))
    url, body = posting(robot.kind, robot.url, robot.secret, text, application.clock())
    try:
        answer = application.outbound.post_json(url, body)
    except Forbidden as error:
        return "failed", str(error)
    except Unreached as error:
        return "queued", str(error)
    except NoAnswer as error:
        return "unknown", str(error)
    return verdict(robot.kind, answer)


def _lines(application: Any, work: UnitOfWork, robot: Any, rows: Sequence[Any]) -> list[str]:
    say = Sayer(application, work.registry, robot.locale or work.settings.locale)
    lines: list[str] = []
    for row, told in zip(rows, told_of(work, rows), strict=True):
        if not row.kind:
            lines.append(say.say("This is a test of the robot {robot}.", **row.data))
        else:
            lines.append(" ".join([say.line(told), say.link(told)]).strip())
    return lines


MESSAGES = Effects(message, _attempt, together="robot_id")


def send_waiting(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Post what waits, the messages of a robot together; returns how many ended in which state."""
    _ = payload
    return MESSAGES.send(run)


def wake(work: UnitOfWork, payload: Mapping[str, Any]) -> None:
    """Queue the posting when something is due, and forget the secrets of robots that are gone."""
    _ = payload
    gone = ~sa.exists().where(_robot.c.id == address.c.robot_id)
    work.connection.execute(sa.delete(address).where(gone))
    if MESSAGES.is_due(work):
        enqueue(work, SEND, unique_key=SEND)


JOBS = (LongJob(SEND, send_waiting), Job("core.wake_robots", wake, cron="* * * * *"))
