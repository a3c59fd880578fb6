"""Misspells a hook."""

from crmframe.hookspecs import hookimpl


@hookimpl
def befor_create(change: object) -> None:
    pass
