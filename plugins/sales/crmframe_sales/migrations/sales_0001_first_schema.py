"""First schema."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText, Money, Scaled

revision = "sales_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "sales_lost_reasons",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="pk_sales_lost_reasons"),
        sa.UniqueConstraint("name", name="uq_sales_lost_reasons_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_lost_reasons_created_at_id", "sales_lost_reasons", ["created_at", "id"])
    op.create_index("ix_sales_lost_reasons_name_key_id", "sales_lost_reasons", ["name_key", "id"])
    op.create_index("ix_sales_lost_reasons_position_id", "sales_lost_reasons", ["position", "id"])
    op.create_index("ix_sales_lost_reasons_updated_at_id", "sales_lost_reasons", ["updated_at", "id"])
    op.create_table(
        "sales_pipelines",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="pk_sales_pipelines"),
        sa.UniqueConstraint("name", name="uq_sales_pipelines_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_pipelines_created_at_id", "sales_pipelines", ["created_at", "id"])
    op.create_index("ix_sales_pipelines_name_key_id", "sales_pipelines", ["name_key", "id"])
    op.create_index("ix_sales_pipelines_position_id", "sales_pipelines", ["position", "id"])
    op.create_index("ix_sales_pipelines_updated_at_id", "sales_pipelines", ["updated_at", "id"])
    op.create_table(
        "sales_stages",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("pipeline_id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("probability", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("required_fields", JsonText(), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["pipeline_id"],
            ["sales_pipelines.id"],
            name="fk_sales_stages_pipeline_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_stages"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_stages_created_at_id", "sales_stages", ["created_at", "id"])
    op.create_index("ix_sales_stages_name_key_id", "sales_stages", ["name_key", "id"])
    op.create_index("ix_sales_stages_pipeline_id_id", "sales_stages", ["pipeline_id", "id"])
    op.create_index("ix_sales_stages_position_id", "sales_stages", ["position", "id"])
    op.create_index("ix_sales_stages_updated_at_id", "sales_stages", ["updated_at", "id"])
    op.create_table(
        "sales_deals",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("contact_id", Id(), nullable=True),
        sa.Column("pipeline_id", Id(), nullable=False),
        sa.Column("stage_id", Id(), nullable=False),
        sa.Column("amount", Money(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("probability", sa.BigInteger(), nullable=True),
        sa.Column("product_id", Id(), nullable=True),
        sa.Column("close_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("next_step", sa.String(length=300), nullable=True),
        sa.Column("lost_reason_id", Id(), nullable=True),
        sa.Column("won_at", Instant(), nullable=True),
        sa.Column("lost_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("stage_entered_at", Instant(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column(
            "title_key",
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
            ["contact_id"],
            ["core_contacts.id"],
            name="fk_sales_deals_contact_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_sales_deals_customer_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["lost_reason_id"],
            ["sales_lost_reasons.id"],
            name="fk_sales_deals_lost_reason_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_sales_deals_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["pipeline_id"],
            ["sales_pipelines.id"],
            name="fk_sales_deals_pipeline_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core_products.id"],
            name="fk_sales_deals_product_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["stage_id"],
            ["sales_stages.id"],
            name="fk_sales_deals_stage_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_sales_deals_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_deals"),
        sa.UniqueConstraint("code", name="uq_sales_deals_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_deals_amount_id", "sales_deals", ["amount", "id"])
    op.create_index("ix_sales_deals_close_on_id", "sales_deals", ["close_on", "id"])
    op.create_index("ix_sales_deals_closed_at_id", "sales_deals", ["closed_at", "id"])
    op.create_index("ix_sales_deals_contact_id_id", "sales_deals", ["contact_id", "id"])
    op.create_index("ix_sales_deals_created_at_id", "sales_deals", ["created_at", "id"])
    op.create_index("ix_sales_deals_customer_id_id", "sales_deals", ["customer_id", "id"])
    op.create_index("ix_sales_deals_lost_reason_id_id", "sales_deals", ["lost_reason_id", "id"])
    op.create_index("ix_sales_deals_owner_id_updated_at_id", "sales_deals", ["owner_id", "updated_at", "id"])
    op.create_index("ix_sales_deals_pipeline_id_id", "sales_deals", ["pipeline_id", "id"])
    op.create_index("ix_sales_deals_product_id_id", "sales_deals", ["product_id", "id"])
    op.create_index("ix_sales_deals_stage_id_id", "sales_deals", ["stage_id", "id"])
    op.create_index("ix_sales_deals_team_id_id", "sales_deals", ["team_id", "id"])
    op.create_index("ix_sales_deals_title_key_id", "sales_deals", ["title_key", "id"])
    op.create_index("ix_sales_deals_updated_at_id", "sales_deals", ["updated_at", "id"])
    op.create_table(
        "sales_deal_lines",
        sa.Column("deal_id", Id(), nullable=False),
        sa.Column("product_id", Id(), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("quantity", Scaled(3), nullable=False),
        sa.Column("price", Money(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_deal_lines_deal_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core_products.id"],
            name="fk_sales_deal_lines_product_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_deal_lines"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_deal_lines_created_at_id", "sales_deal_lines", ["created_at", "id"])
    op.create_index("ix_sales_deal_lines_deal_id_id", "sales_deal_lines", ["deal_id", "id"])
    op.create_index("ix_sales_deal_lines_product_id_id", "sales_deal_lines", ["product_id", "id"])
    op.create_index("ix_sales_deal_lines_updated_at_id", "sales_deal_lines", ["updated_at", "id"])
    op.create_table(
        "sales_stage_changes",
        sa.Column("deal_id", Id(), nullable=False),
        sa.Column("from_stage_id", Id(), nullable=True),
        sa.Column("to_stage_id", Id(), nullable=False),
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
            name="fk_sales_stage_changes_by_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_stage_changes_deal_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["from_stage_id"],
            ["sales_stages.id"],
            name="fk_sales_stage_changes_from_stage_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["to_stage_id"],
            ["sales_stages.id"],
            name="fk_sales_stage_changes_to_stage_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_stage_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_stage_changes_at_id", "sales_stage_changes", ["at", "id"])
    op.create_index("ix_sales_stage_changes_by_id_id", "sales_stage_changes", ["by_id", "id"])
    op.create_index("ix_sales_stage_changes_created_at_id", "sales_stage_changes", ["created_at", "id"])
    op.create_index("ix_sales_stage_changes_deal_id_id", "sales_stage_changes", ["deal_id", "id"])
    op.create_index("ix_sales_stage_changes_from_stage_id_id", "sales_stage_changes", ["from_stage_id", "id"])
    op.create_index("ix_sales_stage_changes_to_stage_id_id", "sales_stage_changes", ["to_stage_id", "id"])
    op.create_index("ix_sales_stage_changes_updated_at_id", "sales_stage_changes", ["updated_at", "id"])
