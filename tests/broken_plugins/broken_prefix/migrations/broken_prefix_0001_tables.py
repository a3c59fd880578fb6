"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "broken_prefix_0001"
down_revision = None


def upgrade() -> None:
    op.create_table("elsewhere", sa.Column("id", sa.Integer(), primary_key=True))
