"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "broken_alter_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "broken_alter_row",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("text", sa.Text()),
    )
    op.add_column("core_customers", sa.Column("stolen", sa.Text()))
