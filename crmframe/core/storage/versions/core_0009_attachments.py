"""Attachments."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0009"
down_revision = "core_0008"


def upgrade() -> None:
    op.create_table(
        "core_attachments",
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("media_type", sa.String(length=100), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column(
            "digest_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_attachments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_attachments_about_id", "core_attachments", ["about", "id"])
    op.create_index("ix_core_attachments_created_at_id", "core_attachments", ["created_at", "id"])
    op.create_index("ix_core_attachments_digest_key_id", "core_attachments", ["digest_key", "id"])
    op.create_index("ix_core_attachments_updated_at_id", "core_attachments", ["updated_at", "id"])
