"""Tables."""

from alembic import op

revision = "broken_drop_0001"
down_revision = None


def upgrade() -> None:
    op.drop_table("core_customers")
