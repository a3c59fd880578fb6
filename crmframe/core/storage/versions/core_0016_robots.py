"""Robots of group chats."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText

revision = "core_0016"
down_revision = "core_0015"
WAITING = sa.text("state IN ('queued', 'sending')")


def upgrade() -> None:
    op.create_table(
        "core_robots",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("locale", sa.String(length=80), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "name_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"], ["core_teams.id"], name="fk_core_robots_team_id_core_teams", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_robots"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_robots_created_at_id", "core_robots", ["created_at", "id"])
    op.create_index("ix_core_robots_name_key_id", "core_robots", ["name_key", "id"])
    op.create_index("ix_core_robots_team_id_id", "core_robots", ["team_id", "id"])
    op.create_index("ix_core_robots_updated_at_id", "core_robots", ["updated_at", "id"])
    op.create_table(
        "core_robot_address",
        sa.Column("robot_id", Id(), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("robot_id", name="pk_core_robot_address"),
    )
    op.create_table(
        "core_robot_message",
        sa.Column("id", Id(), nullable=False),
        sa.Column("robot_id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("data", JsonText(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", Instant(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_robot_message"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_robot_message_robot_id", "core_robot_message", ["robot_id"])
    op.create_index(
        "ix_core_robot_message_waiting",
        "core_robot_message",
        ["run_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
