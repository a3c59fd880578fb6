"""A deal may have more than one handover note."""

from alembic import op

revision = "sales_0006"
down_revision = "sales_0005"


def upgrade() -> None:
    with op.batch_alter_table(
        "sales_handover_notes",
        table_kwargs={"sqlite_autoincrement": True},
    ) as batch_op:
        batch_op.drop_constraint("uq_sales_handover_notes_deal_id", type_="unique")
