"""Settings of an installation: the environment first, then ``crmframe.toml``, then the defaults below."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crmframe.core.mail.transport import MailServer
from crmframe.core.work import WorkspaceSettings
from crmframe.kernel.options import PluginOptions, disabled_by

PREFIX = "CRMFRAME_"
CONFIG_VARIABLE = "CRMFRAME_CONFIG"


class PluginSettings(BaseModel):
    """Which plugins run.

    Attributes:
        managed: ``file``: the list ``enabled`` counts. ``db``: what administrators switched on counts.
    """

    model_config = ConfigDict(extra="forbid")

    enabled: tuple[str, ...] = ()
    managed: Literal["file", "db"] = "db"
    paths: tuple[Path, ...] = ()
    on_failure: Literal["quarantine", "fail"] = "quarantine"
    import_seconds: float = 10.0
    settings: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)


class AppSettings(BaseModel):
    """Everything an application is told from outside.

    Attributes:
        database: SQLAlchemy URL.
        folder: Files, backups and caches.
        secret: Signs links and form tokens; empty makes one in ``folder`` at the first start.
        zone: IANA name; "today" and month limits follow it.
        currency: ISO 4217 code of the base currency.
        region: ISO 3166 code; national phone numbers belong to it.
        locale: Language of pages before somebody signs in: ``en`` or ``zh_Hans``.
        job_engine: ``module:function`` that returns another engine for jobs; empty runs them in threads.
        workers: Threads that run jobs inside the server.
        mail_host: The server that takes outgoing mail; empty sends none.
        mail_security: ``starttls`` asks for it and goes nowhere without, ``none`` is for a server on this machine.
        mail_sender: The address that mails come from, ``mail_name`` the name before it.
        outbound_allowed: Hosts and networks of the house that the program may call, over plain HTTP too; with commas
            between them in the environment. Everything else it calls is on the internet, over TLS.
    """

    model_config = ConfigDict(extra="forbid")

    database: str = "sqlite:///crmframe.db"
    folder: Path = Path("crmframe-data")
    secret: str = ""
    zone: str = "UTC"
    currency: str = "USD"
    region: str = "US"
    locale: Literal["en", "zh_Hans"] = "en"
    job_engine: str = ""
    workers: int = Field(default=1, ge=0, le=64)
    safe_mode: bool = False
    public_url: str = ""
    mail_host: str = ""
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_user: str = ""
    mail_password: str = ""
    mail_security: Literal["none", "starttls", "ssl"] = "starttls"
    mail_sender: str = ""
    mail_name: str = "crmframe"
    outbound_allowed: tuple[str, ...] = ()
    plugins: PluginSettings = PluginSettings()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"There is no time zone {name}. Use an IANA name such as Asia/Shanghai.")
        return name

    @field_validator("outbound_allowed", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return (
            [each.strip() for each in given.split(",") if each.strip()] if isinstance(given, str) else given
        )

    @field_validator("currency", "region")
    @classmethod
    def _upper(cls, code: str) -> str:
        return code.upper()

    def workspace(self) -> WorkspaceSettings:
        """Return what every unit of work carries."""
        return WorkspaceSettings(ZoneInfo(self.zone), self.currency, self.region, self.locale)

    def mail_server(self) -> MailServer:
        """Return where outgoing mail is handed in."""
        return MailServer(
            host=self.mail_host,
            port=self.mail_port,
            user=self.mail_user,
            password=self.mail_password,
            security=self.mail_security,
            sender=self.mail_sender,
            sender_name=self.mail_name,
        )

    def plugin_options(self) -> PluginOptions:
        """Return what the kernel needs to know."""
        return PluginOptions(
            enabled=self.plugins.enabled,
            managed=self.plugins.managed,
            disabled=disabled_by(os.environ),
            safe_mode=self.safe_mode,
            on_failure=self.plugins.on_failure,
            paths=self.plugins.paths,
            settings=self.plugins.settings,
            cache_folder=self.folder / "cache",
            backup_folder=self.folder / "backups",
            import_seconds=self.plugins.import_seconds,
        )


def read_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> AppSettings:
    """Return the settings of this place.

    Args:
        environment: Default: that of the process.
        overrides: Win over everything; None is no override.

    Raises:
        pydantic.ValidationError: Names every wrong setting.
    """
    given = os.environ if environment is None else environment
    values = _from_file(Path(given.get(CONFIG_VARIABLE, "crmframe.toml")))
    values |= {
        name: given[PREFIX + name.upper()]
        for name in AppSettings.model_fields
        if PREFIX + name.upper() in given
    }
    values |= {name: value for name, value in overrides.items() if value is not None}
    return AppSettings.model_validate(values)


def _from_file(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
