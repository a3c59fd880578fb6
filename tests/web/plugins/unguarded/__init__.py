"""A plugin with a route that nobody decided about."""

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from crmframe.api import hookimpl


async def leak(request):
    return PlainTextResponse("everything")


@hookimpl
def routes():
    return [Route("/leak", leak)]
