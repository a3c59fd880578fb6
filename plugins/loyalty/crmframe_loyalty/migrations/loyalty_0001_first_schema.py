"""First schema."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "loyalty_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "loyalty_customer_loyalties",
        sa.Column("tier", sa.String(length=80), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"],
            ["core_customers.id"],
            name="fk_loyalty_customer_loyalties_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_loyalty_customer_loyalties"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_loyalty_customer_loyalties_created_at_id",
        "loyalty_customer_loyalties",
        ["created_at", "id"],
    )
    op.create_index(
        "ix_loyalty_customer_loyalties_updated_at_id",
        "loyalty_customer_loyalties",
        ["updated_at", "id"],
    )
