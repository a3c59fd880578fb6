"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "broken_index_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "broken_index_row",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("text", sa.Text()),
    )
    op.create_index("ix_stolen", "core_customers", ["name"])
