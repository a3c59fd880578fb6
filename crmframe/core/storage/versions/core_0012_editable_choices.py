"""Editable choices."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0012"
down_revision = "core_0011"


def upgrade() -> None:
    op.create_table(
        "core_choices",
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("label_en", sa.String(length=80), nullable=True),
        sa.Column("label_zh", sa.String(length=80), nullable=True),
        sa.Column("tone", sa.String(length=80), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_choices"),
        sa.UniqueConstraint("entity", "field", "value", name="uq_core_choices_entity_field_value"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_choices_created_at_id", "core_choices", ["created_at", "id"])
    op.create_index("ix_core_choices_updated_at_id", "core_choices", ["updated_at", "id"])
