"""Raises in a guard."""

from crmframe.hookspecs import hookimpl


@hookimpl
def before_create(change: object) -> None:
    raise RuntimeError("cannot check")
