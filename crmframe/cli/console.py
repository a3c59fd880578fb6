"""What every command is given: the settings, the application once it is needed, and a place to print to."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from crmframe.application import Application
    from crmframe.core.access.actor import Actor
    from crmframe.core.work import UnitOfWork
    from crmframe.settings import AppSettings


@dataclass
class Console:
    """One run of the command line.

    Attributes:
        user: Login name of the user to act as; empty is the system.
        open_application: Makes the application of settings; tests hand in their own.
    """

    database: str | None = None
    config: Path | None = None
    user: str = ""
    reason: str = ""
    safe_mode: bool = False
    as_json: bool = False
    lang: str = ""
    open_application: Callable[..., Application] | None = None
    _settings: AppSettings | None = field(default=None, repr=False)
    _application: Application | None = field(default=None, repr=False)

    @property
    def settings(self) -> AppSettings:
        """Return the settings in force.

        Raises:
            pydantic.ValidationError: Names every wrong setting.
        """
        if self._settings is None:
            environment = dict(os.environ)
            if self.config is not None:
                if not self.config.is_file():
                    raise click.UsageError(f"There is no settings file {self.config}.")
                environment["CRMFRAME_CONFIG"] = str(self.config)
            read = importlib.import_module("crmframe.settings").read_settings
            chosen: AppSettings = read(environment, database=self.database, safe_mode=self.safe_mode or None)
            self._settings = chosen
        return self._settings

    def use_settings(self, settings: AppSettings) -> None:
        """Go on with other settings."""
        self._settings = settings

    @property
    def application(self) -> Application:
        """Return the application on the database that exists.

        Raises:
            NoDatabase: There is none yet.
        """
        if self._application is None:
            opening = importlib.import_module("crmframe.cli.opening")
            self._application = opening.existing(self)
        return self._application

    def prepared(self, *, upgrade: bool = False) -> Application:
        """Return the application; makes the database when there is none.

        Args:
            upgrade: Also bring the schema of an existing one up to date.
        """
        if self._application is None:
            self._application = importlib.import_module("crmframe.cli.opening").prepared(
                self, upgrade=upgrade
            )
        return self._application

    @property
    def opened(self) -> Application | None:
        """Return the application if it is open already."""
        return self._application

    def replace_application(self, application: Application) -> None:
        """Go on with another one: plugins have changed."""
        self.close()
        self._application = application

    @contextmanager
    def bare_engine(self) -> Iterator[sa.Engine]:
        """Open the database alone: no plugin is looked at, so that a broken one can be switched off."""
        database = importlib.import_module("crmframe.core.storage.engine").Database(self.settings.database)
        try:
            yield database.engine
        finally:
            database.close()

    def close(self) -> None:
        """Let go of the database."""
        if self._application is not None:
            self._application.close()
            self._application = None

    @property
    def actor(self) -> Actor | None:
        """Return the user to act as; None is the system, journaled as ``system:cli``."""
        found: Actor | None = importlib.import_module("crmframe.cli.people").actor_of(self)
        return found

    @contextmanager
    def work(self, *, write: bool = True) -> Iterator[UnitOfWork]:
        """Open a unit of work as the user that was asked for."""
        with self.application.work(self.actor, door="cli", write=write, reason=self.reason) as work:
            yield work

    # --- printing -------------------------------------------------------------------------------------

    @property
    def locale(self) -> str:
        """Return the language of what is printed."""
        if self.lang:
            return self.lang
        try:
            return self.settings.locale
        except (ValueError, click.UsageError):
            return "en"

    def text(self, template: str, domain: str = "core", /, **data: Any) -> str:
        """Return a sentence in the reader's language."""
        translated: str = importlib.import_module("crmframe.cli.texts").text(self, template, domain, data)
        return translated

    def say(self, template: str, /, **data: Any) -> None:
        """Print a sentence for people; programs that asked for JSON do not see it."""
        if not self.as_json:
            click.echo(self.text(template, **data))

    def warn(self, template: str, /, **data: Any) -> None:
        """Print a sentence to standard error."""
        click.echo(self.text(template, **data), err=True)

    def data(self, record: Mapping[str, Any]) -> None:
        """Print one JSON object on a line of its own."""
        click.echo(json.dumps(record, ensure_ascii=False, default=plain))

    def rows(self, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print a table, or a JSON object for each row under the names in *head*, which are msgids."""
        if self.as_json:
            names = [name.lower().replace(" ", "_") for name in head]
            for row in rows:
                self.data(dict(zip(names, row, strict=True)))
            return
        output = importlib.import_module("crmframe.cli.output")
        for line in output.table([self.text(name) for name in head], rows):
            click.echo(line)


def plain(value: Any) -> Any:
    """Return what JSON does not know as text."""
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    return list(value) if isinstance(value, set | frozenset | tuple) else str(value)


def console_of(ctx: click.Context) -> Console:
    """Return this run's console, made of the global options when it is first asked for."""
    root = ctx.find_root()
    if isinstance(root.obj, dict) or root.obj is None:
        given = {name: value for name, value in root.params.items() if value not in (None, "")}
        root.obj = Console(**{**given, **(root.obj or {})})
        root.call_on_close(root.obj.close)
    console: Console = root.obj
    if ctx.obj is not console:
        ctx.obj = console
    return console


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``--json`` stand behind the command, too."""

    def take(ctx: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        if value:
            console_of(ctx).as_json = True

    option = click.option(
        "--json", is_flag=True, expose_value=False, callback=take, help="Print JSON, one object a line."
    )
    return option(command)


pass_console = click.make_pass_decorator(Console)
