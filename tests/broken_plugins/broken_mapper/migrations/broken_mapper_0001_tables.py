"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "broken_mapper_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "broken_mapper_row",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("text", sa.Text()),
    )
