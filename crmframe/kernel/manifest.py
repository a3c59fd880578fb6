"""The static manifest of a plugin, read without importing the plugin."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from crmframe import __version__
from crmframe.core.errors import CrmError, Problem
from crmframe.kernel.manifest_fields import ManifestReader

PLUGIN_API = Version("1.0")
FILE_NAME = "crmframe_plugin.toml"
CORE_FOLDER = Path(__file__).resolve().parent.parent / "core"


class InvalidManifest(CrmError):
    """The manifest is missing or wrong; ``problems`` lists everything that is."""

    code = "invalid_manifest"
    status = 422
    template = "The manifest of {module} is not valid: {reasons}"

    def __init__(self, module: str, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(module=module, reasons=" ".join(problem.message() for problem in problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a plugin says about itself before any of its code runs.

    Attributes:
        name: Namespace of its tables, URLs, commands, settings and translations.
        api: Versions of the plugin API (``PLUGIN_API``) that it is made for.
        label: Language to name; ``en`` is always there. ``summary`` likewise.
        module: The package to import.
        path: Folder of the package.
        distribution: The installed distribution it came with; None for one found on a development path.
        optional: Ordered after these when they are enabled, and their version is checked then.
        settings: ``package.module:Class`` of a pydantic model, or None.
        grants: What the plugin asks for and administrators see before they enable it.
        migrations: Folder of its migration files; need not exist.
    """

    name: str
    version: Version
    api: SpecifierSet
    label: Mapping[str, str]
    summary: Mapping[str, str]
    module: str
    path: Path
    table_prefix: str
    migrations: Path
    distribution: str | None = None
    requires: Mapping[str, SpecifierSet] = field(default_factory=dict)
    optional: Mapping[str, SpecifierSet] = field(default_factory=dict)
    conflicts: Mapping[str, SpecifierSet] = field(default_factory=dict)
    settings: str | None = None
    grants: Mapping[str, Any] = field(default_factory=dict)

    @property
    def locale(self) -> Path:
        """Return the folder of its translations; that of the core lies beside it, as it serves the whole framework."""
        return self.path.parent / "locale" if self.path == CORE_FOLDER else self.path / "locale"

    def entry_module(self) -> str:
        """Return the module that holds the hook implementations: ``<module>.plugin`` if there is one, else the package."""
        has_plugin = (self.path / "plugin.py").exists() or (self.path / "plugin" / "__init__.py").exists()
        return f"{self.module}.plugin" if has_plugin else self.module

    @classmethod
    def load(cls, module: str, *, distribution: str | None = None) -> Manifest:
        """Find the package *module* without executing it and read its manifest.

        Raises:
            InvalidManifest: There is no such package, no manifest in it, or something in it is wrong.
        """
        folder = _package_folder(module)
        if folder is None:
            raise _invalid(module, "There is no package {module}.", module=module)
        return cls.read(folder, distribution=distribution)

    @classmethod
    def read(cls, folder: Path, *, distribution: str | None = None) -> Manifest:
        """Read the manifest of the package in *folder*; errors as in ``load``."""
        module, file = folder.name, folder / FILE_NAME
        try:
            document = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise _invalid(module, "The file {file} is missing.", file=file) from None
        except (OSError, ValueError) as error:
            raise _invalid(module, "{file} cannot be read: {error}.", file=file, error=error) from error
        reader = ManifestReader(document)
        values = reader.read()
        if reader.problems:
            raise InvalidManifest(module, tuple(reader.problems))
        return cls(
            module=module, path=folder, distribution=distribution, migrations=folder / "migrations", **values
        )


def core_manifest() -> Manifest:
    """Return the manifest of the core, which is loaded as a plugin but needs no file."""
    return Manifest(
        name="core",
        version=Version(__version__),
        api=SpecifierSet(f"=={PLUGIN_API}"),
        label=MappingProxyType({"en": "Core", "zh": "核心"}),
        summary=MappingProxyType({"en": "Customers, records, access.", "zh": "客户、记录、权限。"}),
        module="crmframe.core",
        path=CORE_FOLDER,
        table_prefix="core_",
        migrations=CORE_FOLDER / "storage" / "versions",
    )


def _package_folder(module: str) -> Path | None:
    # Only a top-level name: find_spec imports the parents of a dotted one.
    if not module.isidentifier():
        return None
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    locations = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(locations[0]) if locations else None


def _invalid(module: str, template: str, /, **data: Any) -> InvalidManifest:
    return InvalidManifest(module, (Problem("", "manifest", template, data),))
