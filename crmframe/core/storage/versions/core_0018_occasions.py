"""Birthdays and anniversaries, found by keys of the solar and the lunar calendar."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0018"
down_revision = "core_0017"
# Until now every birthday was by the solar calendar.
SOLAR = {
    "sqlite": "CAST(strftime('%m%d', birthday) AS INTEGER)",
    "postgresql": "CAST(to_char(birthday, 'MMDD') AS INTEGER)",
}

BORN = sa.text("birthday_key IS NOT NULL")


def upgrade() -> None:
    for name in ("core_contacts", "core_customers"):
        op.add_column(name, sa.Column("birthday_is_lunar", sa.Boolean(), nullable=True))
        op.add_column(name, sa.Column("birthday_key", sa.BigInteger(), nullable=True))
        key = SOLAR[op.get_bind().dialect.name]
        op.execute(f"UPDATE {name} SET birthday_key = {key} WHERE birthday IS NOT NULL")  # noqa: S608 - of names above
        op.create_index(
            f"ix_{name}_birthday",
            name,
            ["birthday_key", "owner_id", "id"],
            sqlite_where=BORN,
            postgresql_where=BORN,
        )
    op.create_table(
        "core_anniversaries",
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_lunar", sa.Boolean(), nullable=False),
        sa.Column("day_key", sa.BigInteger(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_core_anniversaries_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_core_anniversaries_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_anniversaries"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_anniversaries_about_id", "core_anniversaries", ["about", "id"])
    op.create_index("ix_core_anniversaries_created_at_id", "core_anniversaries", ["created_at", "id"])
    op.create_index("ix_core_anniversaries_day_key_id", "core_anniversaries", ["day_key", "id"])
    op.create_index(
        "ix_core_anniversaries_owner_id_updated_at_id", "core_anniversaries", ["owner_id", "updated_at", "id"]
    )
    op.create_index("ix_core_anniversaries_team_id_id", "core_anniversaries", ["team_id", "id"])
    op.create_index("ix_core_anniversaries_updated_at_id", "core_anniversaries", ["updated_at", "id"])
