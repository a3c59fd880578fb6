"""Implements a hook as a coroutine."""

from crmframe.hookspecs import hookimpl


@hookimpl
async def notices(context: object) -> list[str]:
    return []
