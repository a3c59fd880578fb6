"""How a deployment wants its plugins: from the settings file and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from crmframe.kernel.state import PluginState, wanted_names

DISABLED_VARIABLE = "CRMFRAME_PLUGINS_DISABLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginOptions:
    """What the kernel needs to know.

    Attributes:
        enabled: Names from the settings file; only looked at when ``managed`` is ``file``.
        managed: ``file``: the list in the settings file counts. ``db``: what administrators switched on counts.
        disabled: Never loaded, whatever else says so: the way back in when a plugin breaks the log-in.
        safe_mode: Load the core alone.
        on_failure: ``fail`` refuses to start when any plugin cannot run (continuous integration).
        paths: Folders of plugins under development.
        installed: False looks only at ``paths``.
        settings: Settings of each plugin, by plugin.
        cache_folder: Remembers which plugins could be imported.
        backup_folder: Copies made before migrating; default: ``backups`` beside the database.
        import_seconds: Limit for the first import of each plugin, in a child process; 0 imports without a child.
    """

    enabled: tuple[str, ...] = ()
    managed: Literal["file", "db"] = "file"
    disabled: frozenset[str] = frozenset()
    safe_mode: bool = False
    on_failure: Literal["quarantine", "fail"] = "quarantine"
    paths: tuple[Path, ...] = ()
    installed: bool = True
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    cache_folder: Path | None = None
    backup_folder: Path | None = None
    import_seconds: float = 10.0

    def wanted(self, states: Mapping[str, PluginState]) -> tuple[str, ...]:
        """Return the names to load, the core aside."""
        if self.safe_mode:
            return ()
        names = self.enabled if self.managed == "file" else wanted_names(states)
        return tuple(sorted(set(names) - self.disabled - {"core"}))


def disabled_by(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the plugins that the environment switches off: ``CRMFRAME_PLUGINS_DISABLED=sales,loyalty``."""
    names = environment.get(DISABLED_VARIABLE, "").split(",")
    return frozenset(name.strip() for name in names if name.strip())
