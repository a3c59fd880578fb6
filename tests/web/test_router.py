from __future__ import annotations

import pytest
from starlette.routing import Route

from crmframe.web.errors import MethodNotAllowed, NoSuchPage
from crmframe.web.respond import Call, Reply
from crmframe.web.router import Router, page, plugin_mount


async def app(scope, receive, send):
    pass


async def other(scope, receive, send):
    pass


@pytest.fixture
def router() -> Router:
    made = Router()
    made.add("GET POST", "/deals", app)
    made.add("GET", "/deals/{id:int}", app)
    made.add("GET", "/{slug}/{id:int}", other)
    made.add("GET", "/", app)
    made.mount("/p/sales", other)
    return made


def test_a_literal_segment_wins_over_a_parameter(router):
    assert router.find("GET", "/deals/7") == (app, {"id": 7})
    assert router.find("GET", "/customers/7") == (other, {"slug": "customers", "id": 7})
    assert router.find("GET", "/") == (app, {})


def test_head_is_served_where_get_is(router):
    assert router.find("HEAD", "/deals")[0] is app


def test_a_trailing_slash_changes_nothing(router):
    assert router.find("GET", "/deals/")[0] is app


def test_everything_below_a_mount_is_handed_over(router):
    assert router.find("DELETE", "/p/sales/funnel/7")[0] is other


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/here/at/all",
        "/deals/x",
        "/deals/9223372036854775808",
        "/deals/99999999999999999999",
        "/deals/-1",
        "/deals/٣",
        "/p",
    ],
)
def test_what_is_not_served_is_no_page(router, path):
    with pytest.raises(NoSuchPage):
        router.find("GET", path)


def test_a_wrong_method_names_the_possible_ones(router):
    with pytest.raises(MethodNotAllowed) as raised:
        router.find("DELETE", "/deals")

    assert raised.value.data["allowed"] == "GET, HEAD, POST"


def test_a_path_is_served_once(router):
    with pytest.raises(TypeError, match="served already"):
        router.add("GET", "/deals", other)


def test_a_parameter_has_one_name(router):
    with pytest.raises(TypeError, match="another path calls"):
        router.add("GET", "/{name}/{id:int}/x", other)


def show(call: Call, work: object) -> Reply:
    return Reply()


def test_a_route_without_permission_is_an_error_when_it_is_made():
    with pytest.raises(TypeError, match="permission"):
        page("/funnel", show)


def test_a_route_is_not_public_and_guarded_at_once():
    with pytest.raises(TypeError):
        page("/funnel", show, permission="sales.deal.read", public=True)


def test_a_route_that_nobody_decided_about_is_refused():
    with pytest.raises(TypeError, match=r"page\(\.\.\.\)"):
        plugin_mount("sales", [Route("/funnel", show)])
