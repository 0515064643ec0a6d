"""Whatever a real API answers to a GET, what is recorded loads, and gives it back."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.record.exchange import Exchange, Seen, Sent
from mock_server.record.keeper import Keeper
from mock_server.settings import Settings
from mock_server.world import build_world
from tests.examples import examples
from tests.support import make_app, make_client

DOCUMENT = """\
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /things/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: n, in: query, schema: {type: integer}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {}}}}
        "404": {description: none, content: {application/json: {schema: {}}}}
"""
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SPECIAL = st.sampled_from(
    ["{{ x }}", "yes", "0x1", "~", "- a", "a: b", "#", "\x85\u2028", "|", "2026-01-01", "", " a "]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | SPECIAL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | SPECIAL, inner, max_size=3),
    max_leaves=8,
)
ASKED = st.lists(
    st.tuples(
        st.sampled_from(["a", "7", "x-y", "null"]), st.none() | st.integers(-2, 2), st.sampled_from([200, 404]), VALUES
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("document") / "openapi.yaml"
    found.write_text(DOCUMENT)
    return found


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(asked=ASKED)
def test_what_was_recorded_loads_and_is_given_back(spec: Path, asked: list[tuple[str, int | None, int, Any]]) -> None:
    world = build_world(Settings(specs=(spec,)))
    kind = (("content-type", "application/json"),)
    with tempfile.TemporaryDirectory() as folder:
        keeper = Keeper(world, Path(folder), "https://real.example")
        wanted: dict[str, tuple[int, Any]] = {}
        for at, (name, number, status, value) in enumerate(asked, 1_600_000_000):
            target = f"/things/{name}" + ("" if number is None else f"?n={number}")
            seen = Seen(status, kind, json.dumps(value).encode(), 0.0)
            before = keeper.kept_back.total()
            keeper.take(Exchange("https://real.example", "", Sent("GET", target, (), b""), seen), float(at))
            kept = keeper.kept_back.total() == before
            if kept and (status == 200 or wanted.get(target, (404, 0))[0] == 404):
                wanted[target] = status, value
        keeper.flush()
        client = make_client(make_app(spec, fixtures=Path(folder)))
        for target, (status, value) in wanted.items():
            answer = client.get(target)
            assert (answer.status_code, json.loads(answer.content)) == (status, value), target
