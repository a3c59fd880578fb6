"""First schema."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText, Money, Scaled

revision = "core_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "core_addresses",
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=60), nullable=True),
        sa.Column("region", sa.String(length=60), nullable=True),
        sa.Column("city", sa.String(length=80), nullable=True),
        sa.Column("district", sa.String(length=80), nullable=True),
        sa.Column("street", sa.String(length=300), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("recipient", sa.String(length=120), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_addresses"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_addresses_about_id", "core_addresses", ["about", "id"])
    op.create_index("ix_core_addresses_created_at_id", "core_addresses", ["created_at", "id"])
    op.create_index("ix_core_addresses_updated_at_id", "core_addresses", ["updated_at", "id"])
    op.create_table(
        "core_contact_points",
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("normalized", sa.String(length=200), nullable=True),
        sa.Column("label", sa.String(length=60), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column(
            "normalized_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_contact_points"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_contact_points_about_id", "core_contact_points", ["about", "id"])
    op.create_index("ix_core_contact_points_created_at_id", "core_contact_points", ["created_at", "id"])
    op.create_index(
        "ix_core_contact_points_normalized_key_id",
        "core_contact_points",
        ["normalized_key", "id"],
    )
    op.create_index("ix_core_contact_points_updated_at_id", "core_contact_points", ["updated_at", "id"])
    op.create_table(
        "core_credential",
        sa.Column("user_id", Id(), autoincrement=False, nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_core_credential"),
    )
    op.create_table(
        "core_currency_rates",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", Scaled(8), nullable=False),
        sa.Column(
            "currency_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_currency_rates"),
        sa.UniqueConstraint("currency", "day", name="uq_core_currency_rates_currency_day"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_currency_rates_created_at_id", "core_currency_rates", ["created_at", "id"])
    op.create_index("ix_core_currency_rates_currency_key_id", "core_currency_rates", ["currency_key", "id"])
    op.create_index("ix_core_currency_rates_day_id", "core_currency_rates", ["day", "id"])
    op.create_index("ix_core_currency_rates_updated_at_id", "core_currency_rates", ["updated_at", "id"])
    op.create_table(
        "core_custom_fields",
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("label_en", sa.String(length=80), nullable=True),
        sa.Column("label_zh", sa.String(length=80), nullable=True),
        sa.Column("options", JsonText(), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("indexed", sa.Boolean(), nullable=False),
        sa.Column(
            "entity_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
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
        sa.PrimaryKeyConstraint("id", name="pk_core_custom_fields"),
        sa.UniqueConstraint("entity", "name", name="uq_core_custom_fields_entity_name"),
        sa.UniqueConstraint("key", name="uq_core_custom_fields_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_custom_fields_created_at_id", "core_custom_fields", ["created_at", "id"])
    op.create_index("ix_core_custom_fields_entity_key_id", "core_custom_fields", ["entity_key", "id"])
    op.create_index("ix_core_custom_fields_name_key_id", "core_custom_fields", ["name_key", "id"])
    op.create_index("ix_core_custom_fields_updated_at_id", "core_custom_fields", ["updated_at", "id"])
    op.create_table(
        "core_epoch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_epoch"),
    )
    op.create_table(
        "core_event_retry",
        sa.Column("id", Id(), nullable=False),
        sa.Column("subscription", sa.String(length=120), nullable=False),
        sa.Column("operation_id", Id(), nullable=False),
        sa.Column("commits", JsonText(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("failed_at", Instant(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_event_retry"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_event_retry_due", "core_event_retry", ["state", "next_at"])
    op.create_table(
        "core_external_refs",
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("record", sa.String(length=100), nullable=False),
        sa.Column(
            "external_id_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_external_refs"),
        sa.UniqueConstraint("system", "external_id", name="uq_core_external_refs_system_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_external_refs_created_at_id", "core_external_refs", ["created_at", "id"])
    op.create_index(
        "ix_core_external_refs_external_id_key_id",
        "core_external_refs",
        ["external_id_key", "id"],
    )
    op.create_index("ix_core_external_refs_record_id", "core_external_refs", ["record", "id"])
    op.create_index("ix_core_external_refs_updated_at_id", "core_external_refs", ["updated_at", "id"])
    op.create_table(
        "core_idempotency",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("actor_id", Id(), autoincrement=False, nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", JsonText(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", "actor_id", name="pk_core_idempotency"),
    )
    op.create_table(
        "core_job",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("payload", JsonText(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("unique_key", sa.String(length=200), nullable=True),
        sa.Column("result", JsonText(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("schedule", sa.String(length=160), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_job"),
        sa.UniqueConstraint("schedule", name="uq_core_job_schedule"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_job_due", "core_job", ["state", "priority", "run_at"])
    op.create_index(
        "uq_core_job_open_key",
        "core_job",
        ["unique_key"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "core_login_attempt",
        sa.Column("id", Id(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_login_attempt"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_login_attempt_account_at", "core_login_attempt", ["account", "at"])
    op.create_index("ix_core_login_attempt_address_at", "core_login_attempt", ["address", "at"])
    op.create_index("ix_core_login_attempt_at", "core_login_attempt", ["at"])
    op.create_table(
        "core_operation",
        sa.Column("id", Id(), nullable=False),
        sa.Column("verb", sa.String(length=80), nullable=False),
        sa.Column("door", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("cause_id", Id(), nullable=True),
        sa.Column("cause", sa.String(length=120), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("undo_of", Id(), nullable=True),
        sa.Column("undoable", sa.Boolean(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("note", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_operation"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_operation_started_at", "core_operation", ["started_at", "id"])
    op.create_index("ix_core_operation_undo_of", "core_operation", ["undo_of"])
    op.create_table(
        "core_products",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("series", sa.String(length=80), nullable=True),
        sa.Column("price", Money(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("unit", sa.String(length=30), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "name_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "series_key",
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
        sa.Column("custom", JsonText(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_products"),
        sa.UniqueConstraint("code", name="uq_core_products_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_products_created_at_id", "core_products", ["created_at", "id"])
    op.create_index("ix_core_products_name_key_id", "core_products", ["name_key", "id"])
    op.create_index("ix_core_products_price_id", "core_products", ["price", "id"])
    op.create_index("ix_core_products_series_key_id", "core_products", ["series_key", "id"])
    op.create_index("ix_core_products_updated_at_id", "core_products", ["updated_at", "id"])
    op.create_table(
        "core_reference",
        sa.Column("table_name", sa.String(length=80), nullable=False),
        sa.Column("column_name", sa.String(length=80), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("on_delete", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "column_name", name="pk_core_reference"),
    )
    op.create_table(
        "core_roles",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name="pk_core_roles"),
        sa.UniqueConstraint("name", name="uq_core_roles_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_roles_created_at_id", "core_roles", ["created_at", "id"])
    op.create_index("ix_core_roles_name_key_id", "core_roles", ["name_key", "id"])
    op.create_index("ix_core_roles_updated_at_id", "core_roles", ["updated_at", "id"])
    op.create_table(
        "core_schedule",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("slot", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_core_schedule"),
    )
    op.create_table(
        "core_session",
        sa.Column("id", Id(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_session"),
        sa.UniqueConstraint("secret_hash", name="uq_core_session_secret_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_session_expires_at", "core_session", ["expires_at"])
    op.create_index("ix_core_session_user_id", "core_session", ["user_id"])
    op.create_table(
        "core_subscription",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("txid", sa.BigInteger(), nullable=False),
        sa.Column("commit_id", Id(), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("takeovers", sa.Integer(), nullable=False),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_core_subscription"),
    )
    op.create_table(
        "core_tags",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("tone", sa.String(length=80), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="pk_core_tags"),
        sa.UniqueConstraint("name", name="uq_core_tags_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_tags_created_at_id", "core_tags", ["created_at", "id"])
    op.create_index("ix_core_tags_name_key_id", "core_tags", ["name_key", "id"])
    op.create_index("ix_core_tags_updated_at_id", "core_tags", ["updated_at", "id"])
    op.create_table(
        "core_teams",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("parent_id", Id(), nullable=True),
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
            ["parent_id"],
            ["core_teams.id"],
            name="fk_core_teams_parent_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_teams"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_teams_created_at_id", "core_teams", ["created_at", "id"])
    op.create_index("ix_core_teams_name_key_id", "core_teams", ["name_key", "id"])
    op.create_index("ix_core_teams_parent_id_id", "core_teams", ["parent_id", "id"])
    op.create_index("ix_core_teams_updated_at_id", "core_teams", ["updated_at", "id"])
    op.create_table(
        "core_token",
        sa.Column("id", Id(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("scopes", JsonText(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_token"),
        sa.UniqueConstraint("secret_hash", name="uq_core_token_secret_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_token_user_id", "core_token", ["user_id"])
    op.create_table(
        "core_users",
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("locale", sa.String(length=80), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="pk_core_users"),
        sa.UniqueConstraint("login", name="uq_core_users_login"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_users_created_at_id", "core_users", ["created_at", "id"])
    op.create_index("ix_core_users_name_key_id", "core_users", ["name_key", "id"])
    op.create_index("ix_core_users_updated_at_id", "core_users", ["updated_at", "id"])
    op.create_table(
        "core_activities",
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by_id", Id(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_step_at", Instant(), nullable=True),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["core_users.id"],
            name="fk_core_activities_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_activities"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_activities_about_id", "core_activities", ["about", "id"])
    op.create_index("ix_core_activities_at_id", "core_activities", ["at", "id"])
    op.create_index("ix_core_activities_by_id_id", "core_activities", ["by_id", "id"])
    op.create_index("ix_core_activities_created_at_id", "core_activities", ["created_at", "id"])
    op.create_index("ix_core_activities_next_step_at_id", "core_activities", ["next_step_at", "id"])
    op.create_index("ix_core_activities_updated_at_id", "core_activities", ["updated_at", "id"])
    op.create_table(
        "core_commit",
        sa.Column("id", Id(), nullable=False),
        sa.Column("operation_id", Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("txid", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["core_operation.id"], name="fk_core_commit_operation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_commit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_commit_at", "core_commit", ["at"])
    op.create_index("ix_core_commit_cursor", "core_commit", ["epoch", "txid", "id"])
    op.create_index("ix_core_commit_operation_id", "core_commit", ["operation_id"])
    op.create_table(
        "core_customers",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("industry", sa.String(length=80), nullable=True),
        sa.Column("size", sa.String(length=80), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("lifecycle_stage", sa.String(length=80), nullable=False),
        sa.Column("grade", sa.String(length=80), nullable=True),
        sa.Column("parent_id", Id(), nullable=True),
        sa.Column("referred_by_id", Id(), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("website", sa.String(length=2000), nullable=True),
        sa.Column("country", sa.String(length=60), nullable=True),
        sa.Column("region", sa.String(length=60), nullable=True),
        sa.Column("city", sa.String(length=80), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("employees", sa.BigInteger(), nullable=True),
        sa.Column("revenue", Money(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("founded", sa.BigInteger(), nullable=True),
        sa.Column("salutation", sa.String(length=40), nullable=True),
        sa.Column("gender", sa.String(length=80), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("language", sa.String(length=80), nullable=True),
        sa.Column("preferred_channel", sa.String(length=80), nullable=True),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("last_activity_at", Instant(), nullable=True),
        sa.Column("next_step_at", Instant(), nullable=True),
        sa.Column(
            "name_key",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "industry_key",
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
            ["owner_id"],
            ["core_users.id"],
            name="fk_core_customers_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["core_customers.id"],
            name="fk_core_customers_parent_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["referred_by_id"],
            ["core_customers.id"],
            name="fk_core_customers_referred_by_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_core_customers_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_customers"),
        sa.UniqueConstraint("code", name="uq_core_customers_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_customers_city_key_id", "core_customers", ["city_key", "id"])
    op.create_index("ix_core_customers_created_at_id", "core_customers", ["created_at", "id"])
    op.create_index("ix_core_customers_email_id", "core_customers", ["email", "id"])
    op.create_index("ix_core_customers_grade_id", "core_customers", ["grade", "id"])
    op.create_index("ix_core_customers_industry_key_id", "core_customers", ["industry_key", "id"])
    op.create_index("ix_core_customers_last_activity_at_id", "core_customers", ["last_activity_at", "id"])
    op.create_index("ix_core_customers_lifecycle_stage_id", "core_customers", ["lifecycle_stage", "id"])
    op.create_index("ix_core_customers_name_key_id", "core_customers", ["name_key", "id"])
    op.create_index("ix_core_customers_next_step_at_id", "core_customers", ["next_step_at", "id"])
    op.create_index(
        "ix_core_customers_owner_id_updated_at_id", "core_customers", ["owner_id", "updated_at", "id"]
    )
    op.create_index("ix_core_customers_parent_id_id", "core_customers", ["parent_id", "id"])
    op.create_index("ix_core_customers_phone_id", "core_customers", ["phone", "id"])
    op.create_index("ix_core_customers_referred_by_id_id", "core_customers", ["referred_by_id", "id"])
    op.create_index("ix_core_customers_team_id_id", "core_customers", ["team_id", "id"])
    op.create_index("ix_core_customers_updated_at_id", "core_customers", ["updated_at", "id"])
    op.create_table(
        "core_memberships",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("team_id", Id(), nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_core_memberships_team_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_memberships_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_memberships"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_memberships_created_at_id", "core_memberships", ["created_at", "id"])
    op.create_index("ix_core_memberships_team_id_id", "core_memberships", ["team_id", "id"])
    op.create_index("ix_core_memberships_updated_at_id", "core_memberships", ["updated_at", "id"])
    op.create_index("ix_core_memberships_user_id_id", "core_memberships", ["user_id", "id"])
    op.create_table(
        "core_role_fields",
        sa.Column("role_id", Id(), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=120), nullable=False),
        sa.Column("right", sa.String(length=80), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["core_roles.id"],
            name="fk_core_role_fields_role_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_role_fields"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_role_fields_created_at_id", "core_role_fields", ["created_at", "id"])
    op.create_index("ix_core_role_fields_role_id_id", "core_role_fields", ["role_id", "id"])
    op.create_index("ix_core_role_fields_updated_at_id", "core_role_fields", ["updated_at", "id"])
    op.create_table(
        "core_role_grants",
        sa.Column("role_id", Id(), nullable=False),
        sa.Column("permission", sa.String(length=120), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["core_roles.id"],
            name="fk_core_role_grants_role_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_role_grants"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_role_grants_created_at_id", "core_role_grants", ["created_at", "id"])
    op.create_index("ix_core_role_grants_role_id_id", "core_role_grants", ["role_id", "id"])
    op.create_index("ix_core_role_grants_updated_at_id", "core_role_grants", ["updated_at", "id"])
    op.create_table(
        "core_tag_links",
        sa.Column("tag_id", Id(), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tag_id"],
            ["core_tags.id"],
            name="fk_core_tag_links_tag_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_tag_links"),
        sa.UniqueConstraint("tag_id", "about", name="uq_core_tag_links_tag_id_about"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_tag_links_about_id", "core_tag_links", ["about", "id"])
    op.create_index("ix_core_tag_links_created_at_id", "core_tag_links", ["created_at", "id"])
    op.create_index("ix_core_tag_links_tag_id_id", "core_tag_links", ["tag_id", "id"])
    op.create_index("ix_core_tag_links_updated_at_id", "core_tag_links", ["updated_at", "id"])
    op.create_table(
        "core_user_roles",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("role_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["core_roles.id"],
            name="fk_core_user_roles_role_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["core_users.id"],
            name="fk_core_user_roles_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_user_roles"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_user_roles_created_at_id", "core_user_roles", ["created_at", "id"])
    op.create_index("ix_core_user_roles_role_id_id", "core_user_roles", ["role_id", "id"])
    op.create_index("ix_core_user_roles_updated_at_id", "core_user_roles", ["updated_at", "id"])
    op.create_index("ix_core_user_roles_user_id_id", "core_user_roles", ["user_id", "id"])
    op.create_table(
        "core_change",
        sa.Column("id", Id(), nullable=False),
        sa.Column("commit_id", Id(), nullable=False),
        sa.Column("operation_id", Id(), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("record_id", Id(), nullable=False),
        sa.Column("last_id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", JsonText(), nullable=True),
        sa.ForeignKeyConstraint(["commit_id"], ["core_commit.id"], name="fk_core_change_commit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_change"),
        sa.UniqueConstraint("entity", "record_id", "version", name="uq_core_change_entity_record_version"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_change_commit_id", "core_change", ["commit_id"])
    op.create_index("ix_core_change_operation_id", "core_change", ["operation_id"])
    op.create_index("ix_core_change_runs", "core_change", ["entity", "last_id", "record_id"])
    op.create_table(
        "core_contacts",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("job_title", sa.String(length=120), nullable=True),
        sa.Column("department", sa.String(length=120), nullable=True),
        sa.Column("role", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("mobile", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("wechat", sa.String(length=60), nullable=True),
        sa.Column("salutation", sa.String(length=40), nullable=True),
        sa.Column("gender", sa.String(length=80), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("language", sa.String(length=80), nullable=True),
        sa.Column("preferred_channel", sa.String(length=80), nullable=True),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
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
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("custom", JsonText(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_core_contacts_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["core_users.id"],
            name="fk_core_contacts_owner_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["core_teams.id"],
            name="fk_core_contacts_team_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_contacts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_contacts_created_at_id", "core_contacts", ["created_at", "id"])
    op.create_index("ix_core_contacts_customer_id_id", "core_contacts", ["customer_id", "id"])
    op.create_index("ix_core_contacts_email_id", "core_contacts", ["email", "id"])
    op.create_index("ix_core_contacts_name_key_id", "core_contacts", ["name_key", "id"])
    op.create_index(
        "ix_core_contacts_owner_id_updated_at_id", "core_contacts", ["owner_id", "updated_at", "id"]
    )
    op.create_index("ix_core_contacts_phone_id", "core_contacts", ["phone", "id"])
    op.create_index("ix_core_contacts_team_id_id", "core_contacts", ["team_id", "id"])
    op.create_index("ix_core_contacts_updated_at_id", "core_contacts", ["updated_at", "id"])
    op.create_table(
        "core_event",
        sa.Column("id", Id(), nullable=False),
        sa.Column("commit_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("entity", sa.String(length=80), server_default="", nullable=False),
        sa.Column("ids", JsonText(), nullable=True),
        sa.Column("payload", JsonText(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["commit_id"], ["core_commit.id"], name="fk_core_event_commit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_core_event"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_event_commit_id", "core_event", ["commit_id"])
    op.create_table(
        "core_purchases",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("product_id", Id(), nullable=True),
        sa.Column("quantity", Scaled(3), nullable=False),
        sa.Column("amount", Money(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("external_reference", sa.String(length=80), nullable=True),
        sa.Column(
            "external_reference_key",
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
            ["customer_id"],
            ["core_customers.id"],
            name="fk_core_purchases_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core_products.id"],
            name="fk_core_purchases_product_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_purchases"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_purchases_amount_id", "core_purchases", ["amount", "id"])
    op.create_index("ix_core_purchases_at_id", "core_purchases", ["at", "id"])
    op.create_index("ix_core_purchases_created_at_id", "core_purchases", ["created_at", "id"])
    op.create_index("ix_core_purchases_customer_id_id", "core_purchases", ["customer_id", "id"])
    op.create_index(
        "ix_core_purchases_external_reference_key_id",
        "core_purchases",
        ["external_reference_key", "id"],
    )
    op.create_index("ix_core_purchases_product_id_id", "core_purchases", ["product_id", "id"])
    op.create_index("ix_core_purchases_updated_at_id", "core_purchases", ["updated_at", "id"])
    op.create_table(
        "core_customer_contacts",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("contact_id", Id(), nullable=False),
        sa.Column("role", sa.String(length=80), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Id(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["core_contacts.id"],
            name="fk_core_customer_contacts_contact_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["core_customers.id"],
            name="fk_core_customer_contacts_customer_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_customer_contacts"),
        sa.UniqueConstraint(
            "customer_id",
            "contact_id",
            name="uq_core_customer_contacts_customer_id_contact_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_customer_contacts_contact_id_id", "core_customer_contacts", ["contact_id", "id"])
    op.create_index("ix_core_customer_contacts_created_at_id", "core_customer_contacts", ["created_at", "id"])
    op.create_index(
        "ix_core_customer_contacts_customer_id_id",
        "core_customer_contacts",
        ["customer_id", "id"],
    )
    op.create_index("ix_core_customer_contacts_updated_at_id", "core_customer_contacts", ["updated_at", "id"])
