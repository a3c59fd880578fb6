"""Leads."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText

revision = "sales_0003"
down_revision = "sales_0002"


def upgrade() -> None:
    op.create_table(
        "sales_score_rules",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("conditions", JsonText(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="pk_sales_score_rules"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_score_rules_created_at_id", "sales_score_rules", ["created_at", "id"])
    op.create_index("ix_sales_score_rules_name_key_id", "sales_score_rules", ["name_key", "id"])
    op.create_index("ix_sales_score_rules_position_id", "sales_score_rules", ["position", "id"])
    op.create_index("ix_sales_score_rules_updated_at_id", "sales_score_rules", ["updated_at", "id"])
    op.create_table(
        "sales_web_forms",
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("intro", sa.Text(), nullable=True),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("fields", JsonText(), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("button", sa.String(length=60), nullable=True),
        sa.Column("thanks", sa.Text(), nullable=True),
        sa.Column("redirect_url", sa.String(length=2000), nullable=True),
        sa.Column("consent_text", sa.Text(), nullable=True),
        sa.Column("consent_version", sa.String(length=40), nullable=True),
        sa.Column("consent_required", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=80), nullable=True),
        sa.Column("allowed_origins", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
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
        sa.Column("archived_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sales_web_forms"),
        sa.UniqueConstraint("token", name="uq_sales_web_forms_token"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_web_forms_created_at_id", "sales_web_forms", ["created_at", "id"])
    op.create_index("ix_sales_web_forms_title_key_id", "sales_web_forms", ["title_key", "id"])
    op.create_index("ix_sales_web_forms_updated_at_id", "sales_web_forms", ["updated_at", "id"])
    op.create_table(
        "sales_leads",
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("job_title", sa.String(length=120), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("wechat", sa.String(length=60), nullable=True),
        sa.Column("city", sa.String(length=80), nullable=True),
        sa.Column("region", sa.String(length=60), nullable=True),
        sa.Column("status", sa.String(length=80), nullable=False),
        sa.Column("unqualified_reason", sa.String(length=80), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("score_reason", sa.Text(), nullable=True),
        sa.Column("need", sa.Text(), nullable=True),
        sa.Column("product_id", Id(), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("utm_source", sa.String(length=120), nullable=True),
        sa.Column("utm_medium", sa.String(length=120), nullable=True),
        sa.Column("utm_campaign", sa.String(length=120), nullable=True),
        sa.Column("landing_page", sa.String(length=500), nullable=True),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("is_duplicate", sa.Boolean(), nullable=False),
        sa.Column("form_id", Id(), nullable=True),
        sa.Column("ticket", sa.String(length=60), nullable=True),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("contact_id", Id(), nullable=True),
        sa.Column("deal_id", Id(), nullable=True),
        sa.Column("converted_at", Instant(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column(
            "name_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "company_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "source_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("assigned_by_rule_id", Id(), nullable=True),
        sa.Column("assignment_reason", sa.String(length=300), nullable=True),
        sa.Column("assigned_at", Instant(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("custom", JsonText(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["assigned_by_rule_id"],
            ["core_assignment_rules.id"],
            name="fk_sales_leads_assigned_by_rule_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["core_contacts.id"],
            name="fk_sales_leads_contact_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_sales_leads_customer_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"],
            ["sales_deals.id"],
            name="fk_sales_leads_deal_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["form_id"],
            ["sales_web_forms.id"],
            name="fk_sales_leads_form_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_sales_leads_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core_products.id"],
            name="fk_sales_leads_product_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_sales_leads_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sales_leads"),
        sa.UniqueConstraint("ticket", name="uq_sales_leads_ticket"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sales_leads_assigned_by_rule_id_id", "sales_leads", ["assigned_by_rule_id", "id"])
    op.create_index("ix_sales_leads_company_key_id", "sales_leads", ["company_key", "id"])
    op.create_index("ix_sales_leads_contact_id_id", "sales_leads", ["contact_id", "id"])
    op.create_index("ix_sales_leads_converted_at_id", "sales_leads", ["converted_at", "id"])
    op.create_index("ix_sales_leads_created_at_id", "sales_leads", ["created_at", "id"])
    op.create_index("ix_sales_leads_customer_id_id", "sales_leads", ["customer_id", "id"])
    op.create_index("ix_sales_leads_deal_id_id", "sales_leads", ["deal_id", "id"])
    op.create_index("ix_sales_leads_email_id", "sales_leads", ["email", "id"])
    op.create_index("ix_sales_leads_form_id_id", "sales_leads", ["form_id", "id"])
    op.create_index("ix_sales_leads_name_key_id", "sales_leads", ["name_key", "id"])
    op.create_index(
        "ix_sales_leads_owner_id_received_at_id",
        "sales_leads",
        ["owner_id", "received_at", "id"],
    )
    op.create_index("ix_sales_leads_phone_id", "sales_leads", ["phone", "id"])
    op.create_index("ix_sales_leads_product_id_id", "sales_leads", ["product_id", "id"])
    op.create_index("ix_sales_leads_received_at_id", "sales_leads", ["received_at", "id"])
    op.create_index("ix_sales_leads_score_id", "sales_leads", ["score", "id"])
    op.create_index("ix_sales_leads_source_key_id", "sales_leads", ["source_key", "id"])
    op.create_index("ix_sales_leads_status_id", "sales_leads", ["status", "id"])
    op.create_index("ix_sales_leads_team_id_id", "sales_leads", ["team_id", "id"])
    op.create_index("ix_sales_leads_updated_at_id", "sales_leads", ["updated_at", "id"])
