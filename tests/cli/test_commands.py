"""The static commands, on both databases."""

from __future__ import annotations

import json

import pytest

from crmframe.cli import main as entry
from crmframe.cli.commands import COMMANDS
from crmframe.cli.opening import exists
from crmframe.settings import AppSettings


def test_every_command_of_the_table_exists_and_has_its_help() -> None:
    for name, (target, text) in COMMANDS.items():
        command = entry.load(target)

        assert command.name == name
        assert command.help
        assert text.endswith(".")


def test_help_needs_no_database(crmframe) -> None:
    answer = crmframe("--help", CRMFRAME_DATABASE="nonsense")

    assert answer.status == 0
    assert "Usage: crmframe" in answer.out
    assert all(name in answer.out for name in COMMANDS)


def test_missing_database_is_named_and_not_made(crmframe, tmp_path) -> None:
    place = f"sqlite:///{tmp_path / 'nothing.db'}"

    answer = crmframe("--database", place, "customer", "list")

    assert answer.status == 3
    assert "(no_database)" in answer.err
    assert not (tmp_path / "nothing.db").exists()


def test_wrong_settings_are_all_named(crmframe) -> None:
    answer = crmframe("customer", "list", CRMFRAME_ZONE="Mars", CRMFRAME_WORKERS="many")

    assert answer.status == 1
    assert "(invalid_settings)" in answer.err
    assert "zone" in answer.err
    assert "workers" in answer.err


def test_settings_file_that_is_not_there_is_a_usage_error(crmframe) -> None:
    assert crmframe("--config", "/nowhere.toml", "version").status in {0, 2}
    assert crmframe("--config", "/nowhere.toml", "settings", "show").status == 2


def test_settings_are_shown_without_secrets(crmframe) -> None:
    answer = crmframe("settings", "show", CRMFRAME_SECRET="top-secret-value", CRMFRAME_ZONE="Asia/Shanghai")
    password = crmframe("--database", "postgresql+psycopg://me:hunter2@host/x", "--json", "settings", "show")

    assert "Asia/Shanghai" in answer.out
    assert "top-secret-value" not in answer.out
    assert "hunter2" not in password.out


def test_version(crmframe) -> None:
    assert crmframe("version").out.startswith("crmframe ")
    assert "python" in crmframe.rows("version")[0]


# --- users and roles ----------------------------------------------------------------------------------


@pytest.fixture
def lisi(with_sales):
    """Give a command line with the user lisi, a salesperson."""
    answer = with_sales(
        "user", "create", "lisi", "--name", "李四", "--role", "salesperson", "--password", "a quiet pond 7"
    )
    assert answer.status == 0, answer.err
    return with_sales


def test_user_is_made_listed_and_switched_off(lisi) -> None:
    [row] = lisi.rows("user", "list")
    answer = lisi("user", "deactivate", "lisi")

    assert (row["login"], row["name"], row["is_active"]) == ("lisi", "李四", True)
    assert answer.status == 0
    assert lisi.rows("user", "show", str(row["id"]))[0]["is_active"] is False
    assert lisi("--as", "lisi", "customer", "list").status == 3


def test_password_can_be_made_or_read(lisi) -> None:
    made = lisi("user", "set-password", "lisi", "--password", ".")
    read = lisi("user", "set-password", "lisi", "--password", "-", typed="another quiet pond\n")
    short = lisi("user", "set-password", "lisi", "--password", "short")
    asked = lisi("user", "set-password", "lisi", typed="typed twice pond\ntyped twice pond\n")

    assert "Password: " in made.out
    assert read.status == 0
    assert short.status == 1
    assert "too_short" in short.err
    assert asked.status == 0
    assert lisi("user", "set-password", "nobody", "--password", ".").status == 3


def test_first_user_of_a_new_database_makes_it(crmframe, blank_database_url, database_kind) -> None:
    url = blank_database_url(database_kind)

    answer = crmframe("--database", url, "user", "create", "root", "--admin", "--password", "a quiet pond 7")

    assert answer.status == 0, answer.err
    assert exists(AppSettings(database=url))
    assert crmframe("--database", url, "--as", "root", "role", "list").status == 0


def test_acting_as_a_user_has_that_users_rights(lisi) -> None:
    lisi("customer", "create", "name=Of the system", "kind=company")
    own = lisi("--as", "lisi", "customer", "create", "name=Own", "kind=company")
    refused = lisi("--as", "lisi", "role", "grant", "viewer", "core.customer.delete")

    assert own.status == 0, own.err
    assert [row["name"] for row in lisi.rows("--as", "lisi", "customer", "list")] == ["Own"]
    assert refused.status in {1, 3}
    assert lisi("--as", "nobody", "customer", "list").status == 3
    assert [row["by"] for row in lisi.rows("--as", "lisi", "operations", "list")] == ["李四"]


def test_tokens_are_shown_once(lisi) -> None:
    [made] = lisi.rows("user", "token", "create", "lisi", "script", "--scope", "sales.*")
    [listed] = lisi.rows("user", "token", "list", "lisi")
    secret = lisi("user", "token", "create", "lisi", "other").out.strip()

    assert made["token"].startswith("crm_")
    assert secret.startswith("crm_")
    assert listed["scopes"] == "sales.*"
    assert made["token"] not in json.dumps(listed)
    assert lisi("user", "token", "revoke", "lisi", str(made["id"])).status == 0
    assert lisi.rows("user", "token", "list", "lisi")[-1]["revoked_at"]


def test_roles_are_shown_granted_and_revoked(lisi) -> None:
    lisi("role", "create", "name=Support")
    granted = lisi("role", "grant", "Support", "core.customer.read", "--scope", "team")
    lisi("role", "give", "Support", "lisi")
    shown = lisi.rows("role", "show", "Support")[0]
    misspelled = lisi("role", "grant", "Support", "core.customer.raed")

    assert granted.status == 0, granted.err
    assert shown["users"] == ["lisi"]
    assert shown["grants"] == [{"permission": "core.customer.read", "scope": "team"}]
    assert misspelled.status == 3
    assert lisi("role", "revoke", "Support", "core.customer.read").status == 0
    assert lisi("role", "revoke", "Support", "core.customer.read").status == 3
    lisi("role", "take", "Support", "lisi")
    assert lisi.rows("role", "show", "Support")[0]["users"] == []


def test_why_answers_with_the_rule(lisi) -> None:
    lisi("customer", "create", "name=Of nobody", "kind=company")
    lisi("--as", "lisi", "customer", "create", "name=Own", "kind=company")

    no = lisi("why", "lisi", "update", "customer:1")
    yes = lisi.rows("why", "lisi", "update", "core.customer:2")[0]

    assert "李四 may not update Customer 1." in no.out
    assert "own records only" in no.out
    assert yes["allowed"] is True
    assert lisi("why", "lisi", "create", "customer").out.startswith("李四 may create Customer.")
    assert lisi("why", "lisi", "update", "rocket:1").status == 3


# --- operation ----------------------------------------------------------------------------------------


def test_database_is_made_and_its_state_shown(crmframe, blank_database_url, database_kind) -> None:
    url = blank_database_url(database_kind)
    before = crmframe("--database", url, "db", "status")

    made = crmframe("--database", url, "db", "upgrade")

    assert "no database" in before.out
    assert made.status == 0, made.err
    rows = {row["plugin"]: row for row in crmframe.rows("--database", url, "db", "status")}
    assert rows["core"]["database"] == rows["core"]["code"]
    assert rows["core"]["pending"] == ""
    assert len(crmframe.rows("--database", url, "role", "list")) == 5


@pytest.mark.writes_directly("plants a fault")
def test_check_passes_on_sound_data_and_fails_on_a_fault(crmframe) -> None:
    import sqlalchemy as sa

    crmframe("customer", "create", "name=A", "kind=company")
    sound = crmframe("check")
    engine = sa.create_engine(crmframe.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE core_customers SET version = 7")
    engine.dispose()
    broken = crmframe("check")

    assert sound.status == 0, sound.out
    assert "NO" not in sound.out
    assert broken.status == 1
    assert "(version_mismatch)" in broken.out
    assert "has version 7" in broken.out


def test_hook_checks_of_plugins_take_part(with_sales) -> None:
    codes = [json.loads(line)["check"] for line in with_sales("--json", "check").out.splitlines()]

    assert "sales.deal_stages" in codes


def test_deploy_check_names_what_to_change(crmframe) -> None:
    answer = crmframe("--json", "check", "--deploy")

    codes = {row["check"]: row["ok"] for row in answer.rows}
    assert answer.status == 1
    assert len(codes) >= 20
    assert codes["backup_missing"] is False
    assert codes["no_admin"] is False
    assert codes["plugins_run"] is True


def test_a_wrong_field_name_is_asked_wrongly_and_the_known_ones_are_as_everywhere(crmframe) -> None:
    answer = crmframe("customer", "create", "nme=Foo", "kind=company")

    assert answer.status == 2
    assert " tax_id," in answer.err
    assert " owner," in answer.err


def test_a_record_that_came_later_is_said_not_to_have_existed_then(crmframe) -> None:
    made = crmframe.rows("customer", "create", "name=A", "kind=company")[0]
    answer = crmframe("as-of", f"customer:{made['id']}", "2020-01-01")

    assert answer.status == 3
    assert "(not_there_then)" in answer.err
    assert "did not exist at 2020-01-01" in answer.err


def test_backup_replaces_another_only_when_told_to(crmframe, tmp_path) -> None:
    file = tmp_path / "all.tar.gz"
    file.write_bytes(b"the backup of yesterday")

    refused = crmframe("backup", str(file))
    assert refused.status == 4
    assert "(backup_exists)" in refused.err
    assert file.read_bytes() == b"the backup of yesterday"
    assert crmframe("backup", str(file), "--force").status == 0


def test_backup_and_restore(crmframe, tmp_path, blank_database_url, database_kind) -> None:
    crmframe("customer", "create", "name=A", "kind=company")
    file = tmp_path / "all.tar.gz"

    made = crmframe.rows("backup", str(file))[0]
    url = blank_database_url(database_kind)
    restored = crmframe("restore", str(file), "--into", url)
    again = crmframe("restore", str(file), "--into", url)

    assert made["rows"] > 0
    assert restored.status == 0, restored.err
    assert crmframe.rows("--database", url, "customer", "list")[0]["name"] == "A"
    assert again.status == 4
    assert "(target_not_empty)" in again.err
    assert crmframe("--database", url, "check").status == 0
    assert crmframe("restore", str(tmp_path / "none.tar")).status == 1


def test_worker_does_what_is_due_and_ends(with_sales) -> None:
    with_sales("customer", "create", "name=A", "kind=company")

    [done] = with_sales.rows("worker", "--once")

    assert set(done) == {"events", "jobs"}


# --- plugins and hooks --------------------------------------------------------------------------------


@pytest.fixture
def managed(crmframe, tmp_path):
    """Give a command line where the database decides which plugins run."""
    crmframe.config.write_text('[plugins]\nmanaged = "db"\nimport_seconds = 0\n', encoding="utf-8")
    return crmframe


def test_plugin_is_planned_enabled_and_disabled(managed) -> None:
    plan = managed("plugin", "enable", "sales", "--dry-run")
    enabled = managed("plugin", "enable", "sales")
    would = managed("plugin", "disable", "sales", "--dry-run")

    assert "Migrations of sales" in plan.out
    assert enabled.status == 0, enabled.err
    assert managed("deal", "list").status == 0
    assert "Would be disabled: sales" in would.out
    assert managed("plugin", "disable", "sales").status == 0
    assert managed("deal", "list").status == 2
    assert managed("plugin", "disable", "sales").status == 4


def test_enabled_plugin_brings_its_grants(managed) -> None:
    managed("plugin", "enable", "sales")

    [role] = managed.rows("role", "show", "salesperson")

    assert any(grant["permission"] == "sales.deal.win" for grant in role["grants"])


def test_unknown_plugin_is_refused_with_its_code(managed) -> None:
    answer = managed("plugin", "enable", "rockets")

    assert answer.status == 4
    assert "P001" in answer.err or "rockets" in answer.err
    assert managed("plugin", "info", "rockets").status == 3


def test_plugins_are_listed_described_and_checked(with_sales) -> None:
    listed = {row["name"]: row for row in with_sales.rows("plugin", "list")}
    [told] = with_sales.rows("plugin", "info", "sales")

    assert listed["sales"]["state"] == "enabled"
    assert "sales.deal.win" in told["adds"]["actions"]
    assert "Deal" in with_sales("plugin", "info", "sales").out
    assert with_sales("plugin", "check", "sales").status == 0


def test_safe_mode_loads_no_plugin(with_sales) -> None:
    assert with_sales("deal", "list").status == 0
    assert with_sales("--safe-mode", "deal", "list").status == 2
    assert with_sales("--safe-mode", "customer", "list").status == 0


def test_hooks_are_listed_and_traced(with_sales) -> None:
    rows = {row["hook"].partition("(")[0]: row for row in with_sales.rows("hooks", "list")}
    with_sales("customer", "create", "name=A", "kind=company")
    traced = with_sales("hooks", "trace", "--plugin", "sales", "customer", "delete", "1")

    assert rows["before_delete"]["kind"] == "guard"
    assert "sales" in rows["before_delete"]["plugins"]
    assert traced.status == 0, traced.err
    assert "before_delete  sales  ok" in traced.err
    assert with_sales("customer", "show", "1").status == 3
