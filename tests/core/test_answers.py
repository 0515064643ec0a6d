"""The document's answers: made when first asked for, kept, with headers that clients can use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.cli.banner import banner
from mock_server.core.answer import answer, read, read_head
from mock_server.core.finish import with_status
from mock_server.core.snapshot import Outcome, Snapshot
from mock_server.model import Request
from mock_server.settings import Settings
from mock_server.spec.document import Document
from mock_server.spec.drawn import draw
from mock_server.spec.generate import generate_content
from mock_server.spec.headers import simple
from mock_server.spec.media import MediaType
from mock_server.world import World, build_world, example_problems, provenance_tally
from tests.examples import examples
from tests.support import FakeChance, make_app, make_client

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 900}}}


def made_by(schema: Any = SCHEMA, **more: Any) -> dict[str, Any]:
    """A response whose body has to be made up."""
    return {"description": "ok", "content": {"application/json": {"schema": schema}}, **more}


def world(folder: Path, paths: dict[str, Any], **settings: Any) -> World:
    file = folder / "api.json"
    file.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}))
    return build_world(Settings(specs=(file,), **settings))


def ask(given: World, key: str, *, turn: int = 0, **headers: str) -> Outcome:
    method, path = key.split(" ")
    request = Request(method, path, "", headers, b"", "http://127.0.0.1:4010")
    head = read_head(given.plans[key], request, {}, "")
    return answer(read(head, request), Snapshot("default", 0.0, turn=turn), FakeChance())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each body that is made leaves an entry."""
    made: list[str] = []

    def counting(document: Document, media: MediaType, seed: int = 0) -> Any:
        made.append(f"{media.name} {seed}")
        return generate_content(document, media, seed)

    monkeypatch.setattr("mock_server.core.answers.generate_content", counting)
    return made


def test_nothing_is_made_before_somebody_asks(tmp_path: Path, counted: list[str]) -> None:
    paths = {f"/r{number}": {"get": {"responses": {"200": made_by(), "404": made_by()}}} for number in range(100)}
    found = world(tmp_path, paths)
    assert provenance_tally(found) == {"documented": 0, "observed": 0, "assumed": 200}
    assert "100 operations" in banner(found, "http://127.0.0.1:4010")
    assert len(found.plans) == 100
    assert "GET /r7" in found.plans
    assert list(example_problems(found)) == []
    page = make_client(make_app(tmp_path / "api.json")).get("/", headers={"Accept": "text/html"})
    assert page.text.count('<code class="name">404</code>') == 100
    assert counted == []


def test_a_body_is_made_once_and_the_answer_kept_whole(tmp_path: Path, counted: list[str]) -> None:
    found = world(tmp_path, {"/x": {"get": {"responses": {"200": made_by(), "404": made_by()}}}})
    first = ask(found, "GET /x").answer
    assert len(counted) == 1
    assert ask(found, "GET /x").answer is first
    assert ask(found, "GET /x", accept="application/json").answer is first
    assert ask(found, "GET /x", accept="text/html, */*;q=0.1").answer is first
    assert len(counted) == 1


def test_a_whole_answer_does_not_outlive_what_it_was_made_of(tmp_path: Path) -> None:
    found = world(tmp_path, {"/x": {"get": {"responses": {"200": made_by()}}}})
    response = found.plans["GET /x"].responses["200"]
    assert response.whole is not None
    assert replace(response, status=404).whole is None
    other = with_status(response, 404).whole
    assert other is not None
    assert (other.status, other.body) == (404, response.whole.body)
    empty = with_status(response, 204).whole
    assert empty is not None
    assert (empty.headers, empty.body) == ((), b"")


def test_a_plan_is_made_once(tmp_path: Path) -> None:
    found = world(tmp_path, {"/x": {"get": {"responses": {"200": made_by()}}}})
    target = found.router.find("GET", "/x").target  # type: ignore[union-attr]
    assert target.plan is found.plans["GET /x"] is found.plan("GET /x") is target.plan
    with pytest.raises(AttributeError):
        _ = target.nothing
    with pytest.raises(KeyError):
        found.plans["GET /y"]


def test_the_remembered_accepts_are_bounded(tmp_path: Path) -> None:
    found = world(tmp_path, {"/x": {"get": {"responses": {"200": made_by()}}}})
    for number in range(400):
        assert ask(found, "GET /x", accept=f"a/b{number}, */*;q=0.5").answer.status == 200
    assert ask(found, "GET /x", accept=f"{'a/b, ' * 100}*/*").answer.status == 200
    assert len(found.plans["GET /x"].negotiated) == 256


def numbers(found: World, turns: range, **headers: str) -> list[int]:
    return [json.loads(ask(found, "GET /x", turn=turn, **headers).answer.body)["n"] for turn in turns]


def test_a_dynamic_sequence_is_another_body_each_time_and_the_same_sequence_again(tmp_path: Path) -> None:
    paths = {"/x": {"get": {"responses": {"200": made_by()}}}}
    dynamic = world(tmp_path, paths, dynamic=True, seed=3)
    sequence = numbers(dynamic, range(20))
    assert len(set(sequence)) > 10
    assert numbers(world(tmp_path, paths, dynamic=True, seed=3), range(20)) == sequence
    assert numbers(world(tmp_path, paths, dynamic=True, seed=4), range(20)) != sequence
    assert numbers(world(tmp_path, paths, seed=3), range(20), prefer="dynamic=true") == sequence
    assert len(set(numbers(dynamic, range(20), prefer="dynamic=false"))) == 1
    assert len(set(numbers(dynamic, range(20), prefer="seed=5"))) == 1


def test_the_journal_says_the_seed_and_the_seed_gives_the_body_again(tmp_path: Path) -> None:
    found = world(tmp_path, {"/x": {"get": {"responses": {"200": made_by()}}}}, dynamic=True, seed=7)
    outcome = ask(found, "GET /x", turn=5)
    assert str(outcome.reasons[-1]) == "document: a body made with the seed 700026"
    again = ask(found, "GET /x", turn=99, prefer="seed=700026")
    assert again.answer.body == outcome.answer.body
    assert (outcome.response, outcome.source) == ("generated", "assumed")


def test_serve_seed_makes_other_bodies_without_dynamic_too(tmp_path: Path) -> None:
    paths = {"/x": {"get": {"responses": {"200": made_by()}}}}
    bodies = {ask(world(tmp_path, paths, seed=seed), "GET /x").answer.body for seed in range(8)}
    assert len(bodies) > 4


def test_a_session_sees_its_own_sequence_and_the_same_after_a_reset(tmp_path: Path) -> None:
    world(tmp_path, {"/x": {"get": {"responses": {"200": made_by()}}}})
    client = make_client(make_app(tmp_path / "api.json", dynamic=True))

    def sequence(session: str) -> list[int]:
        return [client.get("/x", headers={"Mock-Session": session}).json()["n"] for _ in range(8)]

    first = sequence("one")
    assert len(set(first)) > 3
    assert sequence("two") == first
    assert sequence("one") != first
    assert client.post("/__mock/reset", headers={"Mock-Session": "one"}).status_code == 200
    assert sequence("one") == first


def test_a_schema_for_which_no_other_body_can_be_made_keeps_the_usual_answer(tmp_path: Path) -> None:
    media = {"schema": {"type": "string", "pattern": "^(?!)$"}, "example": "given"}
    response = {"description": "ok", "content": {"application/json": media}}
    found = world(tmp_path, {"/x": {"get": {"responses": {"200": response}}}})
    given = ask(found, "GET /x", prefer="dynamic=true").answer
    assert (given.status, given.body) == (200, b'"given"')
    assert b"preference-applied" not in dict(given.headers)


def test_a_406_leaves_the_queued_answer_where_it_is(tmp_path: Path) -> None:
    world(tmp_path, {"/x": {"get": {"responses": {"200": made_by(), "201": made_by({"const": 1})}}}})
    client = make_client(make_app(tmp_path / "api.json"))
    client.post("/__mock/next", json={"operation": "GET /x", "response": "201"})
    assert client.get("/x", headers={"Accept": "text/csv"}).status_code == 406
    assert client.get("/x").status_code == 201
    journal = client.get("/__mock/journal").json()["entries"]
    assert any("accepts none of application/json" in str(entry) for entry in journal)


@pytest.mark.parametrize(
    "responses, names",
    [
        ({"200": {}, "4XX": {}, "default": {}, "100": {}, "x-a": {}}, ["200", "4XX", "default"]),
        ({"200": {"content": {"application/json": {"example": 1}}}}, ["200"]),
        ({"200": {"content": {"application/json": {"examples": {"a": {"value": 1}}}}}}, ["a"]),
        ({"200": {"content": {"text/csv": {"examples": {"a": {"value": 1}}}, "application/json": {}}}}, ["200", "a"]),
        (
            {status: {"content": {"a/b": {"examples": {"a": {"value": 1}}}}} for status in ("200", "404", "410")},
            ["a", "a-404", "a-410"],
        ),
        ({"200": {"content": {"a/b": {"examples": {"a": {"summary": "no value"}}}}}}, ["200"]),
    ],
)
def test_the_names_of_the_documents_answers(tmp_path: Path, responses: dict[str, Any], names: list[str]) -> None:
    full = {status: {"description": "d", **response} for status, response in responses.items()}
    found = world(tmp_path, {"/x": {"get": {"responses": full}}})
    assert list(draw(found.operations["GET /x"])) == names
    assert list(found.plans["GET /x"].responses) == names
    assert len(found.plans["GET /x"].responses) == len(names)


def headers_of(folder: Path, headers: dict[str, Any], status: str = "200", **more: Any) -> dict[bytes, bytes]:
    found = world(folder, {"/x": {"get": {"responses": {status: {"description": "d", "headers": headers, **more}}}}})
    return dict(ask(found, "GET /x").answer.headers)


@pytest.mark.parametrize(
    "header, value",
    [
        ({"schema": {"type": "string", "enum": ["a", "b"]}}, b"a"),
        ({"schema": {"type": "boolean", "const": False}}, b"false"),
        (
            {"schema": {"type": "array", "example": [1, 1]}},
            b"1,1",
        ),
        ({"content": {"application/json": {"schema": {"const": [1, 2]}}}}, b"[1,2]"),
        ({"content": {"text/plain": {"example": "plain"}}}, b"plain"),
        ({"schema": {"type": "integer"}, "examples": {"a": {"value": 9}}}, b"9"),
        ({"schema": {}, "example": "\u65e5"}, b"?"),
        ({"schema": {}, "example": ""}, None),
        ({"schema": False}, None),
    ],
)
def test_a_documented_header_has_a_value(tmp_path: Path, header: dict[str, Any], value: bytes | None) -> None:
    assert headers_of(tmp_path, {"X-It": header}).get(b"x-it") == value


@pytest.mark.parametrize(
    "name",
    ["Content-Type", "content-length", "Transfer-Encoding", "Connection", "Date", "Content-Encoding", "Mock-Entry",
     "Access-Control-Allow-Origin", "Preference-Applied", "X Y", "X:Y", "", "X\r\nY", "Käse"],
)  # fmt: skip
def test_headers_that_are_not_the_documents_to_send_are_not_sent(tmp_path: Path, name: str) -> None:
    sent = headers_of(tmp_path, {name: {"schema": {"type": "string"}, "example": "wrong"}})
    assert b"wrong" not in sent.values()


@settings(max_examples=examples(50))
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4))
def test_no_header_can_split_the_answer(tmp_path_factory: pytest.TempPathFactory, headers: dict[str, str]) -> None:
    folder = tmp_path_factory.mktemp("headers")
    documented = {name: {"schema": {"type": "string"}, "example": value} for name, value in headers.items()}
    for name, value in headers_of(folder, documented).items():
        assert not {10, 13, 0} & set(name + value)
        assert name.isascii()
        assert b" " not in name


@pytest.mark.parametrize(
    "value, explode, text",
    [
        ("a b", False, "a b"),
        (7, False, "7"),
        (1.5, False, "1.5"),
        (True, False, "true"),
        (None, False, ""),
        ([], False, ""),
        (["a", 1, None, False], False, "a,1,,false"),
        ({"R": 100, "G": "x"}, False, "R,100,G,x"),
        ({"R": 100, "G": "x"}, True, "R=100,G=x"),
        ({"a": {"b": [1]}}, False, 'a,{"b":[1]}'),
    ],
)
def test_a_header_is_written_in_style_simple(value: Any, explode: bool, text: str) -> None:
    assert simple(value, explode=explode) == text


def test_a_fixtures_body_tells_the_location_too(tmp_path: Path) -> None:
    fixtures = tmp_path / "fixtures"
    fixtures.mkdir()
    made = '{id: "{{ body.id }}", url: "{{ request.url }}"}'
    (fixtures / "x.yaml").write_text(
        f"operation: POST /x\nresponses: {{made: {{status: 201, source: assumed, body: {made}}}}}\n"
    )
    post = {
        "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"201": {"description": "d", "headers": {"Location": {"schema": {"type": "string"}}}}},
    }
    get = {"responses": {"200": {"description": "d"}}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    world(tmp_path, {"/x": {"post": post}, "/x/{id}": {"get": get, "parameters": [parameter]}})
    client = make_client(make_app(tmp_path / "api.json", fixtures=fixtures))
    given = client.post("/x", json={"id": 7})
    assert given.headers["location"] == "http://127.0.0.1:4010/x/7"
    assert given.json() == {"id": 7, "url": "http://127.0.0.1:4010/x"}


@pytest.mark.parametrize(
    "link, code",
    [
        ({"operationId": "target", "parameters": {"path.code": "$response.body#/deep/0/code"}}, 4242),
        ({"operationRef": "#/paths/~1y~1{code}/get", "parameters": {"code": "$response.body#/deep/0/code"}}, 4242),
        ({"operationId": "nobody", "parameters": {"code": "$response.body#/deep/0/code"}}, 1),
        ({"operationId": "target", "parameters": {"code": "$response.body#/nowhere"}}, 1),
        ({"operationId": "target", "parameters": {"code": "$request.path.code"}}, 1),
        ({"operationId": "target"}, 1),
    ],
)
def test_a_linked_value_is_one_that_the_linked_operation_takes(tmp_path: Path, link: Any, code: int) -> None:
    inner = {"type": "object", "required": ["code"], "properties": {"code": {"enum": [1, 4242]}}}
    deep = {"type": "array", "minItems": 1, "items": inner}
    schema = {"type": "object", "required": ["deep"], "properties": {"deep": deep}}
    parameter = {"name": "code", "in": "path", "required": True, "schema": {"const": 4242}}
    target = {"operationId": "target", "parameters": [parameter], "responses": {"200": {"description": "d"}}}
    made = made_by(schema, links={"next": link})
    found = world(tmp_path, {"/x": {"get": {"responses": {"200": made}}}, "/y/{code}": {"get": target}})
    assert json.loads(ask(found, "GET /x").answer.body)["deep"][0]["code"] == code


def test_an_example_in_a_file_that_is_not_there_is_told_by_check(tmp_path: Path) -> None:
    (tmp_path / "there.txt").write_text("there")
    examples = {"a": {"externalValue": "there.txt"}, "b": {"externalValue": "../out.txt"}, "c": {"externalValue": "no"}}
    response = {"description": "d", "content": {"text/plain": {"examples": examples}}}
    found = world(tmp_path, {"/x": {"get": {"responses": {"200": response}}}})
    problems = list(example_problems(found))
    assert [(each.code, each.severity, each.pointer) for each in problems] == [
        ("MS431", "warning", f"/paths/~1x/get/responses/200/content/text~1plain/examples/{name}/externalValue")
        for name in "bc"
    ]
    assert ask(found, "GET /x").answer.body == b"there"
    given = ask(found, "GET /x", prefer="example=b").answer
    assert dict(given.headers)[b"mock-body-invalid"].startswith(b"the example's file cannot be read")
