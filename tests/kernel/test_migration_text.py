"""Generated statements are laid out as a person would have written them."""

from __future__ import annotations

import pytest

from crmframe.kernel.migration_text import layout

LONG = ", ".join(f"'a_rather_long_name_of_a_column_{number}'" for number in range(6))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("pass", "    pass"),
        ("op.drop_table('x')", '    op.drop_table("x")'),
        ("op.execute('it\\'s')", '    op.execute("it\'s")'),
        ("op.execute('say \"so\"')", "    op.execute('say \"so\"')"),
        (
            "op.drop_index(op.f('ix_x'), table_name='x', schema=None)",
            '    op.drop_index("ix_x", table_name="x")',
        ),
        (
            "with op.batch_alter_table('x', schema=None) as batch:\n    batch.drop_column('y')",
            '    with op.batch_alter_table("x") as batch:\n        batch.drop_column("y")',
        ),
        ("with lock():\n    pass", "    with lock() as _:\n        pass"),
        ("op.f('label')", '    "label"'),
        ("op.create_table()", "    op.create_table()"),
        ("x = 1", "    x = 1"),
    ],
)
def test_short_statement_stays_on_one_line(source: str, expected: str) -> None:
    assert layout(source) == expected


def test_long_list_is_broken_one_by_one() -> None:
    lines = layout(f"op.create_index('ix', 't', [{LONG}])").splitlines()

    assert lines[:4] == ["    op.create_index(", '        "ix",', '        "t",', "        ["]
    assert lines[4] == '            "a_rather_long_name_of_a_column_0",'
    assert lines[-2:] == ["        ],", "    )"]


def test_what_cannot_be_broken_stays_long() -> None:
    text = "x" * 120

    assert layout(f"op.execute({text!r})").splitlines() == ["    op.execute(", f'        "{text}",', "    )"]
    assert layout(f"op.execute(*[{LONG}])").splitlines()[0] == "    op.execute("


def test_long_head_of_a_batch_is_broken() -> None:
    lines = layout(
        f"with op.batch_alter_table('x', naming={{{LONG.replace(',', ': 1,')}: 1}}) as batch:\n    pass"
    ).splitlines()

    assert lines[0] == "    with op.batch_alter_table("
    assert lines[-2:] == ["    ) as batch:", "        pass"]
