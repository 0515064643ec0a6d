"""Refusals as a client meets them: API keys that nobody shows, what is wrong in a header, what is near."""

from __future__ import annotations

import io
import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from mock_server.core.refuse import MAX_HEADER, MAX_LISTED
from mock_server.mask import Hidden, hide, mask_target
from mock_server.settings import Settings
from mock_server.source import Source, load
from mock_server.spec.document import open_document
from mock_server.spec.security import api_keys, read_security, security_problems
from mock_server.state.memory import MemoryStore
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.web.unrouted import allowed_methods
from mock_server.world import build_world
from tests.support import FakeChance, FakeWall, make_app, make_client

OK = {"200": {"description": "d"}}


def write(folder: Path, paths: dict[str, Any], **parts: Any) -> Path:
    path = folder / "openapi.json"
    path.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths, **parts}))
    return path


KEYS = {
    "securitySchemes": {
        "a": {"type": "apiKey", "in": "header", "name": "X-Mine"},
        "b": {"type": "apiKey", "in": "query", "name": "my key"},
        "c": {"$ref": "#/components/securitySchemes/a"},
        "cert": {"type": "mutualTLS"},
    }
}


def test_api_keys_are_in_no_journal_and_no_line_of_the_log(tmp_path: Path) -> None:
    settings = Settings(specs=(write(tmp_path, {"/a": {"get": {"responses": OK}}}, components=KEYS),))
    wall, stream = FakeWall(), io.StringIO()
    log = RequestLog(stream)
    app = MockApp(Live(build_world(settings), MemoryStore(wall), settings, log, FakeChance(), wall=wall))
    client = make_client(app)
    assert client.get("/a?my+key=s3same&x=1&my%20key=s3same", headers={"X-Mine": "0pen"}).status_code == 200
    log.flush()
    seen = client.get("/__mock/journal").text + stream.getvalue()
    assert "s3same" not in seen
    assert "0pen" not in seen
    assert "my+key=***&x=1" in seen


def test_only_the_value_of_a_hidden_parameter_is_masked() -> None:
    hidden = hide([("query", "k"), ("header", "X-K"), ("cookie", "c")])
    assert hidden == Hidden(frozenset({"x-k"}), frozenset({"k"}))
    assert mask_target("/k=1/a?kk=1&k=2&k&%6B=3#k=4", hidden) == "/k=1/a?kk=1&k=***&k&%6B=***"
    assert mask_target("/a?k=2") == "/a?k=2"


def test_check_says_of_a_scheme_that_it_cannot_be_judged(tmp_path: Path) -> None:
    path = write(tmp_path, {}, components=KEYS)
    (problem,) = security_problems(open_document(load(Source("openapi.json", path.read_text()))))
    assert (problem.code, problem.severity) == ("MS212", "warning")
    assert problem.message == "the security scheme 'cert' (mutualTLS) cannot be judged, so it is always satisfied"


ODD = [
    {"type": "http"},
    {"type": "http", "scheme": ""},
    {"type": "apiKey", "in": "body", "name": "n"},
    {"type": "apiKey", "in": "query"},
    {"type": "apiKey", "in": "query", "name": ""},
    {"type": "magic"},
    {},
]


@pytest.mark.parametrize("scheme", ODD)
def test_a_scheme_that_says_too_little_keeps_nobody_out_and_check_tells_it(scheme: dict[str, str]) -> None:
    text = json.dumps({"openapi": "3.1.0", "components": {"securitySchemes": {"odd": scheme}}, "paths": {}})
    document = open_document(load(Source("openapi.json", text)))
    (problem,) = security_problems(document)
    assert (problem.code, problem.pointer) == ("MS212", "/components/securitySchemes/odd")
    ((requirement,),) = read_security(document, {"security": [{"odd": None}]}, ())
    assert requirement.kind == "unjudged"
    assert list(api_keys(document)) == []


LIST = {
    "/list": {
        "post": {
            "requestBody": {
                "content": {"application/json": {"schema": {"type": "array", "items": {"type": "integer"}}}}
            },
            "responses": OK,
        }
    }
}


def test_a_body_with_very_many_faults_has_a_bounded_answer(tmp_path: Path) -> None:
    client = make_client(make_app(write(tmp_path, LIST)))
    started = process_time()
    answer = client.post("/list", json=["é\n" * 5] * 5_000)
    assert process_time() - started < 10  # seconds of the processor, whatever else the machine does
    assert answer.status_code == 422
    assert len(answer.json()["violations"]) == MAX_LISTED
    assert answer.json()["more"] >= 100
    assert len(answer.content) < 200_000


def test_the_header_is_one_short_line_of_ascii(tmp_path: Path) -> None:
    client = make_client(make_app(write(tmp_path, LIST), no_errors=True))
    answer = client.post("/list", json=["é\r\nX: y\n" * 9] * 50)
    assert answer.status_code == 200
    header = answer.headers["mock-violations"]
    assert len(header) <= MAX_HEADER
    assert header.isascii()
    assert header.isprintable()
    *told, rest = json.loads(header)
    assert {each["rule"] for each in told} == {"type"}
    assert rest == {"more": 50 - len(told)}


def test_no_errors_is_in_the_journals_reasons(tmp_path: Path) -> None:
    client = make_client(make_app(write(tmp_path, LIST), no_errors=True))
    client.post("/list", json=["x"])
    (entry,) = client.get("/__mock/journal").json()["entries"]
    assert "document: 1 violations are overlooked (--no-errors)" in entry["reasons"]


DEFAULT = {
    "/a": {
        "get": {
            "parameters": [{"name": "n", "in": "query", "required": True, "schema": {"type": "integer"}}],
            "responses": {
                **OK,
                "500": {
                    "description": "d",
                    "content": {"application/json": {"examples": {"x": {"value": {"is": "500"}}}}},
                },
                "default": {
                    "description": "d",
                    "content": {"application/json": {"examples": {"x": {"value": {"is": "default"}}}}},
                },
            },
        }
    }
}


def test_an_example_of_the_same_name_under_another_status_is_not_taken_for_it(tmp_path: Path) -> None:
    answer = make_client(make_app(write(tmp_path, DEFAULT))).get("/a")
    assert (answer.status_code, answer.json()) == (422, {"is": "default"})


@pytest.mark.parametrize(
    "described, allowed",
    [
        (["POST"], ("OPTIONS", "POST")),
        (["GET"], ("GET", "HEAD", "OPTIONS")),
        (["GET", "HEAD", "OPTIONS"], ("GET", "HEAD", "OPTIONS")),
    ],
)
def test_what_a_path_answers_to(described: list[str], allowed: tuple[str, ...]) -> None:
    assert allowed_methods(described) == allowed


def test_a_404_of_a_large_document_comes_at_once(tmp_path: Path) -> None:
    paths = {f"/things{number}/{{id}}/parts/{{part}}": {"get": {"responses": OK}} for number in range(1_000)}
    client = make_client(make_app(write(tmp_path, paths, servers=[{"url": "/v1"}])))
    client.get("/nothing")
    started = process_time()
    answer = client.get("/v2/things77/1/parts/2" + "/x" * 2_000)
    assert process_time() - started < 1
    assert answer.status_code == 404
    assert len(answer.content) < 2_000
    hint = client.get("/v2/things77/1/parts/2").json()["hint"]
    path = "/things77/1/parts/2"
    assert hint == f"/v2 is no base path of GET {path}, which is served as /v1{path} and {path}"
