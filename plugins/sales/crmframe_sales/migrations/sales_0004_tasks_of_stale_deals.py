"""Tasks of stale deals."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "sales_0004"
down_revision = "sales_0003"


def upgrade() -> None:
    op.create_table(
        "sales_stale_tasks",
        sa.Column("deal_id", Id(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("task_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_stale_tasks_deal_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["core_tasks.id"],
            name="fk_sales_stale_tasks_task_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_stale_tasks"),
        sa.UniqueConstraint("deal_id", "since", name="uq_sales_stale_tasks_deal_id_since"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_stale_tasks_created_at_id", "sales_stale_tasks", ["created_at", "id"])
    op.create_index("ix_sales_stale_tasks_deal_id_id", "sales_stale_tasks", ["deal_id", "id"])
    op.create_index("ix_sales_stale_tasks_task_id_id", "sales_stale_tasks", ["task_id", "id"])
    op.create_index("ix_sales_stale_tasks_updated_at_id", "sales_stale_tasks", ["updated_at", "id"])
