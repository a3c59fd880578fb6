"""Every reason why a plugin, or one part of it, does not run: a stable code and a sentence.

P0xx  while the application is built: the plugin is quarantined, everything else runs
P1xx  while it runs: one call failed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crmframe.core.errors import Conflict, CrmError, Problem

CODES: dict[str, str] = {
    "P001": "The plugin {plugin} is enabled but not installed. Install it, or take it off the list of enabled plugins.",
    "P002": "{plugin} {version} is made for plugin API {needs}, this is {have}. Install a version of {plugin} for this API.",
    "P003": "{plugin} needs the plugin {needs}, which {reason}.",
    "P004": "{plugin} needs {needs} in version {range}, but {found} is installed.",
    "P005": "These plugins need each other in a circle: {cycle}. None of them can be loaded.",
    "P006": "{plugin} could not be loaded: {error}",
    "P007": "The database changes of {plugin} were refused: {error}",
    "P008": "{plugin} implements the hook {hook}, which does not exist.{suggestion}",
    "P009": "The settings of {plugin} are not valid: {error}",
    "P010": "{plugin} and {other} both claim {what}. Remove one of them.",
    "P011": "{plugin} implements {hook} without asking for it: add {grant} = true below [grants] in its manifest.",
    "P012": "The database holds revision {found} of {plugin}, which this version does not know. "
    "Install the version of {plugin} that made it, or a newer one.",
    "P013": "{plugin} cannot run beside {other} {found}: it declares a conflict with it. Disable one of them.",
    "P014": "The manifest of {plugin} is not valid: {error}",
    "P015": "{plugin} implements {hook} with the argument {arguments}, which this hook does not pass. It passes: {allowed}.",
    "P016": "{plugin} implements {hook} as {form}. A hook here is a plain function.",
    "P017": "{plugin} returned {found} from {hook}, which must return {expected}.",
    "P018": "{plugin} failed in {hook}: {error}",
    "P101": "{plugin} failed in {hook}: {error}",
    "P102": "{plugin} failed three times in a row in {hook}. It is left out there for five minutes.",
    "P103": "{plugin} took {milliseconds} ms in {hook}.",
    "P104": "{plugin} failed while checking this change, so nothing was saved.",
    "P105": "{plugin} returned {found} from {hook}, which must return {expected}.",
}


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """Why one plugin does not run.

    Attributes:
        code: A key of ``CODES``.
        data: What fills the sentence; ``plugin`` is always there.
        detail: A traceback or the output of the import, for administrators; empty when there is none.
        reasons: The single problems behind the sentence, each with a template of its own.
    """

    plugin: str
    code: str
    data: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    reasons: tuple[Problem, ...] = ()

    domain = "core"

    @property
    def template(self) -> str:
        """Return the English sentence with its placeholders, which is what gets translated."""
        return CODES[self.code]

    def message(self) -> str:
        """Return the English sentence."""
        return self.template.format_map({"plugin": self.plugin, **self.data})


class PluginRejected(Exception):
    """Raised while a plugin is loaded; ``problem`` says why it is quarantined."""

    def __init__(self, problem: PluginProblem) -> None:
        self.problem = problem
        super().__init__(problem.message())


class PluginFailed(CrmError):
    """A plugin failed where its answer is needed, so the request fails: chains and first answers."""

    code = "plugin_failed"
    status = 500
    template = "The plugin {plugin} failed in {hook}. Try again, or ask an administrator to disable it."


class CannotStart(CrmError):
    """The application refuses to start; ``problems`` say why."""

    code = "cannot_start"
    status = 503
    template = "{sentences}"

    def __init__(self, *problems: PluginProblem) -> None:
        self.problems = problems
        super().__init__(sentences=" ".join(f"{each.code}: {each.message()}" for each in problems))


class CannotChangePlugin(Conflict):
    """A plugin cannot be enabled or disabled; ``problem`` is the P-code behind it, if there is one."""

    code = "cannot_change_plugin"
    template = "{reason}"

    def __init__(self, reason: Problem, problem: PluginProblem | None = None) -> None:
        self.problem = problem
        super().__init__(reason=reason.message(), because=reason)


def first_line(error: BaseException) -> str:
    """Return a one-line account of *error*: its type and the first line of its text."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
