from __future__ import annotations

import re

import pytest

METHODS = ("get", "post", "patch", "delete")


@pytest.fixture
def document(admin):
    answer = admin.get("/api/v1/openapi.json")
    assert answer.status_code == 200, answer.text
    return answer.json()


def references(data):
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(data, list):
        for item in data:
            yield from references(item)


def resolve(document, reference):
    found = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item, item[method]


def test_the_document_is_openapi_3_1_without_loose_ends(document):
    assert document["openapi"] == "3.1.0"
    for reference in references(document):
        resolve(document, reference)
    ids = [operation["operationId"] for *_, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_every_path_parameter_is_declared(document):
    for path, _method, item, operation in operations(document):
        declared = [*item.get("parameters", []), *operation.get("parameters", [])]
        names = {
            p["name"]
            for p in (resolve(document, d["$ref"]) if "$ref" in d else d for d in declared)
            if p["in"] == "path"
        }
        assert set(re.findall(r"\{([a-z_]+)\}", path)) == names, path


def test_every_operation_says_how_it_fails(document):
    for path, _method, _item, operation in operations(document):
        assert {"401", "403"} <= operation["responses"].keys(), path


def test_every_route_of_the_api_is_described(host, document):
    (
        {entity.slug for entity in host.site.registry_entities()}
        if hasattr(host.site, "registry_entities")
        else None
    )
    served = {
        (m, p) for methods, p in host.site.router.patterns if p.startswith("/api/v1") for m in methods.split()
    }
    described = {
        (method.upper(), re.sub(r"\{id\}", "{id:int}", f"/api/v1{path}").rstrip("/"))
        for path, method, *_ in operations(document)
    }
    generic = set()
    for method, path in described:
        parts = path.split("/")
        if len(parts) > 3 and parts[3] not in {"me", "changes", "search", "operations", "files"}:
            parts[3] = "{slug}"
            if len(parts) == 6 and parts[5] != "history":
                parts[5] = "{verb}"
        generic.add((method, "/".join(parts)))

    assert served - generic == {("GET", "/api/v1/openapi.json")}


def test_a_described_record_has_the_fields_of_a_real_one(admin, document):
    record = admin.post("/api/v1/customers", json={"name": "Acme"}).json()

    assert record.keys() == document["components"]["schemas"]["CoreCustomer"]["properties"].keys()


def test_only_what_the_reader_may_read_is_described(people):
    anna = people.program(people.user("anna", grants=(("core.customer.read", "own"),)))

    paths = anna.get("/api/v1/openapi.json").json()["paths"]

    assert "/customers" in paths
    assert "/contacts" not in paths
