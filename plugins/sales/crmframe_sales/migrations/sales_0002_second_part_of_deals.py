"""Second part of deals."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, Money

revision = "sales_0002"
down_revision = "sales_0001"


def upgrade() -> None:
    op.create_table(
        "sales_competitors",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("website", sa.String(length=2000), nullable=True),
        sa.Column("strengths", sa.Text(), nullable=True),
        sa.Column("weaknesses", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name="pk_sales_competitors"),
        sa.UniqueConstraint("name", name="uq_sales_competitors_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_competitors_created_at_id", "sales_competitors", ["created_at", "id"])
    op.create_index("ix_sales_competitors_name_key_id", "sales_competitors", ["name_key", "id"])
    op.create_index("ix_sales_competitors_updated_at_id", "sales_competitors", ["updated_at", "id"])
    op.create_table(
        "sales_targets",
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("period", sa.String(length=80), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(length=80), nullable=False),
        sa.Column("value", Money(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_sales_targets_owner_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_sales_targets_team_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_targets"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_targets_created_at_id", "sales_targets", ["created_at", "id"])
    op.create_index(
        "ix_sales_targets_owner_id_starts_on_id",
        "sales_targets",
        ["owner_id", "starts_on", "id"],
    )
    op.create_index("ix_sales_targets_starts_on_id", "sales_targets", ["starts_on", "id"])
    op.create_index("ix_sales_targets_team_id_id", "sales_targets", ["team_id", "id"])
    op.create_index("ix_sales_targets_updated_at_id", "sales_targets", ["updated_at", "id"])
    op.create_index(
        "uq_sales_targets_person",
        "sales_targets",
        ["owner_id", "period", "starts_on", "measure"],
        unique=True,
        sqlite_where=sa.text("owner_id IS NOT NULL"),
        postgresql_where=sa.text("owner_id IS NOT NULL"),
    )
    op.create_index(
        "uq_sales_targets_team",
        "sales_targets",
        ["team_id", "period", "starts_on", "measure"],
        unique=True,
        sqlite_where=sa.text("owner_id IS NULL"),
        postgresql_where=sa.text("owner_id IS NULL"),
    )
    op.create_table(
        "sales_deal_competitors",
        sa.Column("deal_id", Id(), nullable=False),
        sa.Column("competitor_id", Id(), nullable=False),
        sa.Column("price", Money(), nullable=True),
        sa.Column("standing", sa.String(length=80), nullable=False),
        sa.Column("threat", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["competitor_id"],
            ["sales_competitors.id"],
            name="fk_sales_deal_competitors_competitor_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_deal_competitors_deal_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_deal_competitors"),
        sa.UniqueConstraint(
            "deal_id",
            "competitor_id",
            name="uq_sales_deal_competitors_deal_id_competitor_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_sales_deal_competitors_competitor_id_id",
        "sales_deal_competitors",
        ["competitor_id", "id"],
    )
    op.create_index("ix_sales_deal_competitors_created_at_id", "sales_deal_competitors", ["created_at", "id"])
    op.create_index("ix_sales_deal_competitors_deal_id_id", "sales_deal_competitors", ["deal_id", "id"])
    op.create_index("ix_sales_deal_competitors_updated_at_id", "sales_deal_competitors", ["updated_at", "id"])
    op.create_table(
        "sales_deal_contacts",
        sa.Column("deal_id", Id(), nullable=False),
        sa.Column("contact_id", Id(), nullable=False),
        sa.Column("role", sa.String(length=80), nullable=False),
        sa.Column("attitude", sa.String(length=80), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["core_contacts.id"],
            name="fk_sales_deal_contacts_contact_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_deal_contacts_deal_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_deal_contacts"),
        sa.UniqueConstraint("deal_id", "contact_id", name="uq_sales_deal_contacts_deal_id_contact_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_deal_contacts_contact_id_id", "sales_deal_contacts", ["contact_id", "id"])
    op.create_index("ix_sales_deal_contacts_created_at_id", "sales_deal_contacts", ["created_at", "id"])
    op.create_index("ix_sales_deal_contacts_deal_id_id", "sales_deal_contacts", ["deal_id", "id"])
    op.create_index("ix_sales_deal_contacts_updated_at_id", "sales_deal_contacts", ["updated_at", "id"])
    op.create_table(
        "sales_handover_notes",
        sa.Column("deal_id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("promised", sa.Text(), nullable=False),
        sa.Column("contacts", sa.Text(), nullable=True),
        sa.Column("dates", sa.Text(), nullable=True),
        sa.Column("risks", sa.Text(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by_id", Id(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["core_users.id"],
            name="fk_sales_handover_notes_by_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_sales_handover_notes_customer_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_handover_notes_deal_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_handover_notes"),
        sa.UniqueConstraint("deal_id", name="uq_sales_handover_notes_deal_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_handover_notes_at_id", "sales_handover_notes", ["at", "id"])
    op.create_index("ix_sales_handover_notes_by_id_id", "sales_handover_notes", ["by_id", "id"])
    op.create_index("ix_sales_handover_notes_created_at_id", "sales_handover_notes", ["created_at", "id"])
    op.create_index("ix_sales_handover_notes_customer_id_id", "sales_handover_notes", ["customer_id", "id"])
    op.create_index("ix_sales_handover_notes_deal_id_id", "sales_handover_notes", ["deal_id", "id"])
    op.create_index("ix_sales_handover_notes_updated_at_id", "sales_handover_notes", ["updated_at", "id"])
    with op.batch_alter_table("sales_deals", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("forecast_category", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("estimate", Money(), nullable=True))
        batch_op.add_column(sa.Column("next_step_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("lost_to_id", Id(), nullable=True))
        batch_op.create_index("ix_sales_deals_lost_to_id_id", ["lost_to_id", "id"])
        batch_op.create_index("ix_sales_deals_next_step_on_id", ["next_step_on", "id"])
        batch_op.create_index(
            "ix_sales_deals_open",
            [
                "owner_id",
                "close_on",
                "team_id",
                "currency",
                "amount",
                "stage_id",
                "probability",
                "forecast_category",
                "estimate",
                "next_step_on",
                "stage_entered_at",
            ],
            sqlite_where=sa.text("closed_at IS NULL AND archived_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL AND archived_at IS NULL"),
        )
        batch_op.create_index(
            "ix_sales_deals_won",
            ["won_at", "owner_id", "team_id", "currency", "amount"],
            sqlite_where=sa.text("won_at IS NOT NULL"),
            postgresql_where=sa.text("won_at IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            "fk_sales_deals_lost_to_id",
            "sales_competitors",
            ["lost_to_id"],
            ["id"],
            ondelete="SET NULL",
        )
    with op.batch_alter_table("sales_stages", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("stale_after_days", sa.BigInteger(), nullable=True))
    # What the mark "stale" meant until now.
    op.execute("UPDATE sales_stages SET stale_after_days = 30 WHERE kind = 'open'")
