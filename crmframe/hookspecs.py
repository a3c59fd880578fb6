"""Every extension point, in the order of an application's life.

Five kinds, each with one failure policy:

declare     once, while the application is built; returns data; a failure quarantines the plugin
guard       inside the transaction; raises Veto to refuse; any other failure refuses too
chain       takes a value and returns it, in plugin order; a failure fails the request
first       the first answer that is not None counts; a failure fails the request
contribute  while a page is rendered; a failing plugin's part becomes a notice, three in a row pause it

An ordinary ``@hookimpl`` works for every hook. ``HOOKS["entities"].impl`` is the typed alternative.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeVar

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click
    from starlette.routing import BaseRoute

    from crmframe.core import contributions as c
    from crmframe.core.access.policy import Term

P = ParamSpec("P")
T = TypeVar("T")
Kind = Literal["declare", "guard", "chain", "first", "contribute"]

PROJECT = "crmframe"
hookimpl = pluggy.HookimplMarker(PROJECT)
_hookspec = pluggy.HookspecMarker(PROJECT)


@dataclass(frozen=True)
class HookPoint(Generic[P, T]):
    """One extension point; ``impl`` is a decorator that type checkers hold to its signature."""

    name: str
    kind: Kind
    spec: Callable[P, T]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the parameter names, which pluggy passes by."""
        return tuple(inspect.signature(self.spec).parameters)

    def impl(self, function: Callable[P, T]) -> Callable[P, T]:
        """Mark *function* as this plugin's implementation, whatever its own name."""
        return hookimpl(specname=self.name)(function)


HOOKS: dict[str, HookPoint[Any, Any]] = {}


def _hook(kind: Kind) -> Callable[[Callable[P, T]], HookPoint[P, T]]:
    def declare(function: Callable[P, T]) -> HookPoint[P, T]:
        marked = _hookspec(firstresult=kind == "first")(function)
        point: HookPoint[P, T] = HookPoint(function.__name__, kind, marked)
        HOOKS[point.name] = point
        return point

    return declare


# --- declare: what the plugin is made of --------------------------------------------------------------


@_hook("declare")
def entities() -> Sequence[type[Any]]:
    """Return the record types this plugin owns; table, pages, API, commands and permissions derive from each."""
    return ()


@_hook("declare")
def extensions() -> Sequence[c.Extension]:
    """Return fields added to other plugins' entities, each set in a sidecar table of this plugin."""
    return ()


@_hook("declare")
def choices() -> Sequence[c.ChoiceExtension]:
    """Return values added to other plugins' choice fields."""
    return ()


@_hook("declare")
def actions() -> Sequence[c.Action]:
    """Return the verbs beyond create, update and delete."""
    return ()


@_hook("declare")
def permissions() -> Sequence[c.Permission]:
    """Return permissions beyond those of entities and actions."""
    return ()


@_hook("declare")
def settings() -> Sequence[c.Setting]:
    """Return what administrators decide for the whole workspace."""
    return ()


@_hook("declare")
def notification_kinds() -> Sequence[c.NotificationKind]:
    """Return what this plugin tells people with ``notify``."""
    return ()


@_hook("declare")
def number_series() -> Sequence[c.NumberSeries]:
    """Return what this plugin's documents are numbered by."""
    return ()


@_hook("declare")
def notification_channels() -> Sequence[c.NotificationChannel]:
    """Return more ways by which people are told what ``notify`` says."""
    return ()


@_hook("declare")
def jobs() -> Sequence[c.Job | c.LongJob]:
    """Return background work, scheduled or enqueued."""
    return ()


@_hook("declare")
def subscriptions() -> Sequence[c.Subscription]:
    """Return reactions to committed events."""
    return ()


@_hook("declare")
def checks() -> Sequence[c.Check]:
    """Return invariants of this plugin's data for ``crmframe check``."""
    return ()


@_hook("declare")
def routes() -> Sequence[BaseRoute]:
    """Return hand-written pages, mounted below ``/p/<plugin>``; made with ``page(...)``, which asks for a permission."""
    return ()


@_hook("declare")
def menu() -> Sequence[c.MenuItem]:
    """Return navigation entries beyond the entities' own."""
    return ()


@_hook("declare")
def panels() -> Sequence[c.Panel]:
    """Return parts of other entities' detail pages."""
    return ()


@_hook("declare")
def widgets() -> Sequence[c.Widget]:
    """Return tiles of the home page."""
    return ()


@_hook("declare")
def kept_fields() -> Sequence[c.Kept]:
    """Return fields that follow from others of the same record, with what computes them."""
    return ()


@_hook("declare")
def assignment_strategies() -> Sequence[c.Strategy]:
    """Return ways to choose who gets a record."""
    return ()


@_hook("declare")
def reachable() -> Sequence[c.Reachable]:
    """Return which records are people whom one can write to or call."""
    return ()


@_hook("declare")
def duplicate_keys() -> Sequence[c.DuplicateKeys]:
    """Return by which fields records are recognized as being there already."""
    return ()


@_hook("declare")
def presets() -> Sequence[c.Preset]:
    """Return what a new workspace may begin with."""
    return ()


@_hook("declare")
def samples() -> Sequence[c.Sample]:
    """Return what happened in the sample company with this plugin's records."""
    return ()


@_hook("declare")
def log_parts() -> Sequence[c.LogPart]:
    """Return what the form that logs a follow-up offers besides, such as the stage of a deal."""
    return ()


@_hook("declare")
def commands() -> Sequence[click.Command]:
    """Return hand-written commands, found below ``crmframe <plugin>``."""
    return ()


# --- guard: inside the transaction --------------------------------------------------------------------


@_hook("guard")
def before_create(change: c.Change) -> None:
    """Look at a batch about to be created; raise Veto to refuse. Database work only."""


@_hook("guard")
def before_update(change: c.Change) -> None:
    """Look at a batch about to be changed; ``change.after`` holds only the changed fields."""


@_hook("guard")
def before_delete(change: c.Change) -> None:
    """Look at records about to be deleted."""


@_hook("guard")
def before_action(change: c.Change) -> None:
    """Look at an action about to run; ``change.verb`` names it, ``change.input`` is its input."""


# --- chain: value in, value out -----------------------------------------------------------------------


@_hook("chain")
def amend_policy(context: c.PolicyContext, value: Term) -> Term:
    """Narrow which records the actor may see or write: return ``value & Term(...)``."""
    return value


@_hook("chain")
def amend_form(context: c.ViewContext, value: c.FormView) -> c.FormView:
    """Reorder, drop or explain the fields of a form."""
    return value


# --- first: one answer --------------------------------------------------------------------------------


@_hook("first")
def home_page(context: c.ViewContext) -> str | None:
    """Return the path that ``/`` leads to for this user."""
    return None


# --- contribute: while a page is rendered -------------------------------------------------------------


@_hook("contribute")
def record_buttons(context: c.ViewContext) -> Sequence[c.Button]:
    """Return links and buttons for ``context.record``."""
    return ()


@_hook("contribute")
def prerequisites(context: c.ViewContext) -> Sequence[c.Prerequisite]:
    """Return what is missing before a record of ``context.entity`` can be made; asked when there is none to show."""
    return ()


@_hook("contribute")
def row_badges(context: c.ViewContext) -> Sequence[c.Badge]:
    """Return marks for ``context.rows``; called once per page, never per row."""
    return ()


@_hook("contribute")
def timeline(context: c.ViewContext) -> Sequence[c.TimelineItem]:
    """Return entries for the timeline of ``context.record``."""
    return ()


@_hook("contribute")
def notices(context: c.ViewContext) -> Sequence[str]:
    """Return sentences for the top of the home page, in the reader's language."""
    return ()
