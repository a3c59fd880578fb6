"""Returns the wrong types."""

from crmframe.hookspecs import hookimpl


@hookimpl
def menu() -> list[object]:
    return [42]
