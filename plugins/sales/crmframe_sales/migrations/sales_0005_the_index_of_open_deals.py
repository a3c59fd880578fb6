"""The index of open deals begins with what makes them open."""

import sqlalchemy as sa
from alembic import op

revision = "sales_0005"
down_revision = "sales_0004"


def upgrade() -> None:
    op.drop_index("ix_sales_deals_open", "sales_deals")
    op.create_index(
        "ix_sales_deals_open",
        "sales_deals",
        [
            "closed_at",
            "archived_at",
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
