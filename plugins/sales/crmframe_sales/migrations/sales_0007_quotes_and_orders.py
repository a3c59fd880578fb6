"""Quotes and orders."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText, Money, Scaled

revision = "sales_0007"
down_revision = "sales_0006"


def upgrade() -> None:
    op.create_table(
        "sales_price_books",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("grades", JsonText(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "name_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_sales_price_books_customer_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_price_books"),
        sa.UniqueConstraint("name", name="uq_sales_price_books_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_price_books_created_at_id", "sales_price_books", ["created_at", "id"])
    op.create_index("ix_sales_price_books_customer_id_id", "sales_price_books", ["customer_id", "id"])
    op.create_index("ix_sales_price_books_name_key_id", "sales_price_books", ["name_key", "id"])
    op.create_index("ix_sales_price_books_updated_at_id", "sales_price_books", ["updated_at", "id"])
    op.create_table(
        "sales_price_book_entries",
        sa.Column("price_book_id", Id(), nullable=False),
        sa.Column("product_id", Id(), nullable=False),
        sa.Column("min_quantity", Scaled(3), nullable=False),
        sa.Column("price", Money(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["price_book_id"],
            ["sales_price_books.id"],
            name="fk_sales_price_book_entries_price_book_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core_products.id"],
            name="fk_sales_price_book_entries_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_price_book_entries"),
        sa.UniqueConstraint(
            "price_book_id",
            "product_id",
            "min_quantity",
            name="uq_sales_price_book_entries_price",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_sales_price_book_entries_created_at_id",
        "sales_price_book_entries",
        ["created_at", "id"],
    )
    op.create_index(
        "ix_sales_price_book_entries_price_book_id_id",
        "sales_price_book_entries",
        ["price_book_id", "id"],
    )
    op.create_index(
        "ix_sales_price_book_entries_product_id_id",
        "sales_price_book_entries",
        ["product_id", "id"],
    )
    op.create_index(
        "ix_sales_price_book_entries_updated_at_id",
        "sales_price_book_entries",
        ["updated_at", "id"],
    )
    op.create_table(
        "sales_quotes",
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("deal_id", Id(), nullable=True),
        sa.Column("status", sa.String(length=80), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("previous_id", Id(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("accepted_by", sa.String(length=120), nullable=True),
        sa.Column("accepted_from", sa.String(length=400), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("link_key", sa.String(length=64), nullable=True),
        sa.Column(
            "number_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "subject_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("contact_id", Id(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("discount_percent", Scaled(2), nullable=True),
        sa.Column("language", sa.String(length=80), nullable=False),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("custom", JsonText(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["core_contacts.id"],
            name="fk_sales_quotes_contact_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_sales_quotes_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_quotes_deal_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_sales_quotes_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["sales_quotes.id"],
            name="fk_sales_quotes_previous_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_sales_quotes_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_quotes"),
        sa.UniqueConstraint("link_key", name="uq_sales_quotes_link_key"),
        sa.UniqueConstraint("number", "revision", name="uq_sales_quotes_number_revision"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_quotes_contact_id_id", "sales_quotes", ["contact_id", "id"])
    op.create_index("ix_sales_quotes_created_at_id", "sales_quotes", ["created_at", "id"])
    op.create_index("ix_sales_quotes_customer_id_id", "sales_quotes", ["customer_id", "id"])
    op.create_index("ix_sales_quotes_deal_id_id", "sales_quotes", ["deal_id", "id"])
    op.create_index("ix_sales_quotes_number_key_id", "sales_quotes", ["number_key", "id"])
    op.create_index(
        "ix_sales_quotes_owner_id_updated_at_id",
        "sales_quotes",
        ["owner_id", "updated_at", "id"],
    )
    op.create_index("ix_sales_quotes_previous_id_id", "sales_quotes", ["previous_id", "id"])
    op.create_index("ix_sales_quotes_status_id", "sales_quotes", ["status", "id"])
    op.create_index("ix_sales_quotes_subject_key_id", "sales_quotes", ["subject_key", "id"])
    op.create_index("ix_sales_quotes_team_id_id", "sales_quotes", ["team_id", "id"])
    op.create_index("ix_sales_quotes_updated_at_id", "sales_quotes", ["updated_at", "id"])
    op.create_index("ix_sales_quotes_valid_until_id", "sales_quotes", ["valid_until", "id"])
    op.create_table(
        "sales_quote_lines",
        sa.Column("quote_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("product_id", Id(), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("quantity", Scaled(3), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=True),
        sa.Column("price", Money(), nullable=False),
        sa.Column("discount_percent", Scaled(2), nullable=True),
        sa.Column("discount_amount", Money(), nullable=True),
        sa.Column("tax_rate", Scaled(2), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("price_reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core_products.id"],
            name="fk_sales_quote_lines_product_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["quote_id"],
            ["sales_quotes.id"],
            name="fk_sales_quote_lines_quote_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_quote_lines"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_quote_lines_created_at_id", "sales_quote_lines", ["created_at", "id"])
    op.create_index("ix_sales_quote_lines_product_id_id", "sales_quote_lines", ["product_id", "id"])
    op.create_index("ix_sales_quote_lines_quote_id_id", "sales_quote_lines", ["quote_id", "id"])
    op.create_index("ix_sales_quote_lines_updated_at_id", "sales_quote_lines", ["updated_at", "id"])
    op.create_table(
        "sales_sales_orders",
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("quote_id", Id(), nullable=True),
        sa.Column("deal_id", Id(), nullable=True),
        sa.Column("status", sa.String(length=80), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=True),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.Column(
            "number_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "subject_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("contact_id", Id(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("discount_percent", Scaled(2), nullable=True),
        sa.Column("language", sa.String(length=80), nullable=False),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("custom", JsonText(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["core_contacts.id"],
            name="fk_sales_sales_orders_contact_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_sales_sales_orders_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_sales_orders_deal_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_sales_sales_orders_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["quote_id"],
            ["sales_quotes.id"],
            name="fk_sales_sales_orders_quote_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_sales_sales_orders_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_sales_orders"),
        sa.UniqueConstraint("number", name="uq_sales_sales_orders_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_sales_orders_contact_id_id", "sales_sales_orders", ["contact_id", "id"])
    op.create_index("ix_sales_sales_orders_created_at_id", "sales_sales_orders", ["created_at", "id"])
    op.create_index("ix_sales_sales_orders_customer_id_id", "sales_sales_orders", ["customer_id", "id"])
    op.create_index("ix_sales_sales_orders_deal_id_id", "sales_sales_orders", ["deal_id", "id"])
    op.create_index("ix_sales_sales_orders_number_key_id", "sales_sales_orders", ["number_key", "id"])
    op.create_index("ix_sales_sales_orders_ordered_on_id", "sales_sales_orders", ["ordered_on", "id"])
    op.create_index(
        "ix_sales_sales_orders_owner_id_updated_at_id",
        "sales_sales_orders",
        ["owner_id", "updated_at", "id"],
    )
    op.create_index("ix_sales_sales_orders_quote_id_id", "sales_sales_orders", ["quote_id", "id"])
    op.create_index("ix_sales_sales_orders_status_id", "sales_sales_orders", ["status", "id"])
    op.create_index("ix_sales_sales_orders_subject_key_id", "sales_sales_orders", ["subject_key", "id"])
    op.create_index("ix_sales_sales_orders_team_id_id", "sales_sales_orders", ["team_id", "id"])
    op.create_index("ix_sales_sales_orders_updated_at_id", "sales_sales_orders", ["updated_at", "id"])
    op.create_table(
        "sales_sales_order_lines",
        sa.Column("order_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("product_id", Id(), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("quantity", Scaled(3), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=True),
        sa.Column("price", Money(), nullable=False),
        sa.Column("discount_percent", Scaled(2), nullable=True),
        sa.Column("discount_amount", Money(), nullable=True),
        sa.Column("tax_rate", Scaled(2), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("price_reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_sales_orders.id"],
            name="fk_sales_sales_order_lines_order_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core_products.id"],
            name="fk_sales_sales_order_lines_product_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_sales_order_lines"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_sales_sales_order_lines_created_at_id",
        "sales_sales_order_lines",
        ["created_at", "id"],
    )
    op.create_index("ix_sales_sales_order_lines_order_id_id", "sales_sales_order_lines", ["order_id", "id"])
    op.create_index(
        "ix_sales_sales_order_lines_product_id_id",
        "sales_sales_order_lines",
        ["product_id", "id"],
    )
    op.create_index(
        "ix_sales_sales_order_lines_updated_at_id",
        "sales_sales_order_lines",
        ["updated_at", "id"],
    )
