"""Trying plugins out on a scratch database: everything that a start would do, without touching the real one."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from crmframe.kernel.codes import PluginProblem
from crmframe.kernel.discovery import discover
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.options import PluginOptions
from crmframe.kernel.resolver import with_requirements_of
from crmframe.kernel.system import Examine, load_plugins


def check_plugin(
    name: str, options: PluginOptions, *, examine: Examine | None = None, core: Manifest | None = None
) -> Mapping[str, PluginProblem]:
    """Build an application of *name* and what it requires on an empty SQLite database; return what cannot run.

    Args:
        examine: As in ``load_plugins``.
        core: Stands in for the core (tests).
    """
    found = discover(options.paths, installed=options.installed)
    wanted = tuple(sorted(with_requirements_of(found.manifests, name)))
    trial = dataclasses.replace(
        options,
        enabled=wanted,
        managed="file",
        disabled=frozenset(),
        safe_mode=False,
        on_failure="quarantine",
        import_seconds=options.import_seconds or PluginOptions().import_seconds,
    )
    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{Path(folder) / 'check.db'}")
        try:
            return load_plugins(engine, trial, examine=examine, core=core).problems
        finally:
            engine.dispose()
