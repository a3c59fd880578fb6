"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "broken_key_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "broken_key_row",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("core_customers.id")),
    )
