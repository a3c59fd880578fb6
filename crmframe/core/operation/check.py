"""``crmframe check``: questions about everything that is stored, answered by what breaks the rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crmframe.core.contributions import Check
from crmframe.core.errors import Problem
from crmframe.core.operation import check_database, check_journal, check_running, check_values
from crmframe.core.operation.checks import DataCheck, Limits, fault

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

CHECKS: tuple[DataCheck, ...] = (
    *check_database.CHECKS,
    *check_journal.CHECKS,
    *check_values.CHECKS,
    *check_running.CHECKS,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to one check; no problems is a yes.

    Attributes:
        sentence: Msgid of what must hold; ``domain`` is where it is translated.
    """

    code: str
    sentence: str
    problems: tuple[Problem, ...]
    domain: str = "core"


def run_checks(
    work: UnitOfWork, plugin_checks: Iterable[tuple[str, Check]] = (), limits: Limits | None = None
) -> Iterator[Checked]:
    """Yield the answer to each check; reads only.

    Args:
        plugin_checks: Checks of plugins, each with its plugin's name.
        limits: How far to look.
    """
    for check in CHECKS:
        yield Checked(check.code, check.sentence, tuple(check.run(work, limits or Limits())))
    for plugin, own in plugin_checks:
        yield Checked(own.key, "{plugin}: {check}", tuple(_ask(work, plugin, own)), plugin)


def _ask(work: UnitOfWork, plugin: str, check: Check) -> Iterator[Problem]:
    """Let a plugin check its data; a check that fails stops no other."""
    try:
        with work.connection.begin_nested():
            sentences = [str(sentence) for sentence in check.run(work)]
    except Exception as error:  # noqa: BLE001 - a plugin's check may raise anything, and says so here
        template = "The check {check} of {plugin} failed: {error}"
        yield fault(
            "check_failed", template, check=check.key, plugin=plugin, error=f"{type(error).__name__}: {error}"
        )
        return
    for sentence in sentences:
        yield fault("plugin_check", "{sentence} ({check})", sentence=sentence, check=check.key)
