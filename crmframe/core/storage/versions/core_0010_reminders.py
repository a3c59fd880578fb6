"""Reminders."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0010"
down_revision = "core_0009"


def upgrade() -> None:
    op.create_table(
        "core_told",
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "record_id", "due_at", name="pk_core_told"),
    )
    op.create_index("ix_core_told_at", "core_told", ["at"])
    with op.batch_alter_table("core_appointments", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("remind_at", Instant(), nullable=True))
        batch_op.create_index("ix_core_appointments_remind_at_id", ["remind_at", "id"])
