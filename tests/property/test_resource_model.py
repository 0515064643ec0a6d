"""A recognised resource against a model of ten lines: whatever is done in whatever order, both say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.property.asgi import Answer, InProcess
from tests.support import make_app

JSON_TYPE = (b"content-type", b"application/json")
MERGE_TYPE = (b"content-type", b"application/merge-patch+json")
PATCH_TYPE = (b"content-type", b"application/json-patch+json")
THING: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}, "note": {"type": "string"}},
}
NEW = {**THING, "properties": {name: THING["properties"][name] for name in ("name", "note")}}


def document(item: Any, new: Any) -> dict[str, Any]:
    def shown(status: str, schema: Any, **more: Any) -> dict[str, Any]:
        return {status: {"description": "x", "content": {"application/json": {"schema": schema, **more}}}}

    body = {"content": {"application/json": {"schema": new}}}
    patch: dict[str, Any] = {"content": {"application/merge-patch+json": {}, "application/json-patch+json": {}}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/things": {
                "get": {"responses": shown("200", {"type": "array", "items": item}, example=[])},
                "post": {"requestBody": body, "responses": shown("201", item)},
            },
            "/things/{id}": {
                "parameters": [parameter],
                "get": {"responses": shown("200", item)},
                "put": {"requestBody": body, "responses": {**shown("200", item), "404": {"description": "none"}}},
                "patch": {"requestBody": patch, "responses": shown("200", item)},
                "delete": {"responses": {"204": {"description": "gone"}}},
            },
        },
    }


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Any:
    yield from serving(tmp_path_factory.mktemp("strict"), document(THING, NEW))


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> Any:
    yield from serving(tmp_path_factory.mktemp("loose"), document({"type": "object"}, {}))


def serving(folder: Path, data: Any) -> Any:
    spec = folder / "api.json"
    spec.write_text(json.dumps(data))
    client = InProcess(make_app(spec, stateful=True))
    yield client
    client.close()


def send(client: InProcess, method: str, target: str, body: Any = None, kind: Any = JSON_TYPE) -> Answer:
    data = b"" if body is None else json.dumps(body).encode()
    return client(method, target, data, (kind, (b"content-length", str(len(data)).encode())))


NAMES = st.fixed_dictionaries({"name": st.text("ab", max_size=2)}, optional={"note": st.text("cd", max_size=2)})
KEYS = st.integers(1, 4)
ACTIONS = st.one_of(
    st.tuples(st.just("POST"), st.just(0), NAMES),
    st.tuples(st.sampled_from(("GET", "DELETE")), KEYS, st.none()),
    st.tuples(st.just("PUT"), KEYS, NAMES),
    st.tuples(st.just("PATCH"), KEYS, st.dictionaries(st.just("note"), st.none() | st.text("ef", max_size=2))),
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=12))
def test_a_resource_does_what_a_dictionary_does(strict: InProcess, actions: list[tuple[str, int, Any]]) -> None:
    send(strict, "POST", "/__mock/reset")
    model: dict[int, dict[str, Any]] = {}
    made = 0
    for method, key, body in actions:
        kind = MERGE_TYPE if method == "PATCH" else JSON_TYPE
        given_back = send(strict, method, f"/things/{key}" if key else "/things", body, kind)
        if method == "POST":
            made += 1
            model[made] = {"id": made, **body}
            assert (given_back.status, given_back.json()) == (201, model[made])
            continue
        if key not in model:
            assert given_back.status == 404
            continue
        if method == "DELETE":
            del model[key]
            assert given_back.status == 204
            continue
        if method == "PUT":
            model[key] = {"id": key, **body}
        elif method == "PATCH":
            merged = {**model[key], **body}
            model[key] = {name: value for name, value in merged.items() if value is not None}
        assert (given_back.status, given_back.json()) == (200, model[key])
    assert send(strict, "GET", "/things").json() == list(model.values())


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("id", "name", "op", "path", "value", "from", "x")), inner, max_size=4)
    ),
    max_leaves=8,
)
KINDS = st.sampled_from((JSON_TYPE, MERGE_TYPE, PATCH_TYPE, (b"content-type", b"text/plain")))


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(("POST", "PUT", "PATCH", "DELETE", "GET")),
    key=st.sampled_from(("", "/1", "/a%2Fb", "/%00", "/%FF", "/true", "/" + "9" * 30)),
    body=ANY,
    kind=KINDS,
)
def test_no_body_makes_the_mock_fail_and_what_was_taken_can_be_listed(
    loose: InProcess, method: str, key: str, body: Any, kind: Any
) -> None:
    assert send(loose, method, "/things" + key, body, kind).status < 500
    listed = send(loose, "GET", "/things")
    assert listed.status == 200
    assert all(isinstance(each, dict) for each in listed.json())
    if len(listed.json()) > 500:
        send(loose, "POST", "/__mock/reset")
