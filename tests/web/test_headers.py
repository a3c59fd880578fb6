from __future__ import annotations

import json
import logging

import pytest

EXPECTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/customers", 200),
        ("GET", "/api/v1/customers/99", 404),
        ("GET", "/nothing/at/all", 404),
        ("PUT", "/api/v1/customers", 405),
        ("POST", "/api/v1/customers", 422),
        ("GET", "/login", 303),
        ("GET", "/-/health", 200),
        ("GET", "/static/core/vendor/htmx.min.js", 200),
        ("GET", "/static/core/../asgi.py", 404),
        ("GET", "/static/core/%2e%2e/asgi.py", 404),
    ],
)
def test_every_response_is_protected(admin, method, path, status):
    answer = admin.request(method, path, json={} if method == "POST" else None)

    assert answer.status_code == status, answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED
    assert "permissions-policy" in answer.headers
    assert len(answer.headers["x-request-id"]) >= 8


def test_private_pages_are_not_kept_and_static_files_are(admin):
    assert admin.get("/api/v1/customers").headers["cache-control"] == "no-store"
    assert admin.get("/nothing").headers["cache-control"] == "no-store"
    assert "immutable" in admin.get("/static/core/vendor/htmx.min.js?v=1").headers["cache-control"]


def test_the_request_id_of_a_proxy_is_kept_unless_it_is_strange(admin):
    kept = admin.get("/api/v1/me", headers={"x-request-id": "proxy-12345678"})
    replaced = admin.get("/api/v1/me", headers={"x-request-id": "<script>alert(1)"})

    assert kept.headers["x-request-id"] == "proxy-12345678"
    assert replaced.headers["x-request-id"].isalnum()


def test_head_has_the_headers_and_no_body(admin):
    answer = admin.head("/api/v1/customers")

    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-type"] == "application/json"


def test_the_access_log_is_json_with_the_ids_and_without_the_query(admin, capfd):
    from crmframe.logs import configure_logs

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs()
    try:
        made = admin.post("/api/v1/customers?secret=1", json={"name": "Acme"})
    finally:
        root.handlers[:], root.level = handlers, level
        import structlog

        structlog.reset_defaults()

    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    [line] = [line for line in lines if line["event"] == "request"]
    assert line["request_id"] == made.headers["x-request-id"]
    assert str(line["operation"]) == made.headers["crmframe-operation"]
    assert line["path"] == "/api/v1/customers"
    assert line["status"] == 201
    assert "secret" not in json.dumps(line)
