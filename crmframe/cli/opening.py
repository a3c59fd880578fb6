"""Opening the application: on a database that is there, or on a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.errors import NotFound
from crmframe.core.operation.backup import safe_url
from crmframe.core.storage import copies
from crmframe.kernel import schema
from crmframe.setup import settle

if TYPE_CHECKING:
    from crmframe.cli.console import Console
    from crmframe.settings import AppSettings


class NoDatabase(NotFound):
    """There is no crmframe database where the settings say."""

    code = "no_database"
    template = (
        "There is no database at {place}. Make one with crmframe db upgrade, or name another with --database."
    )


def existing(console: Console) -> Application:
    """Return the application; its schema stays as it is.

    Raises:
        NoDatabase: A typing mistake must not make an empty one.
        CannotStart: The schema is not up to date.
    """
    if not exists(console.settings):
        raise NoDatabase(place=safe_url(console.settings.database))
    return _application(console, migrate=False)


def prepared(console: Console, *, upgrade: bool) -> Application:
    """Return the application on a database that is made when there is none."""
    is_new = not exists(console.settings)
    application = _application(console, migrate=is_new or upgrade)
    if is_new or upgrade:
        settle(application)
    return application


def exists(settings: AppSettings) -> bool:
    """Return whether there is a database with our tables; makes none."""
    if copies.copier(settings.database).is_empty():
        return False
    engine = sa.create_engine(settings.database)
    try:
        return schema.status(engine, [])[0].current is not None
    finally:
        engine.dispose()


def _application(console: Console, *, migrate: bool) -> Application:
    make = console.open_application or Application
    return make(console.settings, migrate=migrate)
