"""First schema."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText, Money

revision = "hello_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "hello_properties",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("price", Money(), nullable=True),
        sa.Column("status", sa.String(length=80), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=True),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column(
            "title_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "city_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("custom", JsonText(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_hello_properties_customer_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_hello_properties_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_hello_properties_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hello_properties"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hello_properties_city_key_id", "hello_properties", ["city_key", "id"])
    op.create_index("ix_hello_properties_created_at_id", "hello_properties", ["created_at", "id"])
    op.create_index("ix_hello_properties_customer_id_id", "hello_properties", ["customer_id", "id"])
    op.create_index(
        "ix_hello_properties_owner_id_updated_at_id", "hello_properties", ["owner_id", "updated_at", "id"]
    )
    op.create_index("ix_hello_properties_price_id", "hello_properties", ["price", "id"])
    op.create_index("ix_hello_properties_team_id_id", "hello_properties", ["team_id", "id"])
    op.create_index("ix_hello_properties_title_key_id", "hello_properties", ["title_key", "id"])
    op.create_index("ix_hello_properties_updated_at_id", "hello_properties", ["updated_at", "id"])
