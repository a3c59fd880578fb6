"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "broken_none_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "broken_none_row",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("text", sa.Text()),
    )
