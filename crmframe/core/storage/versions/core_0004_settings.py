"""Settings."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText

revision = "core_0004"
down_revision = "core_0003"


def upgrade() -> None:
    op.create_table(
        "core_settings",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("value", JsonText(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name="pk_core_settings"),
        sa.UniqueConstraint("key", name="uq_core_settings_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_settings_created_at_id", "core_settings", ["created_at", "id"])
    op.create_index("ix_core_settings_key_key_id", "core_settings", ["key_key", "id"])
    op.create_index("ix_core_settings_updated_at_id", "core_settings", ["updated_at", "id"])
