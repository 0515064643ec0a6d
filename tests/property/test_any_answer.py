"""Whatever a document has and a client asks for: the answer is documented, or a refusal that says why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.core.answer import answer, read, read_head
from mock_server.core.snapshot import Queued, Snapshot
from mock_server.core.wanted import Unmet
from mock_server.model import Request
from mock_server.settings import Settings
from mock_server.world import build_world
from tests.examples import examples
from tests.support import FakeChance

STATUSES = ("100", "200", "201", "204", "2XX", "304", "302", "404", "422", "4XX", "500", "default")
MEDIA = ("application/json", "application/json; v=2", "application/hal+json", "text/csv", "text/*", "*/*", "image/png")
NAMES = ("a", "b", "200", "404", "default")
SCHEMAS: tuple[Any, ...] = (
    {"type": "integer"},
    {"const": "x"},
    {"type": "object", "properties": {"id": {"type": "string"}}},
    False,
    {},
)
VALUES = st.sampled_from([None, 7, "text", '{"id": "1"}', {"id": "1"}, ["\u65e5"]])

_examples = st.dictionaries(st.sampled_from(NAMES), st.fixed_dictionaries({"value": VALUES}), min_size=1, max_size=3)
_media = st.fixed_dictionaries(
    {}, optional={"schema": st.sampled_from(SCHEMAS), "example": VALUES}
) | st.fixed_dictionaries({"examples": _examples}, optional={"schema": st.sampled_from(SCHEMAS)})
_headers = st.dictionaries(
    st.sampled_from(["Location", "ETag", "X-A", "Vary", "Content-Type"]),
    st.fixed_dictionaries({"schema": st.sampled_from(SCHEMAS)}, optional={"example": VALUES}),
)
_response = st.fixed_dictionaries(
    {"description": st.just("d")},
    optional={"content": st.dictionaries(st.sampled_from(MEDIA), _media, max_size=3), "headers": _headers},
)
_responses = st.dictionaries(st.sampled_from(STATUSES), _response, min_size=1, max_size=4)
_accepts = st.none() | st.text(alphabet="*/;,q=0.1ajson", max_size=30) | st.sampled_from([*MEDIA, "*/*;q=0", "a/b"])
_prefers = st.lists(
    st.tuples(
        st.sampled_from(["code", "example", "response", "dynamic", "seed"]),
        st.sampled_from([*STATUSES, *NAMES, "503", "true", "false", "7"]),
    ),
    max_size=3,
)


def is_documented(responses: dict[str, Any], status: int) -> bool:
    keys = {str(status), f"{status // 100}XX", "default"} & set(responses)
    # Where only interim responses are documented there is nothing that could be given.
    return bool(keys) or (status == 204 and set(responses) == {"100"})


@settings(max_examples=examples(60))
@given(_responses, st.lists(st.tuples(_accepts, _prefers), min_size=1, max_size=4), st.booleans(), st.booleans())
def test_the_answer_is_documented_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    responses: dict[str, Any],
    asked: list[tuple[str | None, list[tuple[str, str]]]],
    dynamic: bool,
    queued: bool,
) -> None:
    file = tmp_path_factory.mktemp("any") / "api.json"
    paths = {"/x": {"get": {"responses": responses}}}
    file.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}))
    plan = build_world(Settings(specs=(file,), dynamic=dynamic)).plans["GET /x"]
    queue = tuple(Queued("GET /x", name, 1) for name in plan.responses) if queued else ()
    refused = 0
    for accept, prefer in asked:
        given_headers = {} if accept is None else {"accept": accept}
        if prefer:
            given_headers["prefer"] = ", ".join(f"{word}={value}" for word, value in prefer)
        request = Request("GET", "/x", "", given_headers, b"", "http://127.0.0.1:4010")
        reading = read(read_head(plan, request, {}, ""), request)
        try:
            outcome = answer(reading, Snapshot("default", 0.0, queue=queue, turn=3), FakeChance())
        except Unmet:
            refused += 1
            continue
        status, headers, body = outcome.answer
        names = [name for name, _ in headers]
        assert len(names) == len(set(names))
        if status == 406 and json.loads(body).get("code") == "MS430":
            assert accept is not None
            assert outcome.changes.queue is None
            continue
        assert is_documented(responses, status), status
        assert (b"content-length", str(len(body)).encode()) in headers or status in (204, 205, 304)
        assert (b"content-type" in names) or not body
        if dict(headers).get(b"content-type") == b"application/json" and b"mock-body-invalid" not in names:
            json.loads(body)
    assert refused <= sum(bool(prefer) for _, prefer in asked)  # only a preference can be unmet
