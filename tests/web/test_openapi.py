"""The description of the API: it is valid, whole, and what the API really answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask.testing import FlaskClient
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.web import rich_store
from tests.web.rich_store import CASE, LEAF, PACED, READ, REFUSED, ROOT, WAITING
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.tokens import create_token
from tracker.web import create_app
from tracker.web.openapi import document, operations

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
JOBS = "/api/v1/jobs"
HOOK = "/api/v1/hooks/jenkins"


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of a tracker that has something to tell of everything."""
    home = tmp_path_factory.mktemp("rich")
    settings = Settings.load({}, home=home / "home", output=home / "output")
    connection.open_store(settings.store)
    rich_store.fill()
    yield create_app(settings).test_client()
    connection.close_store()


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return document("/", is_open=True)


def strict(schema: dict[str, Any], api: dict[str, Any]) -> jsonschema_rs.Validator:
    """A validator that also refuses what the schema does not name."""
    named = {
        name: {**each, "additionalProperties": False} if "properties" in each else each
        for name, each in api["components"]["schemas"].items()
    }
    whole = {**schema, "components": {"schemas": named}}
    return jsonschema_rs.validator_for(whole, validate_formats=True)


def schema_of(api: dict[str, Any], path: str, method: str, status: int) -> dict[str, Any]:
    """The schema of the JSON that an operation answers with a status."""
    answer = api["paths"][path][method]["responses"][str(status)]
    if "$ref" in answer:
        answer = api["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content = answer["content"]
    kind = "application/json" if status < 400 else "application/problem+json"
    found: dict[str, Any] = content[kind]["schema"]
    return found


def test_the_document_is_valid(api: dict[str, Any]) -> None:
    OPENAPI_31_VALIDATOR.validate(api)
    for schema in api["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_names_of_schemas_say_nothing_of_modules(api: dict[str, Any]) -> None:
    assert all(re.fullmatch(r"\w+", name) for name in api["components"]["schemas"])


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(api: dict[str, Any]) -> None:
    rows = [row for methods in api["paths"].values() for row in methods.values()]
    assert len({row["operationId"] for row in rows}) == len(rows)
    assert all(row["summary"].endswith(".") for row in rows)


def test_every_route_of_the_api_is_described_and_there_is_no_other(settings: Settings) -> None:
    app = create_app(settings)
    routes = {
        (str(rule), method.lower())
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    below = "/api/v1/jobs/<path:path>"
    described = {
        (below if row.path.startswith("/api/v1/jobs/") else row.rule, row.method)
        for row in operations()
    }
    assert described == routes


ANSWERS = [
    (JOBS, JOBS),
    (f"{JOBS}/{{job}}", f"{JOBS}/{LEAF}"),
    (f"{JOBS}/{{job}}/builds", f"{JOBS}/{LEAF}/builds?limit=200"),
    (f"{JOBS}/{{job}}/builds/{{build}}", f"{JOBS}/{LEAF}/builds/24"),
    (f"{JOBS}/{{job}}/builds/{{build}}/run", f"{JOBS}/{ROOT}/builds/24/run"),
    (f"{JOBS}/{{job}}/builds/{{build}}/reports", f"{JOBS}/{LEAF}/builds/24/reports"),
    (f"{JOBS}/{{job}}/builds/{{build}}/results", f"{JOBS}/{LEAF}/builds/24/results?limit=2"),
    (f"{JOBS}/{{job}}/builds/{{build}}/missing", f"{JOBS}/lacking/builds/10/missing"),
    (f"{JOBS}/{{job}}/cases/{{case}}", f"{JOBS}/{LEAF}/cases/{CASE}"),
    (f"{JOBS}/{{job}}/cases/{{case}}", f"{JOBS}/{PACED}/cases/{CASE}"),
    (f"{JOBS}/{{job}}/cases/{{case}}/facets", f"{JOBS}/{LEAF}/cases/{rich_store.ODD}/facets"),
    (f"{JOBS}/{{job}}/cases/{{case}}/explain", f"{JOBS}/{LEAF}/cases/{CASE}/explain?as_of=20"),
    ("/api/v1/flaky", "/api/v1/flaky"),
    ("/api/v1/cases", "/api/v1/cases?q=s"),
    ("/api/v1/families", "/api/v1/families"),
    ("/api/v1/families/{family}", f"/api/v1/families/{rich_store.FAMILY}"),
    ("/api/v1/missing", "/api/v1/missing"),
    ("/api/v1/compare", f"/api/v1/compare?b={LEAF}&a=release:1.9"),
    ("/api/v1/releases", "/api/v1/releases"),
    ("/api/v1/readiness", "/api/v1/readiness?list=regressed"),
    ("/api/v1/ingests/{key}", f"/api/v1/ingests/{READ}"),
    ("/api/v1/ingests/{key}", f"/api/v1/ingests/{REFUSED}"),
    ("/api/v1/ingests/{key}", f"/api/v1/ingests/{WAITING}"),
    ("/api/v1/openapi.json", "/api/v1/openapi.json"),
]


@pytest.mark.parametrize(("template", "path"), ANSWERS)
def test_an_answer_is_what_its_schema_says(
    rich: FlaskClient, api: dict[str, Any], template: str, path: str
) -> None:
    answer = rich.get(path)
    assert answer.status_code == 200, answer.text
    strict(schema_of(api, template, "get", 200), api).validate(answer.json)


def test_every_operation_that_reads_is_among_those() -> None:
    assert {template for template, _ in ANSWERS} == {
        row.path for row in operations() if row.method == "get"
    }


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{JOBS}/{LEAF}/builds/24", "about"),
        (f"{JOBS}/{LEAF}/builds/24/reports", "items"),
        (f"{JOBS}/{LEAF}/cases/{CASE}", "current"),
        (f"{JOBS}/{LEAF}/cases/{CASE}", "catalogue"),
        (f"{JOBS}/{LEAF}/cases/{rich_store.ODD}/facets", "facets"),
        (f"{JOBS}/{PACED}/cases/{CASE}", "pace"),
        ("/api/v1/flaky", "items"),
        (f"/api/v1/families/{rich_store.FAMILY}", "decisions"),
        (f"/api/v1/families/{rich_store.FAMILY}", "failing"),
        ("/api/v1/missing", "items"),
        (f"{JOBS}/lacking/builds/10/missing", "items"),
        (f"/api/v1/compare?b={LEAF}&a=release:1.9", "items"),
        ("/api/v1/readiness?list=regressed", "items"),
        (f"/api/v1/ingests/{READ}", "answer"),
    ],
)
def test_the_rich_store_has_something_to_tell(rich: FlaskClient, path: str, field: str) -> None:
    assert rich.get(path).json[field]


@pytest.mark.parametrize(
    ("template", "path", "status"),
    [
        (f"{JOBS}/{{job}}", f"{JOBS}/nobody", 404),
        (JOBS, f"{JOBS}?limit=0", 400),
        (JOBS, f"{JOBS}?limit=2&limit=3", 400),
        ("/api/v1/compare", "/api/v1/compare", 400),
        ("/api/v1/ingests/{key}", f"/api/v1/ingests/{READ}?x=1", 400),
    ],
)
def test_an_error_is_what_its_schema_says(
    rich: FlaskClient, api: dict[str, Any], template: str, path: str, status: int
) -> None:
    answer = rich.get(path)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    strict(schema_of(api, template, "get", status), api).validate(answer.json)


@pytest.mark.parametrize(("data", "prefer", "status"), [
    (rich_store.REPORT, "", 201),
    (rich_store.REPORT, "respond-async", 202),
    (b"no report", "", 415),
])  # fmt: skip
def test_the_answer_to_an_upload_is_what_its_schema_says(
    client: FlaskClient, token: str, api: dict[str, Any], data: bytes, prefer: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token}", "Prefer": prefer}
    answer = client.post("/api/v1/ingest?job=n&build=1", data=data, headers=headers)
    assert answer.status_code == status
    strict(schema_of(api, "/api/v1/ingest", "post", status), api).validate(answer.json)


def test_the_answer_to_a_knock_is_what_its_schema_says(
    client: FlaskClient, store: Path, api: dict[str, Any]
) -> None:
    token = create_token("hook", now=0, scope="hook")
    for template, path in ((HOOK, HOOK), (f"{HOOK}/{{key}}", f"{HOOK}/{token}")):
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post(path, data="job=n&number=1", headers=headers)
        assert answer.status_code == 202
        strict(schema_of(api, template, "post", 202), api).validate(answer.json)


@pytest.mark.parametrize("path", ["/api/v1/ingest", HOOK, f"{HOOK}/x"])
def test_where_something_is_sent_there_is_nothing_to_get(client: FlaskClient, path: str) -> None:
    for method, status in (("OPTIONS", 200), ("GET", 405), ("HEAD", 405), ("PUT", 405)):
        answer = client.open(path, method=method)
        assert answer.status_code == status
        assert set(answer.headers["Allow"].split(", ")) >= {"OPTIONS", "POST"}
    assert set(client.options(path).headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_the_document_has_a_tag_by_which_it_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/api/v1/openapi.json")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_who_may_read_is_in_the_document() -> None:
    security = {
        is_open: document("/", is_open=is_open)["paths"][JOBS]["get"]["security"]
        for is_open in (True, False)
    }
    assert {} in security[True]
    assert security[False] == [{"bearer": []}, {"basic": []}]


@pytest.mark.parametrize("reading", ["open", "token"])
def test_what_the_document_calls_closed_is_closed(
    settings: Settings, store: Path, reading: str
) -> None:
    its = Settings.load({}, home=settings.home, output=settings.output, reading=reading)
    client = create_app(its).test_client()
    for path, methods in document("/", is_open=reading == "open")["paths"].items():
        for method, row in methods.items():
            answer = client.open(re.sub(r"\{\w+\}", "1", path), method=method)
            is_closed = bool(row["security"]) and {} not in row["security"]
            by_address = path.endswith("/hooks/jenkins/{key}")
            assert (answer.status_code == 401) == (is_closed or by_address), (method, path)


def test_the_server_is_the_address_people_reach_the_tracker_at(settings: Settings) -> None:
    its = Settings.load({}, home=settings.home, base_url="https://tracker.example/x")
    connection.open_store(its.store)
    told = create_app(its).test_client().get("/api/v1/openapi.json").json
    connection.close_store()
    assert told["servers"] == [{"url": "https://tracker.example/x"}]


def test_what_asks_for_another_form_than_json_is_406(client: FlaskClient) -> None:
    assert client.get(JOBS, headers={"Accept": "image/png"}).status_code == 406
    for accepted in ("*/*", "application/json", "text/html, */*;q=0.1", "application/*"):
        assert client.get(JOBS, headers={"Accept": accepted}).status_code == 200


# The README

ROWS = re.findall(r"^\| `(/api/v1/[^`]*)` \| (.*) \|$", README, re.M)


def template_of(address: str) -> str:
    """The path of the document that an address of the README stands for."""
    names = {"<job>": "{job}", "<n>": "{build}", "<key>": "{case}"}
    path = address.partition("?")[0]
    if path.startswith("/api/v1/families"):
        return path.replace("<id>", "{family}")
    for said, name in names.items():
        path = path.replace(said, name)
    return path.replace("<id>", "{key}")


def test_the_readme_lists_every_operation_that_reads() -> None:
    assert {template_of(address) for address, _ in ROWS} == {
        row.path for row in operations() if row.method == "get"
    }


def names_in(schema: Any, named: dict[str, Any], seen: set[str]) -> set[str]:
    """All names of fields and words that a schema holds, in whatever depth."""
    if isinstance(schema, list):
        return {name for each in schema for name in names_in(each, named, seen)}
    if not isinstance(schema, dict):
        return set()
    found = {*schema.get("properties", {}), *map(str, schema.get("enum", ()))}
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference and reference not in seen:
        found |= names_in(named[reference], named, seen | {reference})
    return found | {name for each in schema.values() for name in names_in(each, named, seen)}


@pytest.mark.parametrize(("address", "told"), ROWS, ids=[address for address, _ in ROWS])
def test_a_name_in_the_readme_is_one_of_the_schema(
    api: dict[str, Any], address: str, told: str
) -> None:
    row = api["paths"][template_of(address)]["get"]
    named = api["components"]["schemas"]
    known = names_in(row["responses"]["200"], named, set())
    known |= names_in([each["schema"] for each in row["parameters"]], named, set())
    known |= {each["name"] for each in row["parameters"]}
    assert set(re.findall(r"`(\w+)`", told)) <= known
    asked = re.findall(r"[?&](\w+)=", address)
    assert set(asked) <= {each["name"] for each in row["parameters"]}
