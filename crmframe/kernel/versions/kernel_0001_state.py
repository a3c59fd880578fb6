"""The state of plugins and the generation that tells processes to look again."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Instant

revision = "kernel_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "crm_plugin",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("table_prefix", sa.String(length=31), nullable=False),
        sa.Column("schema_head", sa.String(length=60), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_crm_plugin"),
    )
    generation = op.create_table(
        "crm_generation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_crm_generation_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_crm_generation"),
    )
    op.bulk_insert(generation, [{"id": 1, "value": 1}])
