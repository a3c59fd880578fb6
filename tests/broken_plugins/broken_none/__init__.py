"""Forgets to return."""

from crmframe.hookspecs import hookimpl


@hookimpl
def menu() -> None:
    pass
