"""``crmframe demo``: a small sample company on a database of its own, filled once and then served."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from crmframe.application import Application, utc_now
from crmframe.cli import opening
from crmframe.cli.console import Console, pass_console
from crmframe.cli.serve import HERE, serve_parent
from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.passwords import Hasher
from crmframe.core.demo.company import CUSTOMERS, LOGINS
from crmframe.core.demo.sample import CAUSE, load_sample
from crmframe.core.errors import Conflict
from crmframe.core.journal.subscriptions import skip_to_end
from crmframe.core.journal.tables import event, operation
from crmframe.core.operation.backup import safe_url
from crmframe.core.work import UnitOfWork
from crmframe.core.workspace.settings import PRESET, write_settings
from crmframe.kernel import lifecycle
from crmframe.settings import AppSettings

FOLDER = Path("crmframe-demo")
FILLED = "core.demo_filled"
ZONE, CURRENCY, REGION = "Asia/Shanghai", "CNY", "CN"


class NotADemo(Conflict):
    """The database holds something else than the sample company."""

    code = "not_a_demo"
    template = (
        "{place} holds other data than the sample company, which would mix with it. Name another with --db."
    )


@click.command("demo")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option("--host", default=HERE, show_default=True, help="Address to listen on.")
@click.option("--db", "url", metavar="URL", help=f"Database to use (default: a file in {FOLDER}).")
@click.option("--no-serve", is_flag=True, help="Only make and fill the database.")
@pass_console
def demo(console: Console, port: int, host: str, url: str | None, *, no_serve: bool) -> None:
    """Serve a small sample company, to try crmframe. A second run keeps the data."""
    console.close()
    settings = demo_settings(console, url)
    console.use_settings(settings)
    if not is_filled(settings):
        console.warn("Filling {place} …", place=safe_url(settings.database))
        make_demo(settings, utc_now())
    if not no_serve:
        sys.exit(serve_parent(console, host, port, ready=accounts(console)))
    click.echo(accounts(console))


def demo_settings(console: Console, url: str | None) -> AppSettings:
    """Return the settings of the demo: its own place, and the company's zone and currency where none are set."""
    given = console.settings
    place = url or console.database or f"sqlite:///{(FOLDER / 'crm.db').absolute()}"
    own: dict[str, Any] = {"database": place, "folder": FOLDER.absolute() if url is None else given.folder}
    own |= {"zone": ZONE, "currency": CURRENCY, "region": REGION} if given.zone == "UTC" else {}
    own["folder"].mkdir(parents=True, exist_ok=True)
    return given.model_copy(update=own)


def is_filled(settings: AppSettings) -> bool:
    """Return whether the sample company is there.

    Raises:
        NotADemo: Something else is, or a filling that was interrupted.
    """
    if not opening.exists(settings):
        return False
    engine = sa.create_engine(settings.database)
    with engine.connect() as connection:
        filled = connection.scalar(sa.select(event.c.id).where(event.c.name == FILLED).limit(1)) is not None
        used = connection.scalar(sa.select(operation.c.id).limit(1)) is not None
    engine.dispose()
    if used and not filled:
        raise NotADemo(place=safe_url(settings.database))
    return filled


class DemoClock:
    """A clock that the sample company sets to the moment of each of its steps."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


# A company that never was, at places for examples; its documents carry it.
COMPANY = {
    "core.company_name": "启明科技 Qiming",
    "core.company_address": "上海市浦东新区示例路 88 号\n88 Example Road, Shanghai",
    "core.company_phone": "+86 21 5550 0188",
    "core.company_email": "hello@qiming.example",
    "core.company_website": "https://www.qiming.example",
    "core.company_tax_id": "91310000EXAMPLE88X",
    "core.company_bank": "示例银行上海分行 Example Bank, Shanghai\n6222 0000 0000 0088",
}


def make_demo(settings: AppSettings, now: datetime, customers: int = CUSTOMERS) -> None:
    """Enable every plugin that is installed and play the company's history."""
    clock = DemoClock(now)
    enable_all(settings)
    application = Application(settings, clock=clock)
    try:
        open_past = _open_work(application, clock)
        load_sample(open_past, application.hooks, now, hasher=Hasher(), customers=customers)
        clock.now = now
        with application.work(door="cli", reason="crmframe demo") as work:
            write_settings(work, {PRESET: "all", **COMPANY})
            work.publish(FILLED, {})
        with application.database.write() as connection:
            skip_to_end(connection)
    finally:
        application.close()


def enable_all(settings: AppSettings) -> None:
    """Switch on what is installed; where a settings file lists the plugins, its list counts."""
    application = Application(settings)
    engine, options = application.database.engine, settings.plugin_options()
    try:
        wanted = (
            sorted(application.plugins.available) if options.managed == "db" and not options.safe_mode else []
        )
        for name in wanted:
            if lifecycle.plan_enable(engine, options, name, with_requirements=True).problem is None:
                lifecycle.enable(engine, options, name, with_requirements=True, by="demo", at=utc_now())
    finally:
        application.close()


def _open_work(application: Application, clock: DemoClock) -> Callable[..., Any]:
    @contextmanager
    def open_work(user_id: int | None, at: datetime) -> Iterator[UnitOfWork]:
        clock.now = at
        with application.database.read() as connection:
            actor = None if user_id is None else actor_of_user(connection, user_id)
        with application.work(actor, door="cli", cause=CAUSE) as work:
            yield work

    return open_work


def accounts(console: Console) -> str:
    """Return the log-ins, one a line."""
    lines = [f"  {each.login:<10}{each.password:<20}{each.name} ({each.role})" for each in LOGINS]
    return "\n".join([console.text("Sign in as:"), *lines])
