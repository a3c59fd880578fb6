"""Calendar."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0013"
down_revision = "core_0012"


def upgrade() -> None:
    op.create_table(
        "core_calendars",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("monday", sa.String(length=120), nullable=True),
        sa.Column("tuesday", sa.String(length=120), nullable=True),
        sa.Column("wednesday", sa.String(length=120), nullable=True),
        sa.Column("thursday", sa.String(length=120), nullable=True),
        sa.Column("friday", sa.String(length=120), nullable=True),
        sa.Column("saturday", sa.String(length=120), nullable=True),
        sa.Column("sunday", sa.String(length=120), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name="pk_core_calendars"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_calendars_created_at_id", "core_calendars", ["created_at", "id"])
    op.create_index("ix_core_calendars_name_key_id", "core_calendars", ["name_key", "id"])
    op.create_index("ix_core_calendars_updated_at_id", "core_calendars", ["updated_at", "id"])
    op.create_table(
        "core_holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("calendar_id", Id(), nullable=True),
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
            ["calendar_id"],
            ["core_calendars.id"],
            name="fk_core_holidays_calendar_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_holidays"),
        sa.UniqueConstraint("calendar_id", "day", name="uq_core_holidays_calendar_id_day"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_holidays_calendar_id_id", "core_holidays", ["calendar_id", "id"])
    op.create_index("ix_core_holidays_created_at_id", "core_holidays", ["created_at", "id"])
    op.create_index("ix_core_holidays_day_id", "core_holidays", ["day", "id"])
    op.create_index("ix_core_holidays_name_key_id", "core_holidays", ["name_key", "id"])
    op.create_index("ix_core_holidays_updated_at_id", "core_holidays", ["updated_at", "id"])
