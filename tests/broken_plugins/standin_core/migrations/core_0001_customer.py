"""Customer."""

import sqlalchemy as sa
from alembic import op

revision = "core_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "core_customers", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text())
    )
