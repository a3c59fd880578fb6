"""Assignment and consent."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText

revision = "core_0014"
down_revision = "core_0013"


def upgrade() -> None:
    op.create_table(
        "core_assignment_rules",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("conditions", JsonText(), nullable=True),
        sa.Column("strategy", sa.String(length=60), nullable=False),
        sa.Column("region_field", sa.String(length=80), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "name_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "entity_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_assignment_rules"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_assignment_rules_created_at_id", "core_assignment_rules", ["created_at", "id"])
    op.create_index("ix_core_assignment_rules_entity_key_id", "core_assignment_rules", ["entity_key", "id"])
    op.create_index("ix_core_assignment_rules_name_key_id", "core_assignment_rules", ["name_key", "id"])
    op.create_index("ix_core_assignment_rules_position_id", "core_assignment_rules", ["position", "id"])
    op.create_index("ix_core_assignment_rules_updated_at_id", "core_assignment_rules", ["updated_at", "id"])
    op.create_table(
        "core_assignment_turn",
        sa.Column("rule_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "user_id", name="pk_core_assignment_turn"),
    )
    op.create_table(
        "core_consents",
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("purpose", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_version", sa.String(length=40), nullable=True),
        sa.Column("lawful_basis", sa.String(length=80), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_consents"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_consents_about_id", "core_consents", ["about", "id"])
    op.create_index("ix_core_consents_created_at_id", "core_consents", ["created_at", "id"])
    op.create_index("ix_core_consents_given_at_id", "core_consents", ["given_at", "id"])
    op.create_index("ix_core_consents_updated_at_id", "core_consents", ["updated_at", "id"])
    op.create_table(
        "core_assignment_members",
        sa.Column("rule_id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("regions", sa.String(length=500), nullable=True),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["core_assignment_rules.id"],
            name="fk_core_assignment_members_rule_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_assignment_members_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_assignment_members"),
        sa.UniqueConstraint("rule_id", "user_id", name="uq_core_assignment_members_rule_id_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_core_assignment_members_created_at_id",
        "core_assignment_members",
        ["created_at", "id"],
    )
    op.create_index("ix_core_assignment_members_rule_id_id", "core_assignment_members", ["rule_id", "id"])
    op.create_index(
        "ix_core_assignment_members_updated_at_id",
        "core_assignment_members",
        ["updated_at", "id"],
    )
    op.create_index("ix_core_assignment_members_user_id_id", "core_assignment_members", ["user_id", "id"])
    op.create_index("ix_core_contacts_mobile_id", "core_contacts", ["mobile", "id"])
