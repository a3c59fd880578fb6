"""``/-/health`` for whatever watches the server, ``/-/plugins`` for whoever asks what is loaded.

Health takes no unit of work: it must answer when the database does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crmframe.core.errors import CrmError, PermissionDenied
from crmframe.core.jobs.tables import job
from crmframe.core.journal.event_tables import event_retry, subscription
from crmframe.core.journal.events import end_of_stream
from crmframe.core.journal.tables import commit
from crmframe.web.endpoint import Endpoint
from crmframe.web.respond import Call, Reply
from crmframe.web.router import Router

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.site import Site

MOST_LAG = 10_000
log = structlog.get_logger("crmframe.health")


def add_routes(router: Router) -> None:
    """Serve both."""
    router.add("GET", "/-/health", serve_health)
    router.add("GET", "/-/plugins", Endpoint(show_plugins, door="api"))


async def serve_health(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200 when the database can be read, 503 when not."""
    health = await run_in_threadpool(health_of, scope["crmframe.site"])
    status = 200 if health["status"] == "ok" else 503
    await Response(msgspec.json.encode(health), status, media_type="application/json")(scope, receive, send)


def health_of(site: Site) -> dict[str, Any]:
    """Return what the dashboards show: no names, no records, so that nobody needs to sign in for it."""
    database = site.application.database
    health: dict[str, Any] = {
        "status": "ok",
        "generation": site.generation,
        "database": {"dialect": database.dialect, "ok": True},
        "plugins": _plugin_counts(site),
    }
    try:
        with database.read() as connection:
            health["events"] = _events(connection)
            health["jobs"] = {row.state: row.number for row in connection.execute(JOBS)}
    except (CrmError, sa.exc.SQLAlchemyError):
        log.warning("the database does not answer", exc_info=True)
        health["status"] = "failing"
        health["database"]["ok"] = False
    return health


def _events(connection: sa.Connection) -> dict[str, Any]:
    """Return how many commits the slowest subscription has before it; counting ends at ``MOST_LAG``."""
    end = end_of_stream(connection)
    slowest = connection.execute(SLOWEST).one_or_none()
    behind = 0
    if slowest is not None and tuple(slowest) < (end.epoch, end.txid, end.commit_id):
        behind = connection.scalar(BEHIND, dict(zip(("epoch", "txid", "commit"), slowest, strict=True))) or 0
    return {"behind": behind, "failed": connection.scalar(FAILED) or 0}


def _plugin_counts(site: Site) -> dict[str, int]:
    counts = {"enabled": 0, "blocked": 0, "disabled": 0}
    for line in site.application.plugins.report():
        counts[line.state] += 1
    return counts


PLACE = (commit.c.epoch, commit.c.txid, commit.c.id)
JOBS = sa.select(job.c.state, sa.func.count().label("number")).group_by(job.c.state)
FAILED = sa.select(sa.func.count()).select_from(event_retry).where(event_retry.c.state == "dead")
SLOWEST = (
    sa.select(subscription.c.epoch, subscription.c.txid, subscription.c.commit_id)
    .where(subscription.c.parked.is_(False))
    .order_by(subscription.c.epoch, subscription.c.txid, subscription.c.commit_id)
    .limit(1)
)
_AFTER = sa.tuple_(*PLACE) > sa.tuple_(sa.bindparam("epoch"), sa.bindparam("txid"), sa.bindparam("commit"))
BEHIND = sa.select(sa.func.count()).select_from(
    sa.select(commit.c.id).where(_AFTER).limit(MOST_LAG).subquery()
)


def show_plugins(call: Call, work: UnitOfWork) -> Reply:
    """Answer with every plugin: its state, what it adds, and why it does not run.

    Raises:
        PermissionDenied: The actor is no administrator.
    """
    if not work.actor.is_admin:
        raise PermissionDenied(permission="core.plugins")
    message = call.site.application.translator.message
    lines = []
    for line in call.site.application.plugins.report():
        problem = line.problem and {"code": line.problem.code, "message": message(line.problem, call.locale)}
        lines.append(
            {
                "name": line.name,
                "state": line.state,
                "version": line.version,
                "label": dict(line.label),
                "adds": {hook: list(names) for hook, names in (line.adds or {}).items()},
                "hooks": list(line.hooks),
                "needed_by": list(line.needed_by),
                "problem": problem,
                "routes_left_out": call.site.excluded.get(line.name, ""),
            }
        )
    return Reply({"plugins": lines})
