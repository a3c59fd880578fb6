"""Gathering the facts for ``crmframe check --deploy``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.application import utc_now
from crmframe.cli.db import standing
from crmframe.core.access.models import User
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.tables import credential, token
from crmframe.core.demo.company import LOGINS
from crmframe.core.errors import Problem
from crmframe.core.jobs.tables import job
from crmframe.core.journal.subscriptions import standings
from crmframe.core.journal.tables import commit
from crmframe.core.operation.backup import last_backup
from crmframe.core.operation.deploy import Deployment
from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.soundness import set_up
from crmframe.core.storage.types import EncryptedText
from crmframe.settings import CONFIG_VARIABLE

if TYPE_CHECKING:
    from crmframe.cli.console import Console
    from crmframe.core.work import UnitOfWork

_user: Any = User.__table__
RECENT = timedelta(minutes=10)
# What people try first on a log-in called admin; the login name itself and its doubles are tried, too.
FIRST_TRIED = ("password", "admin", "administrator", "crmframe", "changeme", "123456789012", "password1234")


def deployment_of(console: Console, work: UnitOfWork) -> Deployment:
    """Return the facts of this installation."""
    settings, application = console.settings, console.application
    folder, database_file = settings.folder.absolute(), application.database.path
    database_file = database_file.absolute() if database_file else None
    config_file = _config_file(console)
    paths = [folder, folder / "secret", config_file, database_file, database_file and database_file.parent]
    demo, easy = _weak_logins(work)
    return Deployment(
        now=utc_now(),
        dialect=application.database.dialect,
        url=_url_parts(application.database.url),
        database_file=database_file,
        folder=folder,
        config_file=config_file,
        public_url=settings.public_url,
        secret=settings.secret or _stored_secret(folder),
        workers=settings.workers,
        safe_mode=settings.safe_mode,
        on_failure=settings.plugins.on_failure,
        import_seconds=settings.plugins.import_seconds,
        plugin_paths=settings.plugins.paths,
        environment=os.environ,
        set_up=set_up(work.connection),
        free_bytes=shutil.disk_usage(_existing(database_file or folder)).free,
        user_id=os.geteuid(),
        problems=tuple(_plugin_problems(console)),
        demo_logins=demo,
        easy_admins=easy,
        admins=_admins(work),
        waiting=_waiting(work),
        served=_is_served(work),
        newest_commit=work.connection.scalar(sa.select(sa.func.max(commit.c.at))),
        last_backup=last_backup(folder),
        pending=tuple(revision for each in standing(console) for revision in each.pending),
        encrypted=tuple(_encrypted_tables(console)),
        lasting_tokens=_lasting_tokens(work),
        modes={path: path.stat().st_mode for path in paths if path is not None and path.exists()},
    )


def _config_file(console: Console) -> Path | None:
    path = console.config or Path(os.environ.get(CONFIG_VARIABLE, "crmframe.toml"))
    return path.absolute() if path.is_file() else None


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _stored_secret(folder: Path) -> str:
    path = folder / "secret"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def _url_parts(url: sa.URL) -> dict[str, str]:
    parts = {"host": url.host, "database": url.database, "password": url.password, **url.query}
    return {name: str(value) for name, value in parts.items() if value}


def _plugin_problems(console: Console) -> Iterator[Problem]:
    for name, each in console.application.plugins.problems.items():
        yield Problem("", each.code, each.template, {"plugin": name, **each.data})


def _admins(work: UnitOfWork) -> tuple[str, ...]:
    chosen = sa.select(_user.c.login).where(_user.c.is_admin.is_(True), _user.c.is_active.is_(True))
    return tuple(work.connection.scalars(chosen.order_by(_user.c.login)))


def _weak_logins(work: UnitOfWork) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the log-ins with a password of the demo, and the administrators with one that is tried first."""
    demo_passwords = {each.login: each.password for each in LOGINS}
    joined = _user.join(credential, credential.c.user_id == _user.c.id)
    columns = (_user.c.login, _user.c.is_admin, credential.c.password_hash)
    chosen = (
        sa.select(*columns).select_from(joined).where(_user.c.is_active.is_(True)).order_by(_user.c.login)
    )
    hasher, demo, easy = Hasher(), [], []
    for login, is_admin, password_hash in work.connection.execute(chosen):
        if login in demo_passwords and hasher.matches(password_hash, demo_passwords[login]):
            demo.append(login)
        elif is_admin and any(
            hasher.matches(password_hash, each) for each in (*FIRST_TRIED, login, login * 2)
        ):
            easy.append(login)
    return tuple(demo), tuple(easy)


def _waiting(work: UnitOfWork) -> int:
    due = sa.and_(job.c.state == "queued", job.c.run_at <= work.now)
    jobs = work.connection.scalar(sa.select(sa.func.count()).select_from(job).where(due)) or 0
    return jobs + sum(each.behind for each in standings(work.connection) if not each.parked)


def _is_served(work: UnitOfWork) -> bool:
    busy = sa.or_(job.c.finished_at > work.now - RECENT, job.c.lease_until > work.now)
    return work.connection.scalar(sa.select(job.c.id).where(busy).limit(1)) is not None


def _encrypted_tables(console: Console) -> Iterator[str]:
    for table in console.application.plugins.tables(METADATA):
        if any(isinstance(column.type, EncryptedText) for column in table.c):
            yield table.name


def _lasting_tokens(work: UnitOfWork) -> int:
    alive = sa.and_(token.c.expires_at.is_(None), token.c.revoked_at.is_(None))
    return int(work.connection.scalar(sa.select(sa.func.count()).select_from(token).where(alive)) or 0)
