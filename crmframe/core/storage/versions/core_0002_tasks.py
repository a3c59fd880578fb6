"""Tasks."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0002"
down_revision = "core_0001"


def upgrade() -> None:
    op.create_table(
        "core_tasks",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("assignee_id", Id(), nullable=True),
        sa.Column("remind_at", Instant(), nullable=True),
        sa.Column("priority", sa.String(length=80), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column(
            "title_key",
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
            ["assignee_id"],
            ["core_users.id"],
            name="fk_core_tasks_assignee_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_tasks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_tasks_about_id", "core_tasks", ["about", "id"])
    op.create_index("ix_core_tasks_assignee_id_id", "core_tasks", ["assignee_id", "id"])
    op.create_index("ix_core_tasks_created_at_id", "core_tasks", ["created_at", "id"])
    op.create_index("ix_core_tasks_done_at_id", "core_tasks", ["done_at", "id"])
    op.create_index("ix_core_tasks_due_at_id", "core_tasks", ["due_at", "id"])
    op.create_index(
        "ix_core_tasks_open_about",
        "core_tasks",
        ["about", "due_at", "id"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "ix_core_tasks_open_mine",
        "core_tasks",
        ["assignee_id", "due_at", "id"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index("ix_core_tasks_remind_at_id", "core_tasks", ["remind_at", "id"])
    op.create_index("ix_core_tasks_title_key_id", "core_tasks", ["title_key", "id"])
    op.create_index("ix_core_tasks_updated_at_id", "core_tasks", ["updated_at", "id"])
