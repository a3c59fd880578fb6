"""Each check of an installation finds what is wrong with it, and nothing is wrong with a good one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crmframe.core.errors import Problem
from crmframe.core.operation.deploy import DEPLOY_CHECKS, Deployment, run_deploy_checks

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FOLDER, FILE, CONFIG = Path("/srv/crm/data"), Path("/srv/crm/crm.db"), Path("/srv/crm/crmframe.toml")

GOOD = Deployment(
    now=NOW,
    dialect="sqlite",
    url={"database": str(FILE)},
    database_file=FILE,
    folder=FOLDER,
    config_file=CONFIG,
    public_url="https://crm.example.com",
    secret="kX9-vLq2_Zr7TtY0bNw4HsJc8MeUaPdGfR1oI5uK",
    workers=1,
    safe_mode=False,
    on_failure="quarantine",
    import_seconds=10.0,
    plugin_paths=(),
    environment={},
    set_up={"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"},
    free_bytes=50 << 30,
    user_id=1000,
    admins=("chief",),
    newest_commit=NOW - timedelta(minutes=3),
    last_backup=NOW - timedelta(hours=20),
    modes={FOLDER: 0o700, FOLDER / "secret": 0o600, FILE: 0o600, FILE.parent: 0o755, CONFIG: 0o600},
)
SERVER = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
    "superuser": "off",
}
GOOD_SERVER = replace(
    GOOD,
    dialect="postgresql",
    url={"host": "/run/postgresql", "database": "crm"},
    database_file=None,
    set_up=SERVER,
)


def opened(path: Path, mode: int) -> Deployment:
    return replace(GOOD, modes={**GOOD.modes, path: mode})


def server(**set_up: str) -> Deployment:
    return replace(GOOD_SERVER, set_up={**SERVER, **set_up})


FAULTS = {
    "secret_missing": replace(GOOD, secret=""),
    "secret_short": replace(GOOD, secret="kX9-vLq2_Zr7TtY"),
    "secret_simple": replace(GOOD, secret="abcabcabc" * 5),
    "secret_readable": opened(FOLDER / "secret", 0o640),
    "config_writable": opened(CONFIG, 0o620),
    "config_readable": opened(CONFIG, 0o604),
    "database_readable": opened(FILE, 0o604),
    "database_folder_writable": opened(FILE.parent, 0o775),
    "folder_readable": opened(FOLDER, 0o750),
    "database_relative": replace(GOOD, url={"database": "crm.db"}),
    "disk_nearly_full": replace(GOOD, free_bytes=5 << 20),
    "sqlite_synchronous": replace(GOOD, set_up={**GOOD.set_up, "synchronous": "1"}),
    "sqlite_journal": replace(GOOD, set_up={**GOOD.set_up, "journal_mode": "delete"}),
    "postgresql_superuser": server(superuser="on"),
    "postgresql_fsync": server(fsync="off"),
    "postgresql_commit": server(synchronous_commit="off"),
    "postgresql_encoding": server(server_encoding="SQL_ASCII"),
    "postgresql_plain": replace(GOOD_SERVER, url={"host": "db.example.com", "sslmode": "prefer"}),
    "public_url_missing": replace(GOOD, public_url=""),
    "public_url_plain": replace(GOOD, public_url="http://crm.example.com"),
    "demo_account": replace(GOOD, demo_logins=("emma",)),
    "no_admin": replace(GOOD, admins=()),
    "easy_admin": replace(GOOD, easy_admins=("admin",)),
    "token_for_ever": replace(GOOD, lasting_tokens=2),
    "debug": replace(GOOD, environment={"PYTHONDEVMODE": "1"}),
    "safe_mode": replace(GOOD, safe_mode=True),
    "plugin_paths": replace(GOOD, plugin_paths=(Path("plugins"),)),
    "import_unlimited": replace(GOOD, import_seconds=0.0),
    "start_depends_on_plugins": replace(GOOD, on_failure="fail"),
    "no_worker": replace(GOOD, workers=0, waiting=3),
    "backup_missing": replace(GOOD, last_backup=None),
    "backup_old": replace(GOOD, last_backup=NOW - timedelta(days=9)),
    "schema_pending": replace(GOOD, pending=("core_0002_more",)),
    "encryption_keys": replace(GOOD, encrypted=("mail_accounts",)),
    "clock_behind": replace(GOOD, newest_commit=NOW + timedelta(days=1)),
    "root": replace(GOOD, user_id=0),
    "plugins_run": replace(
        GOOD, problems=(Problem("", "P001", "The plugin {plugin} is gone.", {"plugin": "x"}),)
    ),
}


def found(deployment: Deployment) -> dict[str, list[str]]:
    return {
        each.code: [problem.message() for problem in each.problems]
        for each in run_deploy_checks(deployment)
        if each.problems
    }


def test_nothing_is_wrong_with_a_good_installation() -> None:
    assert found(GOOD) == {}
    assert found(GOOD_SERVER) == {}


def test_there_are_enough_checks_and_each_is_tried() -> None:
    codes = [check.code for check in DEPLOY_CHECKS]

    assert len(codes) == len(set(codes)) >= 20
    assert set(FAULTS) == {*codes, "plugins_run"}


@pytest.mark.parametrize("code", FAULTS)
def test_fault_is_found_and_said_in_a_sentence(code: str) -> None:
    messages = found(FAULTS[code])

    assert list(messages) == [code]
    assert all("{" not in message and message[-1] not in " ,{" for message in messages[code])


def test_a_served_queue_needs_no_worker_here() -> None:
    assert found(replace(GOOD, workers=0, waiting=3, served=True)) == {}
    assert found(replace(GOOD, workers=0)) == {}


def test_keys_of_encrypted_columns_are_enough() -> None:
    keyed = replace(GOOD, encrypted=("mail_accounts",), environment={"CRMFRAME_ENCRYPTION_KEYS": "1:x"})

    assert found(keyed) == {}
