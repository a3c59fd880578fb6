"""The command line in this process, on a database of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crmframe.application import Application
from crmframe.cli.main import main
from crmframe.core.access.passwords import Hasher
from crmframe.settings import AppSettings, PluginSettings


@dataclass
class Answer:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        """Return the JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class CommandLine:
    """Runs commands as a shell would."""

    url: str
    folder: Path
    clock: Any
    config: Path

    def __call__(self, *arguments: str, typed: str = "", **environment: str) -> Answer:
        def open_application(settings: AppSettings, *, migrate: bool) -> Application:
            return Application(settings, clock=self.clock, migrate=migrate)

        given = {
            "CRMFRAME_DATABASE": self.url,
            "CRMFRAME_FOLDER": str(self.folder),
            "CRMFRAME_CONFIG": str(self.config),
        }
        result = CliRunner().invoke(
            main,
            arguments,
            input=typed,
            env={**given, **environment},
            obj={"open_application": open_application},
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    def rows(self, *arguments: str) -> list[Any]:
        """Return the JSON lines of a command that must succeed."""
        answer = self(*arguments, "--json")
        assert answer.status == 0, answer.err
        return answer.rows


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with weak parameters: a real hash takes 0.2 seconds, on purpose."""
    for module in ("user", "deployment", "demo"):
        monkeypatch.setattr(f"crmframe.cli.{module}.Hasher", lambda: Hasher(fast=True))


def config_text(plugins: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in plugins)
    return f'[plugins]\nmanaged = "file"\nenabled = [{names}]\nimport_seconds = 0\n'


@pytest.fixture
def make_crmframe(
    tmp_path: Path, clock: Any, database_kind: Any, copied_database_url: Any
) -> Callable[..., CommandLine]:
    """Give ``make_crmframe(*plugins)``: the command line on a migrated database."""

    def make(*plugins: str) -> CommandLine:
        config = tmp_path / "crmframe.toml"
        config.write_text(config_text(plugins), encoding="utf-8")

        def build(url: str) -> None:
            chosen = PluginSettings(enabled=plugins, managed="file", import_seconds=0)
            settings = AppSettings(database=url, folder=tmp_path / "building", plugins=chosen)
            application = Application(settings, clock=clock)
            from crmframe.cli.opening import settle

            settle(application)
            application.close()

        url = copied_database_url("cli " + "+".join(plugins), database_kind, build)
        return CommandLine(url, tmp_path / "data", clock, config)

    return make


@pytest.fixture
def crmframe(make_crmframe: Callable[..., CommandLine]) -> CommandLine:
    """Give the command line with the core alone."""
    return make_crmframe()


@pytest.fixture
def with_sales(make_crmframe: Callable[..., CommandLine]) -> CommandLine:
    """Give the command line with the sales plugin."""
    return make_crmframe("sales")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Notice a worker that goes on after its command."""
    before = set(threading.enumerate())
    yield
    assert not [t for t in threading.enumerate() if t not in before and t.name.startswith("crmframe")]
