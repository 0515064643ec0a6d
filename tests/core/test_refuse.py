"""The error shapes of well-known APIs: a refusal keeps them and says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import make_app, make_client

TEXT, INTEGER = {"type": "string"}, {"type": "integer"}


def shape(**properties: Any) -> dict[str, Any]:
    """An object in which everything is required and nothing else may be."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def several(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


MISSING = "the query parameter is missing"
TOLD = f"query.n: {MISSING}"

SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "flat": (shape(message=TEXT, code=INTEGER), {"message": TOLD, "code": 422}),
    "spring": (
        shape(status=INTEGER, error=TEXT, message=TEXT),
        {"status": 422, "error": "Unprocessable Content", "message": TOLD},
    ),
    "google": (
        shape(error=shape(code=INTEGER, message=TEXT, status={"enum": ["INVALID_ARGUMENT"]})),
        {"error": {"code": 422, "message": TOLD, "status": "INVALID_ARGUMENT"}},
    ),
    "payments": (
        shape(error=shape(type={"enum": ["invalid_request_error"]}, message=TEXT, param=TEXT)),
        {"error": {"type": "invalid_request_error", "message": TOLD, "param": "n"}},
    ),
    "json:api": (
        shape(errors=several(shape(status=TEXT, detail=TEXT, source=shape(parameter=TEXT)))),
        {"errors": [{"status": "422", "detail": MISSING, "source": {"parameter": "n"}}]},
    ),
    "oauth2": (shape(error=TEXT, error_description=TEXT), {"error": "invalid_request", "error_description": TOLD}),
    "problem": (
        shape(type={"type": "string", "format": "uri-reference"}, title=TEXT, status=INTEGER, detail=TEXT),
        {"title": "Unprocessable Content", "status": 422, "detail": TOLD},
    ),
    "code hosting": (
        shape(message=TEXT, errors=several(shape(resource=TEXT, field=TEXT, code=TEXT))),
        {"message": TOLD, "errors": [{"field": "n", "code": "required"}]},
    ),
    "texts": (shape(errors=several(TEXT)), {"errors": [TOLD]}),
    "any of two": ({"anyOf": [shape(message=TEXT), shape(reason=TEXT)]}, {"message": TOLD}),
}


def missing_from(wanted: Any, seen: Any) -> bool:
    if isinstance(wanted, dict):
        return not isinstance(seen, dict) or any(missing_from(each, seen.get(key)) for key, each in wanted.items())
    if isinstance(wanted, list):
        return len(wanted) != len(seen) or any(map(missing_from, wanted, seen))
    return bool(wanted != seen)


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_of_a_well_known_api_is_kept_and_tells_the_truth(name: str, tmp_path: Path) -> None:
    schema, wanted = SHAPES[name]
    content = {"application/json": {"schema": schema}}
    operation = {
        "parameters": [{"name": "n", "in": "query", "required": True, "schema": INTEGER}],
        "responses": {"200": {"description": "d"}, "422": {"description": "d", "content": content}},
    }
    path = tmp_path / "openapi.json"
    path.write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": operation}}})
    )
    app = make_app(path, strict=True)
    answer = make_client(app).get("/a")
    assert answer.status_code == 422, answer.text
    assert not missing_from(wanted, answer.json()), answer.json()
    body = app.live.world.plans["GET /a"].operation.responses["422"].content[0].schema
    assert body is not None
    assert body.is_valid(answer.json())
    (told,) = json.loads(answer.headers["mock-violations"])
    assert told == {"where": "query.n", "rule": "required", "message": MISSING}
