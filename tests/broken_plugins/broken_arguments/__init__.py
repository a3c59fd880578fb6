"""Asks for an argument that does not exist."""

from crmframe.hookspecs import hookimpl


@hookimpl
def before_create(change: object, session: object) -> None:
    pass
