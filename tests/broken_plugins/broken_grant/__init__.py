"""Does not ask for what it does."""

from crmframe.hookspecs import hookimpl


@hookimpl
def amend_policy(context: object, value: object) -> object:
    return value
