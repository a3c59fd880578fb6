"""Calling hooks: five kinds, each with the failure policy that ``hookspecs`` states.

Plain pluggy stops at the first exception and cannot say who failed, so the calls are made here, in dependency order,
over the implementations that pluggy found.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from crmframe.core.contributions import Veto
from crmframe.core.errors import CrmError, InvalidInput, Problem, Vetoed
from crmframe.hookspecs import HOOKS
from crmframe.kernel.circuit import Circuits
from crmframe.kernel.codes import CODES, PluginFailed, PluginProblem, first_line
from crmframe.kernel.implementations import (
    Implementation,
    expected_text,
    hook_manager,
    is_sequence,
    item_matcher,
)

log = logging.getLogger("crmframe.plugins")
SLOW_SECONDS = 0.25
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Notice:
    """Stands where a failing plugin's part would be; ``code`` is P101, P102 (paused) or P105."""

    plugin: str
    hook: str
    code: str = "P101"


@dataclass(frozen=True, slots=True)
class Call:
    """One traced call of one implementation."""

    hook: str
    plugin: str
    seconds: float
    outcome: Literal["ok", "veto", "failed", "paused"]
    error: str = ""


def utc_now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


class Hooks:
    """The hooks of one application.

    Args:
        clock: Measures the pause of failing contributions.
        trace: Called after every call of an implementation; None costs nothing.
        recover: Called with the context after a contribution failed, so that the next one finds a usable
            transaction (PostgreSQL refuses everything after a failed statement).
    """

    def __init__(
        self,
        *,
        clock: Clock = utc_now,
        trace: Callable[[Call], None] | None = None,
        recover: Callable[[Any], None] | None = None,
    ) -> None:
        self.manager = hook_manager()
        self.clock = clock
        self.trace = trace
        self.recover = recover
        self.failures: deque[PluginProblem] = deque(maxlen=100)
        self._circuits = Circuits(clock)
        self._order: list[str] = []
        self._declared: dict[str, Mapping[str, Sequence[Any]]] = {}
        self._found: dict[str, Sequence[Implementation]] = {}
        self._calls: dict[str, tuple[Implementation, ...]] = dict.fromkeys(HOOKS, ())
        self._matches = {name: item_matcher(name) for name in HOOKS}

    @property
    def plugins(self) -> tuple[str, ...]:
        """Return the registered plugins in dependency order."""
        return tuple(self._order)

    def add(
        self,
        plugin: str,
        module: object,
        found: Sequence[Implementation],
        declared: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        """Register a plugin after those that it depends on; ``declared`` is what its declare hooks returned."""
        self.manager.register(module, plugin)
        self._order.append(plugin)
        self._found[plugin] = found
        self._declared[plugin] = declared or {}
        self._rebuild()

    def remove(self, plugin: str) -> None:
        """Forget a plugin and everything it contributes; nothing happens when it is not registered."""
        if plugin in self._order:
            self.manager.unregister(name=plugin)
            self._order.remove(plugin)
            del self._found[plugin], self._declared[plugin]
            self._rebuild()

    def implementations(self, hook: str) -> tuple[Implementation, ...]:
        """Return the implementations of *hook* in the order in which they are called."""
        return self._calls[hook]

    def collect(self, name: str) -> list[tuple[str, Sequence[Any]]]:
        """Return what each plugin declared under *name*: one pair per plugin that declared something."""
        pairs = ((plugin, self._declared[plugin].get(name, ())) for plugin in self._order)
        return [(plugin, items) for plugin, items in pairs if items]

    def guard(self, name: str, change: Any) -> None:
        """Ask every plugin; return when nobody objects.

        Raises:
            InvalidInput: A plugin refused, and named the fields.
            Vetoed: A plugin refused, or failed while checking. ``data["because"]`` is a Problem in the plugin's own
                translation domain.
        """
        for each in self._calls[name]:
            try:
                self._call(each, change)
            except Veto as veto:
                because = Problem(veto.field, "vetoed", veto.template, veto.data, domain=each.plugin)
                raise _vetoed(each.plugin, because) from veto
            except (KeyboardInterrupt, InvalidInput):
                raise
            except BaseException as error:  # what a guard does not answer counts as no
                self._note(each, "P104", error)
                because = Problem("", "P104", CODES["P104"], {"plugin": each.plugin})
                raise _vetoed(each.plugin, because) from error

    def chain(self, name: str, context: Any, value: Any) -> Any:
        """Pass *value* through every plugin and return the result.

        Raises:
            PluginFailed: A plugin failed or returned something of another type.
        """
        for each in self._calls[name]:
            result = self._answer(each, context, value)
            if result is None or not isinstance(result, type(value)):
                raise self._wrong_answer(each, result, type(value).__name__)
            value = result
        return value

    def first(self, name: str, context: Any) -> Any:
        """Return the first answer that is not None; errors as in ``chain``."""
        for each in self._calls[name]:
            result = self._answer(each, context)
            if result is not None and not self._matches[name](result):
                raise self._wrong_answer(each, result, expected_text(name))
            if result is not None:
                return result
        return None

    def contribute(self, name: str, context: Any) -> list[tuple[str, Any]]:
        """Return every plugin's items, flattened; a failing plugin gives one ``Notice`` instead."""
        items: list[tuple[str, Any]] = []
        for each in self._calls[name]:
            result = self.isolate(each.plugin, name, each.call, context)
            if isinstance(result, Notice):
                items.append((each.plugin, result))
            elif result is not None:
                items.extend((each.plugin, item) for item in self._checked(each, result))
        return items

    def isolate(self, plugin: str, place: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """Return what *call* returns, or a ``Notice`` when it fails or is paused: also for panels and widgets.

        Args:
            place: Names what is rendered; failures are counted per plugin and place.
            arguments: The first is the context that ``recover`` is given.
        """
        key = (plugin, place)
        if not self._circuits.allows(key):
            self._traced(place, plugin, 0.0, "paused")
            return Notice(plugin, place, "P102")
        begun = time.perf_counter()
        try:
            result = call(*arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - one part of a page, whatever went wrong in it
            self._traced(place, plugin, time.perf_counter() - begun, "failed", error)
            return self._failed_part(plugin, place, error, arguments)
        seconds = time.perf_counter() - begun
        if seconds > SLOW_SECONDS:
            log.warning(
                PluginProblem(
                    plugin, "P103", {"hook": place, "milliseconds": round(seconds * 1000)}
                ).message()
            )
        self._circuits.succeeded(key)
        self._traced(place, plugin, seconds, "ok")
        return result

    def paused(self) -> list[tuple[str, str]]:
        """Return (plugin, place) of what is paused at present."""
        return [key for key in self._circuits.open_keys() if isinstance(key, tuple)]

    def _checked(self, each: Implementation, result: Any) -> Iterable[Any]:
        if is_sequence(result) and all(map(self._matches[each.hook], result)):
            return list(result)
        data = {"hook": each.hook, "found": _described(result), "expected": expected_text(each.hook)}
        problem = PluginProblem(each.plugin, "P105", data)
        return [self._counted(problem, (each.plugin, each.hook))]

    def _failed_part(self, plugin: str, place: str, error: BaseException, arguments: Sequence[Any]) -> Notice:
        data = {"hook": place, "error": first_line(error)}
        problem = PluginProblem(plugin, "P101", data, "".join(traceback.format_exception(error)))
        if self.recover is not None and arguments:
            self.recover(arguments[0])
        return self._counted(problem, (plugin, place))

    def _counted(self, problem: PluginProblem, key: tuple[str, str]) -> Notice:
        self.failures.append(problem)
        log.error("%s\n%s", problem.message(), problem.detail)
        if self._circuits.failed(key):
            log.error(PluginProblem(problem.plugin, "P102", {"hook": key[1]}).message())
        return Notice(*key, problem.code)

    def _answer(self, each: Implementation, *arguments: Any) -> Any:
        try:
            return self._call(each, *arguments)
        except (KeyboardInterrupt, CrmError):
            raise  # an error of ours is an answer: NotFound, PermissionDenied
        except BaseException as error:
            self._note(each, "P101", error)
            raise PluginFailed(plugin=each.plugin, hook=each.hook) from error

    def _wrong_answer(self, each: Implementation, result: Any, expected: str) -> PluginFailed:
        data = {"hook": each.hook, "found": _described(result), "expected": expected}
        problem = PluginProblem(each.plugin, "P105", data)
        self.failures.append(problem)
        log.error(problem.message())
        return PluginFailed(plugin=each.plugin, hook=each.hook)

    def _note(self, each: Implementation, code: str, error: BaseException) -> None:
        detail = "".join(traceback.format_exception(error))
        problem = PluginProblem(each.plugin, code, {"hook": each.hook, "error": first_line(error)}, detail)
        self.failures.append(problem)
        log.error("%s\n%s", problem.message(), detail)

    def _call(self, each: Implementation, *arguments: Any) -> Any:
        if self.trace is None:
            return each.call(*arguments)
        begun = time.perf_counter()
        try:
            result = each.call(*arguments)
        except BaseException as error:
            outcome: Literal["veto", "failed"] = "veto" if isinstance(error, Veto) else "failed"
            self._traced(each.hook, each.plugin, time.perf_counter() - begun, outcome, error)
            raise
        self._traced(each.hook, each.plugin, time.perf_counter() - begun, "ok")
        return result

    def _traced(
        self,
        hook: str,
        plugin: str,
        seconds: float,
        outcome: Literal["ok", "veto", "failed", "paused"],
        error: BaseException | None = None,
    ) -> None:
        if self.trace is not None:
            self.trace(Call(hook, plugin, seconds, outcome, "" if error is None else first_line(error)))

    def _rebuild(self) -> None:
        place = {plugin: number for number, plugin in enumerate(self._order)}
        found = [each for plugin in self._order for each in self._found[plugin]]
        found.sort(key=lambda each: (each.rank, place[each.plugin]))
        self._calls = {name: tuple(each for each in found if each.hook == name) for name in HOOKS}


def _vetoed(plugin: str, because: Problem) -> Vetoed:
    return Vetoed(plugin=plugin, reason=because.message(), because=because)


def _described(value: Any) -> str:
    if is_sequence(value):
        return f"{type(value).__name__} of {', '.join(sorted({type(item).__name__ for item in value})) or 'nothing'}"
    return type(value).__name__
