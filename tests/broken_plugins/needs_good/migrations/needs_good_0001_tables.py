"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "needs_good_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "needs_good_row",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("good_id", sa.Integer(), sa.ForeignKey("good_row.id", ondelete="SET NULL")),
    )
