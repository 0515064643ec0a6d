"""What is sent after an answer: from operation, fixture, request and answer to calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from mock_server.core.answer import answer, read, read_head
from mock_server.core.snapshot import Outcome, Snapshot
from mock_server.model import Request
from mock_server.settings import Settings
from mock_server.world import build_world
from tests.support import FakeChance

ORDERS = """
openapi: 3.1.0
info: {title: Orders, version: "1"}
paths:
  /orders/{id}:
    post:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {}}, application/x-www-form-urlencoded: {schema: {}}}}
      responses:
        "202": {description: Taken, content: {application/json: {example: {ticket: 9, at: "http://127.0.0.1:1/t"}}}}
        "409": {description: Not now}
      callbacks: CALLBACKS
"""
NOTED = '{"204": {description: Noted}}'
BY_BODY = "{done: {'{$request.body#/url}': {post: {responses: " + NOTED + "}}}}"
URL = "http://127.0.0.1:1/done"


def outcome(
    tmp_path: Path, callbacks: str, fixture: str = "", body: Any = None, raw: bytes = b"", **headers: str
) -> Outcome:
    spec = tmp_path / "orders.yaml"
    spec.write_text(ORDERS.replace("CALLBACKS", callbacks), "utf-8")
    folder = None
    if fixture:
        folder = tmp_path / "fixtures"
        folder.mkdir()
        words = {"operation": "POST /orders/{id}", **yaml.safe_load(fixture)}
        (folder / "orders.yaml").write_text(yaml.safe_dump(words, sort_keys=False), "utf-8")
    world = build_world(Settings(specs=(spec,), fixtures=folder))
    plan = world.plans["POST /orders/{id}"]
    content = raw if body is None else orjson.dumps(body)
    known = {"content-type": "application/json"} if content else {}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request("POST", "/orders/a b", "", {**known, **given}, content, "http://127.0.0.1:4010")
    return answer(read(read_head(plan, request, {"id": "a b"}, ""), request), Snapshot("default", 0.0), FakeChance())


def test_an_operation_without_callbacks_calls_nobody(tmp_path: Path) -> None:
    assert outcome(tmp_path, "{}").calls == ()


def test_a_call_has_the_documents_method_url_and_expected_statuses(tmp_path: Path) -> None:
    (call,) = outcome(tmp_path, BY_BODY, body={"url": URL}).calls
    assert (call.name, call.method, call.url, call.body) == ("done", "POST", URL, b"")
    assert call.statuses == {"204"}
    assert dict(call.headers) == {"mock-callback-depth": "1"}
    assert (call.delay_s, call.retries, call.times, call.refused) == (0.0, 0, 1, None)


def test_every_expression_and_method_of_every_callback_is_sent_in_order(tmp_path: Path) -> None:
    item = "{put: {responses: " + NOTED + "}, post: {responses: " + NOTED + "}}"
    callbacks = f"{{b: {{'{URL}/1': {item}, '{URL}/2': {item}}}, a: {{'{URL}/3': {item}}}}}"
    calls = outcome(tmp_path, callbacks).calls
    assert [(call.name, call.method, call.url[-1]) for call in calls] == [
        ("b", "PUT", "1"),
        ("b", "POST", "1"),
        ("b", "PUT", "2"),
        ("b", "POST", "2"),
        ("a", "PUT", "3"),
        ("a", "POST", "3"),
    ]


@pytest.mark.parametrize(
    "body, message",
    [
        (None, "$request.body#/url: the request's body has nothing at '/url'"),
        ({"url": ""}, "{$request.body#/url} is empty"),
        ({"url": "  "}, "{$request.body#/url} is empty"),
        ({"url": None}, "{$request.body#/url} is null, which is no URL"),
        ({"url": 5}, "{$request.body#/url} is 5, which is no URL"),
        ({"url": {"a": 1}}, '{$request.body#/url} is {"a":1}, which is no URL'),
    ],
)
def test_a_url_that_cannot_be_made_is_an_error_and_no_call(tmp_path: Path, body: Any, message: str) -> None:
    (call,) = outcome(tmp_path, BY_BODY, body=body).calls
    assert call.refused == ("MS425", message)


def test_an_expression_that_cannot_be_read_is_an_error_when_its_time_comes(tmp_path: Path) -> None:
    (call,) = outcome(tmp_path, "{done: {'http://x/{id}': {post: {responses: " + NOTED + "}}}}").calls
    assert call.refused is not None
    assert call.refused[0] == "MS425"
    assert call.refused[1].startswith("'http://x/{id}': {id} is no runtime expression")


def test_a_fixture_may_mend_such_a_url(tmp_path: Path) -> None:
    fixture = f"callbacks: {{done: {{url: '{URL}/{{{{ path.id }}}}'}}}}"
    (call,) = outcome(tmp_path, "{done: {'http://x/{id}': {post: {responses: " + NOTED + "}}}}", fixture).calls
    assert (call.url, call.refused) == (f"{URL}/a b", None)


def test_a_url_out_of_the_answer(tmp_path: Path) -> None:
    callbacks = "{done: {'{$response.body#/at}': {post: {responses: " + NOTED + "}}}}"
    (call,) = outcome(tmp_path, callbacks).calls
    assert call.url == "http://127.0.0.1:1/t"


def test_an_integer_of_any_size_stands_in_a_url(tmp_path: Path) -> None:
    callbacks = "{done: {'http://127.0.0.1:1/{$request.body#/id}/{$response.body#/id}': {post: {responses: NOTED}}}}"
    fixture = "{responses: {ok: {status: 202, source: assumed, body: {id: '{{ body.id }}'}}}, otherwise: ok}"
    (call,) = outcome(tmp_path, callbacks.replace("NOTED", NOTED), fixture, raw=b'{"id":%d}' % 10**30).calls
    assert call.url == f"http://127.0.0.1:1/{10**30}/{10**30}"


def test_a_url_out_of_a_form(tmp_path: Path) -> None:
    form = "application/x-www-form-urlencoded; charset=utf-8"
    found = outcome(tmp_path, BY_BODY, raw=b"url=http%3A%2F%2F127.0.0.1%3A1%2Fform", content_type=form)
    assert [call.url for call in found.calls] == ["http://127.0.0.1:1/form"]


def test_the_whole_url_is_encoded_as_it_was_sent(tmp_path: Path) -> None:
    callbacks = "{done: {'{$url}': {post: {responses: " + NOTED + "}}}}"
    (call,) = outcome(tmp_path, callbacks).calls
    assert call.url == "http://127.0.0.1:4010/orders/a%20b"


def with_body(media: str) -> str:
    return f"{{done: {{'{URL}': {{post: {{requestBody: {{content: {media}}}, responses: {NOTED}}}}}}}}}"


@pytest.mark.parametrize(
    "media, media_type, body",
    [
        ("{application/json: {example: {a: 1}}}", "application/json", b'{"a":1}'),
        ("{application/json: {schema: {const: [1]}}}", "application/json", b"[1]"),
        ("{application/json: {schema: {type: string, example: x}}}", "application/json", b'"x"'),
        ("{text/plain: {example: hello}, application/json: {example: 1}}", "application/json", b"1"),
        ("{text/plain: {example: hello}}", "text/plain", b"hello"),
        (
            "{application/x-www-form-urlencoded: {example: {a: x y, b: 1}}}",
            "application/x-www-form-urlencoded",
            b"a=x+y&b=1",
        ),
        ("{'*/*': {example: {a: 1}}}", "application/json", b'{"a":1}'),
        ("{application/json: {examples: {one: {value: 1}, two: {value: 2}}}}", "application/json", b"1"),
    ],
)
def test_the_body_is_the_documents_example_or_made_from_its_schema(
    tmp_path: Path, media: str, media_type: str, body: bytes
) -> None:
    (call,) = outcome(tmp_path, with_body(media)).calls
    assert (call.body, dict(call.headers)["content-type"]) == (body, media_type)


@pytest.mark.parametrize(
    "media, message",
    [
        (
            "{application/json: {schema: {type: string, minLength: 3, maxLength: 2}}}",
            "no valid body can be made for POST of 'done'",
        ),
        (
            "{application/octet-stream: {example: {a: 1}}}",
            "a body of application/octet-stream must be a text; give the callback a `body` in a fixture",
        ),
    ],
)
def test_a_body_that_cannot_be_made_is_an_error_and_no_call(tmp_path: Path, media: str, message: str) -> None:
    (call,) = outcome(tmp_path, with_body(media)).calls
    assert call.refused == ("MS425", message)


def test_a_fixture_fills_url_headers_and_body_from_request_and_answer(tmp_path: Path) -> None:
    fixture = """
callbacks:
  done:
    url: "http://127.0.0.1:1/{{ response.body.ticket }}"
    headers: {X-Id: "{{ path.id }}", X-Type: "{{ response.header.Content-Type }}", Content-Type: application/vnd.x+json}
    body: {ticket: "{{ response.body.ticket }}", name: "{{ body.name }}"}
    delay: 2s
    retries: 3
    backoff: 500ms
    times: 2
"""
    callbacks = with_body("{application/json: {schema: {properties: {name: {type: integer}}}}}")
    (call,) = outcome(tmp_path, callbacks, fixture, {"name": "n"}).calls
    assert (call.url, call.body) == ("http://127.0.0.1:1/9", b'{"ticket":9,"name":"n"}')
    assert dict(call.headers) == {
        "x-id": "a b",
        "x-type": "application/json",
        "content-type": "application/vnd.x+json",
        "mock-callback-depth": "1",
    }
    assert (call.delay_s, call.retries, call.backoff_s, call.times) == (2.0, 3, 0.5, 2)
    assert call.note == '/name "n" is not of type "integer"'


def test_a_template_that_cannot_be_filled_is_an_error_and_no_call(tmp_path: Path) -> None:
    (call,) = outcome(tmp_path, BY_BODY, "callbacks: {done: {body: '{{ body.none }}'}}", {"url": URL}).calls
    assert call.refused == ("MS425", "nothing to fill {{ body.none }} with")


def test_a_dropped_callback_is_a_reason_and_no_call(tmp_path: Path) -> None:
    found = outcome(tmp_path, BY_BODY, "callbacks: {done: {drop: true}}", {"url": URL})
    assert found.calls == ()
    assert str(found.reasons[-1]) == "callback: done is dropped by the fixture"


@pytest.mark.parametrize(
    "fixture, prefer, sent",
    [
        ("callbacks: {done: {times: 1}}", "code=202", 1),
        ("callbacks: {done: {times: 1}}", "code=409", 0),
        ("callbacks: {done: {responses: ['409']}}", "code=409", 1),
        ("callbacks: {done: {responses: ['409']}}", "code=202", 0),
    ],
)
def test_it_follows_every_2xx_or_the_answers_that_are_listed(
    tmp_path: Path, fixture: str, prefer: str, sent: int
) -> None:
    assert len(outcome(tmp_path, BY_BODY, fixture, {"url": URL}, prefer=prefer).calls) == sent


@pytest.mark.parametrize(
    "header, sent", [("0", "1"), ("2", "3"), ("x", "1"), ("-1", "1"), ("9" * 5_000, "1"), ("²", "1")]
)
def test_the_depth_of_a_chain_is_counted(tmp_path: Path, header: str, sent: str) -> None:
    (call,) = outcome(tmp_path, BY_BODY, "", {"url": URL}, mock_callback_depth=header).calls
    assert dict(call.headers)["mock-callback-depth"] == sent


@pytest.mark.parametrize("header", ["3", "999"])
def test_a_chain_ends(tmp_path: Path, header: str) -> None:
    (call,) = outcome(tmp_path, BY_BODY, "", {"url": URL}, mock_callback_depth=header).calls
    assert call.refused == ("MS429", f"the request was itself caused by {header} callbacks, one after the other")


def test_required_headers_of_the_document_are_sent(tmp_path: Path) -> None:
    parameters = (
        "[{name: X-Event, in: header, required: true, schema: {const: order.done}}, "
        "{name: X-Count, in: header, required: true, schema: {type: integer, const: 5}}, "
        "{name: X-Maybe, in: header, schema: {const: a}}]"
    )
    callbacks = f"{{done: {{'{URL}': {{post: {{parameters: {parameters}, responses: {NOTED}}}}}}}}}"
    (call,) = outcome(tmp_path, callbacks).calls
    assert dict(call.headers) == {"x-event": "order.done", "x-count": "5", "mock-callback-depth": "1"}


def test_callbacks_may_be_references(tmp_path: Path) -> None:
    item = "{post: {responses: " + NOTED + "}}"
    components = f"components: {{callbacks: {{Done: {{'{URL}': {item}}}}}}}"
    (call,) = outcome(tmp_path, "{done: {$ref: '#/components/callbacks/Done'}}\n" + components).calls
    assert call.url == URL
