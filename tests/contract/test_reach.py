"""What of a document a run has come by: examples, headers, ways of authorization, links, callbacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mock_server.contract.model import Exchange, Seen, Sent
from mock_server.contract.reach import Reach
from mock_server.contract.target import Tokens
from mock_server.settings import Settings
from mock_server.world import build_world

SPEC = """
openapi: 3.1.0
info: {title: a, version: '1'}
paths:
  /orders:
    post:
      security: [{Key: []}, {Token: [], Session: []}, {}]
      requestBody:
        content:
          application/json:
            examples:
              small: {value: {n: 1}}
              large: {value: {n: 900}}
      responses:
        '201':
          description: ok
          headers: {X-Left: {schema: {type: integer}}, Content-Type: {schema: {type: string}}}
          links:
            Read: {operationId: readOrder, parameters: {id: $response.body#/id}}
            ByPath: {operationRef: '#/paths/~1orders~1{id}/get', parameters: {id: $response.header.X-Left}}
            Lost: {operationId: nobody, parameters: {id: $response.body#/id}}
      callbacks:
        done: {'{$request.body#/url}': {post: {responses: {'200': {description: ok}}}}}
  /orders/{id}:
    get:
      operationId: readOrder
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok}}
components:
  securitySchemes:
    Key: {type: apiKey, in: query, name: key}
    Session: {type: apiKey, in: cookie, name: sid}
    Token: {type: http, scheme: bearer}
"""
POST = "POST /orders"


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    spec = tmp_path / "a.yaml"
    spec.write_text(SPEC)
    world = build_world(Settings(specs=(spec,)))
    return Reach(tuple(plan.operation for plan in world.plans.values()), Tokens("t"))


def sent(
    operation: str, target: str, status: int, *headers: tuple[str, str], body: object = None, answer: object = None
) -> Exchange:
    method = operation.partition(" ")[0]
    data = b"" if body is None else json.dumps(body).encode()
    said = b"" if answer is None else json.dumps(answer).encode()
    given = (("X-Left", "77"),) if status == 201 else ()
    return Exchange("http://x", operation, Sent(method, target, headers, data), Seen(status, given, said, 0.0))


def rows(reach: Reach) -> dict[tuple[str, str], str]:
    operation = reach.operations[POST]
    return {(row.kind, row.name): row.state for row in reach.rows(operation)}


def test_everything_is_listed_and_nothing_is_reached_before_a_request(reach: Reach) -> None:
    assert rows(reach) == {
        ("example", "small"): "not reached",
        ("example", "large"): "not reached",
        ("header", "201 x-left"): "not reached",
        ("security", "Key"): "not reached",
        ("security", "Token + Session"): "not reached",
        ("security", "none"): "not reached",
        ("link", "201 Read"): "not reached",
        ("link", "201 ByPath"): "not reached",
        ("callback", "done"): "not reachable",
    }


MADE = sent(POST, "/orders", 201, ("Cookie", "x=1"), answer={"id": "o-5"})
READ = "GET /orders/{id}"


@pytest.mark.parametrize(
    ("exchanges", "reached"),
    [
        ([sent(POST, "/orders", 401, body={"n": 1})], {("example", "small")}),
        ([sent(POST, "/orders?key=a", 400)], {("security", "Key"), ("security", "none")}),
        ([sent(POST, "/orders?key=a", 403)], set()),
        (
            [sent(POST, "/orders", 400, ("authorization", "bearer t"), ("Cookie", "a=1; sid=2"))],
            {("security", "Token + Session")},
        ),
        ([sent(POST, "/orders", 400, ("Authorization", "Bearer t"))], set()),
        ([sent(POST, "/orders", 0)], set()),
        ([sent("", "/orders", 201, body={"n": 1})], set()),
        (
            [MADE, sent(READ, "/orders/o-5", 404)],
            {("header", "201 x-left"), ("link", "201 Read")},
        ),
        (
            [MADE, sent(READ, "/orders/77", 200)],
            {("header", "201 x-left"), ("link", "201 ByPath")},
        ),
        (
            [MADE, sent(READ, "/orders/o-6", 200)],
            {("header", "201 x-left")},
        ),
    ],
)  # fmt: skip
def test_what_an_exchange_reaches(reach: Reach, exchanges: list[Exchange], reached: set[tuple[str, str]]) -> None:
    for exchange in exchanges:
        reach.see(exchange)
    assert {key for key, state in rows(reach).items() if state == "reached"} == reached
