"""Fails while it declares."""

from crmframe.hookspecs import hookimpl


@hookimpl
def menu() -> list[object]:
    raise SystemExit("while declaring")
