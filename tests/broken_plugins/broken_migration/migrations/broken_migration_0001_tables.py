"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "broken_migration_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "broken_migration_row",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("text", sa.Text()),
    )
    raise RuntimeError("no such luck")
