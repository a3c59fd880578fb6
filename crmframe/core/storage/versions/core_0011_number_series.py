"""Number series."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0011"
down_revision = "core_0010"


def upgrade() -> None:
    op.create_table(
        "core_number_counters",
        sa.Column("series", sa.String(length=120), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "period", name="pk_core_number_counters"),
    )
    op.create_table(
        "core_number_series",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("pattern", sa.String(length=80), nullable=False),
        sa.Column("resets", sa.String(length=80), nullable=False),
        sa.Column("gapless", sa.Boolean(), nullable=False),
        sa.Column("first_number", sa.BigInteger(), nullable=False),
        sa.Column(
            "key_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_number_series"),
        sa.UniqueConstraint("key", name="uq_core_number_series_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_number_series_created_at_id", "core_number_series", ["created_at", "id"])
    op.create_index("ix_core_number_series_key_key_id", "core_number_series", ["key_key", "id"])
    op.create_index("ix_core_number_series_updated_at_id", "core_number_series", ["updated_at", "id"])
