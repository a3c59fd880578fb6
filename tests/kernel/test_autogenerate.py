"""Migrations are written from the difference between models and history: readable, filtered, true on both databases."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.migrations import History, migration, upgrade
from crmframe.core.storage.types import EncryptedText, Id, Instant, JsonText, Money
from crmframe.kernel.autogenerate import autogenerate, scratch_database
from crmframe.kernel.manifest import Manifest, core_manifest
from crmframe.kernel.schema_cli import main


def manifest(folder: Path, name: str) -> Manifest:
    return dataclasses.replace(core_manifest(), name=name, table_prefix=f"{name}_", migrations=folder / name)


@pytest.fixture
def metadata() -> sa.MetaData:
    """Give the tables of two plugins; two of them refer to each other in a circle."""
    made = sa.MetaData(naming_convention=METADATA.naming_convention)
    sa.Table("core_customer", made, sa.Column("id", Id(), primary_key=True), sqlite_autoincrement=True)
    deal = sa.Table(
        "sales_deal",
        made,
        sa.Column("id", Id(), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("amount", Money()),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.Column("custom", JsonText()),
        sa.Column("secret", EncryptedText("sales.deal.secret")),
        sa.Column("customer_id", Id(), sa.ForeignKey("core_customer.id", ondelete="CASCADE")),
        sa.Column("line_id", Id(), sa.ForeignKey("sales_line.id", ondelete="SET NULL")),
        sa.CheckConstraint("amount > 0", name="positive"),
        sqlite_autoincrement=True,
    )
    sa.Table(
        "sales_line",
        made,
        sa.Column("id", Id(), primary_key=True),
        sa.Column("deal_id", Id(), sa.ForeignKey("sales_deal.id", ondelete="CASCADE")),
        sqlite_autoincrement=True,
    )
    sa.Index(None, deal.c.customer_id, deal.c.id)
    return made


def write(folder: Path, metadata: sa.MetaData, name: str, message: str) -> Path | None:
    plugins = [manifest(folder, each) for each in ("core", "sales")]
    wanted = plugins[: 1 if name == "core" else 2]
    with scratch_database(wanted) as engine:
        return autogenerate(engine, metadata, wanted[-1], message)


def test_generated_migration_holds_only_the_plugins_own_tables(tmp_path: Path, metadata: sa.MetaData) -> None:
    write(tmp_path, metadata, "core", "customers")

    file = write(tmp_path, metadata, "sales", "Deals & their lines.")

    assert file is not None
    assert file.name == "sales_0001_deals_their_lines.py"
    text = file.read_text()
    assert text.startswith(
        '"""Deals & their lines."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nfrom crmframe.'
    )
    assert "from crmframe.core.storage.types import EncryptedText, Id, Instant, JsonText, Money" in text
    assert '        sa.Column("secret", EncryptedText("sales.deal.secret"), nullable=True),\n' in text
    assert 'op.create_index("ix_sales_deal_customer_id_id", "sales_deal", ["customer_id", "id"])' in text
    assert '"core_customer",\n' not in text
    assert max(map(len, text.splitlines())) <= 110


def test_generated_migration_is_clean_for_the_linter(tmp_path: Path, metadata: sa.MetaData) -> None:
    write(tmp_path, metadata, "sales", "first")
    root = Path(__file__).resolve().parents[2]
    for command in (("check",), ("format", "--check")):
        linter = [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--config",
            str(root / "pyproject.toml"),
            str(tmp_path),
        ]
        done = subprocess.run(linter, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout


def test_command_says_when_there_is_nothing_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, needs in (
        ("empty_one", ""),
        ("empty_two", "[requires]\nempty_one = '*'\n"),
        ("lost", "[requires]\nghost = '*'\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        text = f'[plugin]\nname = "{name}"\nversion = "1"\napi = ">=1"\nlabel = {{ en = "Empty" }}\n{needs}'
        (tmp_path / name / "crmframe_plugin.toml").write_text(text)

    def command(name: str) -> str:
        return CliRunner().invoke(main, [name, "Nothing", "--path", str(tmp_path)]).output

    assert command("empty_two") == "empty_two: nothing changed.\n"
    assert "lost needs the plugin ghost, which does not run (P001)" in command("lost")
    assert "There is no plugin unwritten" in command("unwritten")


MODELS = """
from sqlalchemy.orm import Mapped, mapped_column
from crmframe.core.entities.declare import plugin_base
class Note(plugin_base("written")):
    text: Mapped[str] = mapped_column()
"""


def test_command_writes_the_next_migration_of_a_plugin(tmp_path: Path) -> None:
    package = tmp_path / "written_package"
    package.mkdir()
    label = '[plugin]\nname = "written"\nversion = "1"\napi = ">=1"\nlabel = { en = "Written" }\n'
    (package / "crmframe_plugin.toml").write_text(label)
    (package / "__init__.py").write_text(MODELS)

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "crmframe.kernel.schema_cli", *arguments, "--path", str(tmp_path)]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    first, second, unknown = (
        command("written", "Notes"),
        command("written", "More"),
        command("unwritten", "Notes"),
    )

    assert "written_0001_notes.py" in first.stdout, first.stderr
    assert (
        'op.create_table(\n        "written_'
        in (package / "migrations" / "written_0001_notes.py").read_text()
    )
    assert second.stdout == "written: nothing changed.\n"
    assert "P001" not in unknown.stdout
    assert unknown.returncode == 1


def test_generated_migrations_run_on_both_databases(
    tmp_path: Path, metadata: sa.MetaData, database_url: str
) -> None:
    write(tmp_path, metadata, "core", "customers")
    write(tmp_path, metadata, "sales", "first")
    assert write(tmp_path, metadata, "sales", "nothing") is None
    deal = metadata.tables["sales_deal"]
    deal.append_column(sa.Column("won_at", Instant()))
    deal.append_column(sa.Column("parent_id", Id(), sa.ForeignKey("sales_deal.id", ondelete="SET NULL")))
    deal.c.title.type = sa.String(300)
    sa.Index(None, deal.c.won_at)
    second = write(tmp_path, metadata, "sales", "won at")
    assert second is not None
    assert 'down_revision = "sales_0001"' in second.read_text()
    assert write(tmp_path, metadata, "sales", "nothing") is None
    engine = sa.create_engine(database_url)

    for name in ("core", "sales"):
        with migration(engine) as connection:
            upgrade(connection, History(name, tmp_path / name))

    inspector = sa.inspect(engine)
    keys = {(key["name"], key["options"].get("ondelete")) for key in inspector.get_foreign_keys("sales_deal")}
    assert keys == {
        ("fk_sales_deal_customer_id", "CASCADE"),
        ("fk_sales_deal_line_id", "SET NULL"),
        ("fk_sales_deal_parent_id", "SET NULL"),
    }
    assert {index["name"] for index in inspector.get_indexes("sales_deal")} == {
        "ix_sales_deal_customer_id_id",
        "ix_sales_deal_won_at",
    }
    assert [check["name"] for check in inspector.get_check_constraints("sales_deal")] == [
        "ck_sales_deal_positive"
    ]
    engine.dispose()
