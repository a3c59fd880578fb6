"""``crmframe check --deploy``: what to change before others can reach an installation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from crmframe.core.errors import Problem
from crmframe.core.operation.check import Checked
from crmframe.core.operation.checks import fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Everything that the checks look at: facts, gathered by whoever asks.

    Attributes:
        dialect: ``sqlite`` or ``postgresql``.
        url: Of the database, with its parts by name (``host``, ``database``, ``password``, ``sslmode``).
        database_file: None on PostgreSQL.
        folder: Files, backups, caches, the stored secret.
        config_file: None when there is none.
        secret: The configured one, else the stored one.
        set_up: As ``storage.soundness.set_up`` returns it.
        demo_logins: Accounts that still have the password of the demo.
        admins: Login names of active administrators; ``easy_admins`` those with a password everybody tries.
        waiting: Jobs and events that are due; ``served`` is whether somebody took one in the last minutes.
        newest_commit: None in an empty journal.
        pending: Migrations that were not run.
        encrypted: Tables with encrypted columns.
        lasting_tokens: API tokens that never end.
    """

    now: datetime
    dialect: str
    url: Mapping[str, str]
    database_file: Path | None
    folder: Path
    config_file: Path | None
    public_url: str
    secret: str
    workers: int
    safe_mode: bool
    on_failure: str
    import_seconds: float
    plugin_paths: tuple[Path, ...]
    environment: Mapping[str, str]
    set_up: Mapping[str, str]
    free_bytes: int
    user_id: int
    problems: tuple[Problem, ...] = ()
    demo_logins: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    easy_admins: tuple[str, ...] = ()
    waiting: int = 0
    served: bool = False
    newest_commit: datetime | None = None
    last_backup: datetime | None = None
    pending: tuple[str, ...] = ()
    encrypted: tuple[str, ...] = ()
    lasting_tokens: int = 0
    modes: Mapping[Path, int] = field(default_factory=dict)


Ask = Callable[[Deployment], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class DeployCheck:
    """One question; ``template`` is said when ``ask`` finds something, with the words that it found."""

    code: str
    sentence: str
    template: str
    ask: Callable[[Deployment], Iterator[Mapping[str, Any]]]


def run_deploy_checks(deployment: Deployment) -> Iterator[Checked]:
    """Yield the answer to each check."""
    for check in DEPLOY_CHECKS:
        problems = tuple(fault(check.code, check.template, **words) for words in check.ask(deployment))
        yield Checked(check.code, check.sentence, problems)
    yield Checked("plugins_run", "Every enabled plugin runs.", deployment.problems)


def _when(condition: Callable[[Deployment], Any], **words: Callable[[Deployment], Any]) -> Any:
    """Return an ``ask`` that finds one thing when *condition* holds."""

    def ask(deployment: Deployment) -> Iterator[Mapping[str, Any]]:
        if condition(deployment):
            yield {name: value(deployment) for name, value in words.items()}

    return ask


def _each(values: Callable[[Deployment], Any], name: str) -> Any:
    """Return an ``ask`` that finds one thing for each of *values*."""

    def ask(deployment: Deployment) -> Iterator[Mapping[str, Any]]:
        for value in values(deployment):
            yield {name: value}

    return ask


def _open_to(d: Deployment, path: Path | None, bits: int) -> bool:
    return path is not None and bool(d.modes.get(path, 0) & bits)


def _is_off(name: str) -> Callable[[Deployment], bool]:
    return lambda d: d.set_up.get(name) == "off"


def _is_local(d: Deployment) -> bool:
    host = d.url.get("host", "")
    return host in ("", "localhost", "127.0.0.1", "::1") or host.startswith("/")


SHORTEST_SECRET = 32
BACKUP_EVERY = timedelta(days=2)
SPARE_BYTES = 1 << 30
CLOCK_SLACK = timedelta(minutes=5)
DEBUG = ("CRMFRAME_DEBUG", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE", "PYTHONINSPECT")
ENCRYPTION_KEYS = "CRMFRAME_ENCRYPTION_KEYS"
OTHERS, ANYBODY_WRITES = 0o077, 0o022

DEPLOY_CHECKS: tuple[DeployCheck, ...] = (
    DeployCheck(
        "secret_missing",
        "There is a secret that signs forms and links.",
        "There is no secret yet. Start the server once, or set CRMFRAME_SECRET.",
        _when(lambda d: not d.secret),
    ),
    DeployCheck(
        "secret_short",
        "The secret is long enough.",
        "The secret has {length} characters, and needs at least {least}.",
        _when(
            lambda d: 0 < len(d.secret) < SHORTEST_SECRET,
            length=lambda d: len(d.secret),
            least=lambda d: SHORTEST_SECRET,
        ),
    ),
    DeployCheck(
        "secret_simple",
        "The secret is random.",
        "The secret repeats a few characters. Make one with: openssl rand -base64 48",
        _when(lambda d: d.secret and len(set(d.secret)) < 12),
    ),
    DeployCheck(
        "secret_readable",
        "Only the server's user reads the stored secret.",
        "Others can read {path}. Run: chmod 600 {path}",
        _when(lambda d: _open_to(d, d.folder / "secret", OTHERS), path=lambda d: d.folder / "secret"),
    ),
    DeployCheck(
        "config_writable",
        "Only the server's user changes the settings file.",
        "Others can change {path}. Run: chmod go-w {path}",
        _when(lambda d: _open_to(d, d.config_file, ANYBODY_WRITES), path=lambda d: d.config_file),
    ),
    DeployCheck(
        "config_readable",
        "A settings file with a password is for the server's user alone.",
        "Others can read {path}, which holds a password or a secret. Run: chmod 600 {path}",
        _when(
            lambda d: _open_to(d, d.config_file, 0o044) and (d.secret or d.url.get("password")),
            path=lambda d: d.config_file,
        ),
    ),
    DeployCheck(
        "database_readable",
        "Only the server's user reads the database file.",
        "Others can read {path}, with everything in it. Run: chmod 600 {path}",
        _when(lambda d: _open_to(d, d.database_file, OTHERS), path=lambda d: d.database_file),
    ),
    DeployCheck(
        "database_folder_writable",
        "Only the server's user writes where the database lies.",
        "Others can write into {path}, and so replace the database. Run: chmod go-w {path}",
        _when(
            lambda d: d.database_file is not None and _open_to(d, d.database_file.parent, ANYBODY_WRITES),
            path=lambda d: d.database_file.parent if d.database_file else "",
        ),
    ),
    DeployCheck(
        "folder_readable",
        "Only the server's user reads the data folder.",
        "Others can read {path}, with files and backups. Run: chmod 700 {path}",
        _when(lambda d: _open_to(d, d.folder, OTHERS), path=lambda d: d.folder),
    ),
    DeployCheck(
        "database_relative",
        "The database is found wherever the server is started.",
        "{path} depends on the folder that the server is started in. Write the whole path into the settings.",
        _when(
            lambda d: d.dialect == "sqlite" and not Path(d.url.get("database", "")).is_absolute(),
            path=lambda d: d.url.get("database", ""),
        ),
    ),
    DeployCheck(
        "disk_nearly_full",
        "There is room on the disk.",
        "Only {megabytes} MB are free. Free some space: saving stops when the disk is full.",
        _when(lambda d: d.free_bytes < SPARE_BYTES, megabytes=lambda d: d.free_bytes >> 20),
    ),
    DeployCheck(
        "sqlite_synchronous",
        "A power cut loses nothing that was acknowledged.",
        "SQLite runs with synchronous={value}. It must be FULL (2).",
        _when(
            lambda d: d.dialect == "sqlite" and d.set_up.get("synchronous") not in ("2", "3"),
            value=lambda d: d.set_up.get("synchronous", "?"),
        ),
    ),
    DeployCheck(
        "sqlite_journal",
        "Readers do not wait for writers.",
        "SQLite runs with journal_mode={value}, not WAL. Is the file on a network drive? Move it to a local one.",
        _when(
            lambda d: d.dialect == "sqlite" and d.set_up.get("journal_mode") != "wal",
            value=lambda d: d.set_up.get("journal_mode", "?"),
        ),
    ),
    DeployCheck(
        "postgresql_superuser",
        "The database role has no more rights than it needs.",
        "The role is a superuser of the PostgreSQL server. Use one that only owns this database.",
        _when(lambda d: d.set_up.get("superuser") == "on"),
    ),
    DeployCheck(
        "postgresql_fsync",
        "PostgreSQL survives a power cut.",
        "PostgreSQL runs with fsync or full_page_writes off: a power cut can destroy the database. Switch both on.",
        _when(lambda d: _is_off("fsync")(d) or _is_off("full_page_writes")(d)),
    ),
    DeployCheck(
        "postgresql_commit",
        "PostgreSQL acknowledges only what is on the disk.",
        "PostgreSQL runs with synchronous_commit off: a power cut loses acknowledged changes. Switch it on.",
        _when(_is_off("synchronous_commit")),
    ),
    DeployCheck(
        "postgresql_encoding",
        "The database stores every script.",
        "The database has the encoding {value}. Make one with UTF8, and restore a backup into it.",
        _when(
            lambda d: d.set_up.get("server_encoding", "UTF8") != "UTF8",
            value=lambda d: d.set_up.get("server_encoding", ""),
        ),
    ),
    DeployCheck(
        "postgresql_plain",
        "The connection to the database is encrypted.",
        "The database is on {host}, and the connection may be unencrypted. Add ?sslmode=verify-full to its URL.",
        _when(
            lambda d: (
                d.dialect == "postgresql"
                and not _is_local(d)
                and d.url.get("sslmode") not in ("require", "verify-ca", "verify-full")
            ),
            host=lambda d: d.url.get("host", ""),
        ),
    ),
    DeployCheck(
        "public_url_missing",
        "The server knows its own address.",
        "Set public_url to the address that people use, such as https://crm.example.com.",
        _when(lambda d: not d.public_url),
    ),
    DeployCheck(
        "public_url_plain",
        "People reach the server encrypted.",
        "{url} is not encrypted: passwords can be read on the way. Put a server with https in front.",
        _when(lambda d: d.public_url and not d.public_url.startswith("https://"), url=lambda d: d.public_url),
    ),
    DeployCheck(
        "demo_account",
        "No account has a password that is printed in public.",
        "The user {login} still has the password of the demo. Run: crmframe user set-password {login}",
        _each(lambda d: d.demo_logins, "login"),
    ),
    DeployCheck(
        "no_admin",
        "Somebody can administer the installation.",
        "There is no active administrator. Run: crmframe user create NAME --admin",
        _when(lambda d: not d.admins),
    ),
    DeployCheck(
        "easy_admin",
        "No administrator has a password that is tried first.",
        "The administrator {login} has a password that is tried first. Run: crmframe user set-password {login}",
        _each(lambda d: d.easy_admins, "login"),
    ),
    DeployCheck(
        "token_for_ever",
        "Every API token ends one day.",
        "{count} API tokens never end. Make new ones that do, and revoke these.",
        _when(lambda d: d.lasting_tokens, count=lambda d: d.lasting_tokens),
    ),
    DeployCheck(
        "debug",
        "Nothing is switched on that is for developers.",
        "{name} is set. It is for developers: unset it.",
        _each(lambda d: [name for name in DEBUG if d.environment.get(name)], "name"),
    ),
    DeployCheck(
        "safe_mode",
        "Plugins are loaded.",
        "Safe mode is on: no plugin runs. Take safe_mode out of the settings.",
        _when(lambda d: d.safe_mode),
    ),
    DeployCheck(
        "plugin_paths",
        "Plugins are installed, not run from a folder.",
        "Plugins are loaded from {path}. Install them instead.",
        _each(lambda d: d.plugin_paths, "path"),
    ),
    DeployCheck(
        "import_unlimited",
        "A plugin that hangs cannot keep the server from starting.",
        "import_seconds is 0: plugins are imported without a limit. Leave it at 10.",
        _when(lambda d: not d.import_seconds),
    ),
    DeployCheck(
        "start_depends_on_plugins",
        "A broken plugin does not stop the others.",
        "on_failure is fail: one broken plugin keeps the server from starting. Set it to quarantine.",
        _when(lambda d: d.on_failure == "fail"),
    ),
    DeployCheck(
        "no_worker",
        "Somebody runs jobs and delivers events.",
        "The server runs no jobs (workers = 0), and {count} wait. Start crmframe worker beside it.",
        _when(lambda d: not d.workers and d.waiting and not d.served, count=lambda d: d.waiting),
    ),
    DeployCheck(
        "backup_missing",
        "There is a backup.",
        "No backup was ever made here. Run crmframe backup every night, and restore one now and then.",
        _when(lambda d: d.last_backup is None),
    ),
    DeployCheck(
        "backup_old",
        "The last backup is young.",
        "The last backup is of {day}. Run crmframe backup every night.",
        _when(
            lambda d: d.last_backup is not None and d.now - d.last_backup > BACKUP_EVERY,
            day=lambda d: f"{d.last_backup:%Y-%m-%d}",
        ),
    ),
    DeployCheck(
        "schema_pending",
        "The schema is up to date.",
        "{revision} was not run. Run crmframe db upgrade.",
        _each(lambda d: d.pending, "revision"),
    ),
    DeployCheck(
        "encryption_keys",
        "Encrypted columns have their keys.",
        "{table} has encrypted columns, and CRMFRAME_ENCRYPTION_KEYS is not set.",
        _each(lambda d: () if d.environment.get(ENCRYPTION_KEYS) else d.encrypted, "table"),
    ),
    DeployCheck(
        "clock_behind",
        "The clock is right.",
        "The newest change is of {day}, which is in the future. Set the clock of this machine.",
        _when(
            lambda d: d.newest_commit is not None and d.newest_commit > d.now + CLOCK_SLACK,
            day=lambda d: f"{d.newest_commit:%Y-%m-%d %H:%M}",
        ),
    ),
    DeployCheck(
        "root",
        "The server does not run as root.",
        "This runs as root. Make a user of its own for crmframe.",
        _when(lambda d: d.user_id == 0),
    ),
)
