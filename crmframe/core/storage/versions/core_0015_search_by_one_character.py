"""The search index of SQLite also knows how words begin by one character: typing starts with one."""

from alembic import op

revision = "core_0015"
down_revision = "core_0014"

INDEX = (
    "CREATE VIRTUAL TABLE core_search_index USING fts5(doc, content='core_search_document', content_rowid='id', "
    "tokenize='ascii', detail=none, columnsize=0, prefix='1 2 3')"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE core_search_index")
        op.execute(INDEX)
        op.execute("INSERT INTO core_search_index(core_search_index) VALUES ('rebuild')")
