"""Laying out generated migrations: the calls that alembic writes, as a person would have written them."""

from __future__ import annotations

import ast

LINE = 110
# What alembic spells out although it is the default, or what belongs to our declarations and not to the database.
NOISE = {"schema": "None", "unique": "False", "if_not_exists": "None", "info": None}


def layout(source: str, indent: str = "    ") -> str:
    """Return the statements of *source* laid out for ruff, each line starting with *indent*."""
    return "\n".join(_statement(node, indent) for node in ast.parse(source).body)


def _statement(node: ast.stmt, indent: str) -> str:
    if isinstance(node, ast.With):
        item = node.items[0]
        head = _wrapped(
            item.context_expr, indent, f"with {_spell(item.context_expr)} as {_name(item)}:", "with "
        )
        head = head if head.endswith(":") else f"{head} as {_name(item)}:"
        return "\n".join([head, *(_statement(each, indent + "    ") for each in node.body)])
    if isinstance(node, ast.Expr):
        return _wrapped(node.value, indent, _spell(node.value))
    return indent + ast.unparse(node)


def _name(item: ast.withitem) -> str:
    return ast.unparse(item.optional_vars) if item.optional_vars is not None else "_"


def _wrapped(node: ast.expr, indent: str, flat: str, lead: str = "") -> str:
    if len(indent) + len(flat) <= LINE and not _is_table(node):
        return indent + flat
    return indent + lead + _broken(node, indent)


def _is_table(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "op.create_table"


def _broken(node: ast.expr, indent: str) -> str:
    inner = indent + "    "
    if isinstance(node, ast.Call) and _label(node) is None:
        opening, closing = f"{_spell(node.func)}(", ")"
        parts = [
            *(("", each) for each in node.args),
            *((f"{each.arg}=", each.value) for each in _keywords(node)),
        ]
    elif isinstance(node, ast.List):
        opening, closing = "[", "]"
        parts = [("", each) for each in node.elts]
    else:
        return _spell(node)
    if not parts:
        return _spell(node)
    lines = [_part(lead, each, inner) for lead, each in parts]
    return "\n".join([opening, *lines, f"{indent}{closing}"])


def _part(lead: str, node: ast.expr, indent: str) -> str:
    flat = f"{indent}{lead}{_spell(node)},"
    return flat if len(flat) <= LINE else f"{indent}{lead}{_broken(node, indent)},"


def _spell(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _spell_text(node.value)
    if isinstance(node, ast.Call):
        return _spell_call(node)
    if isinstance(node, ast.Attribute):
        return f"{_spell(node.value)}.{node.attr}"
    return _spell_display(node) if isinstance(node, ast.List | ast.Dict) else ast.unparse(node)


def _spell_text(value: str) -> str:
    text = repr(value)
    return f'"{text[1:-1]}"' if text.startswith("'") and '"' not in text else text


def _spell_call(node: ast.Call) -> str:
    label = _label(node)
    if label is not None:
        return _spell(label)
    arguments = [*map(_spell, node.args), *(f"{each.arg}={_spell(each.value)}" for each in _keywords(node))]
    return f"{_spell(node.func)}({', '.join(arguments)})"


def _spell_display(node: ast.List | ast.Dict) -> str:
    if isinstance(node, ast.List):
        return f"[{', '.join(map(_spell, node.elts))}]"
    pairs = zip(node.keys, node.values, strict=True)
    return "{" + ", ".join(f"{_spell(key)}: {_spell(value)}" for key, value in pairs if key is not None) + "}"


def _label(node: ast.Call) -> ast.expr | None:
    """Return what ``op.f(...)`` wraps: names are final here, as no naming convention runs in a migration."""
    is_label = isinstance(node.func, ast.Attribute) and node.func.attr == "f"
    return node.args[0] if is_label and len(node.args) == 1 else None


def _keywords(node: ast.Call) -> list[ast.keyword]:
    return [each for each in node.keywords if not _is_noise(each)]


def _is_noise(keyword: ast.keyword) -> bool:
    if keyword.arg not in NOISE:
        return False
    default = NOISE[keyword.arg]
    return default is None or ast.unparse(keyword.value) == default
