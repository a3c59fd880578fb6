from __future__ import annotations

import pytest

from crmframe.application import Application
from crmframe.kernel.lifecycle import disable, enable
from tests.web.people import PLUGINS, People, host_of, settings_for


@pytest.fixture
def host(database_kind, copied_database_url, tmp_path):
    def build(url: str) -> None:
        Application(settings_for(url, tmp_path)).close()

    url = copied_database_url("web", database_kind, build)
    opened = host_of(settings_for(url, tmp_path, "visible", "unguarded"))
    yield opened
    opened.close()


@pytest.fixture
def reader(people: People):
    return people.program(people.user("anna", grants=(("core.customer.read", "own"),)))


def test_a_plugin_s_page_is_served_with_the_actor_and_the_security_headers(reader):
    answer = reader.get("/p/visible/number/7")

    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == 7
    assert answer.json()["door"] == "web"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_a_page_asks_for_its_permission(people):
    stranger = people.program(people.user("stranger"))

    assert stranger.get("/p/visible/number/7").status_code == 403
    assert people.client().get("/p/visible/number/7").status_code == 401


def test_a_public_page_serves_everybody(people, reader):
    assert people.client().get("/p/visible/greeting?name=Li").json() == {"hello": "Li", "known": False}
    assert reader.get("/p/visible/greeting").json()["known"] is True


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/p/visible/nothing", 404),
        ("GET", "/p/visible", 404),
        ("GET", "/p/visible/number/9223372036854775808", 404),
        ("GET", "/p/visible/number/x", 404),
        ("POST", "/p/visible/number/7", 405),
        ("GET", "/p/visible/broken", 500),
        ("GET", "/p/nobody/x", 404),
    ],
)
def test_what_goes_wrong_there_has_the_one_shape(reader, method, path, status):
    answer = reader.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "x-request-id" in answer.headers


def test_a_page_that_writes_goes_on_elsewhere(reader):
    answer = reader.post("/p/visible/save", data={"x": "1"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/p/visible/greeting")


def test_static_files_of_a_plugin_are_served(people):
    answer = people.client().get("/static/visible/visible.css")

    assert answer.status_code == 200
    assert "green" in answer.text


def test_a_route_that_nobody_decided_about_is_left_out_and_named(host, people, reader):
    assert reader.get("/p/unguarded/leak").status_code == 404
    admin = people.program(people.user("root", is_admin=True))
    lines = {line["name"]: line for line in admin.get("/-/plugins").json()["plugins"]}

    assert "page(...)" in lines["unguarded"]["routes_left_out"]
    assert lines["visible"]["routes_left_out"] == ""


def test_enabling_and_disabling_swap_what_is_served(database_kind, copied_database_url, tmp_path):
    def build(url: str) -> None:
        Application(settings_for(url, tmp_path)).close()

    url = copied_database_url("web", database_kind, build)
    settings = settings_for(url, tmp_path)
    settings.plugins.managed = "db"
    host = host_of(settings)
    client = People(host).client()
    options, at = settings.plugin_options(), host.site.application.clock()
    try:
        assert client.get("/p/visible/greeting").status_code == 404
        enable(host.site.application.database.engine, options, "visible", by="test", at=at)
        host.check_now()
        assert client.get("/p/visible/greeting").status_code == 200
        disable(host.site.application.database.engine, options, "visible", by="test", at=at)
        host.check_now()
        assert client.get("/p/visible/greeting").status_code == 404
    finally:
        client.close()
        host.close()


def test_the_folder_of_the_test_plugins_is_found():
    assert (PLUGINS / "visible" / "crmframe_plugin.toml").exists()
