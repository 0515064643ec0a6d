"""``serve --stateful`` and the state of fixtures, through the whole application."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from mock_server.settings import Settings
from mock_server.state import shelves as shelf_room
from mock_server.state.memory import MemoryStore
from mock_server.web.app import MockApp
from mock_server.web.live import Live
from mock_server.web.log import RequestLog
from mock_server.world import build_world
from tests.state.interleaved import Interleaved
from tests.support import FakeChance, FakeWall, make_app, make_client

PARALLEL = 100
"""More than anybody tries."""
THING = {"type": "object", "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}}}


def answers(status: str, schema: Any = None) -> dict[str, Any]:
    return {status: {"description": "x", **({"content": {"application/json": {"schema": schema}}} if schema else {})}}


NAMED = {**THING, "required": ["name"]}
NEW = {"type": "object", "properties": {"name": {"type": "string"}}}


def document(item: Any = THING, new: Any = None, **more: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": new or item}}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/things": {
                "get": {"responses": answers("200", {"type": "array", "items": item})},
                "post": {"requestBody": body, "responses": answers("201", item)},
            },
            "/things/{id}": {
                "parameters": [parameter],
                "get": {"responses": answers("200", item)},
                "put": {"requestBody": body, "responses": answers("200", item)},
                "delete": {"responses": answers("204")},
            },
            **more,
        },
    }


def write(folder: Path, data: Any, fixtures: dict[str, Any] | None = None) -> tuple[Path, Path | None]:
    spec = folder / "api.json"
    spec.write_text(json.dumps(data))
    for name, content in (fixtures or {}).items():
        (folder / "fixtures").mkdir(exist_ok=True)
        (folder / "fixtures" / name).write_text(json.dumps(content))
    return spec, folder / "fixtures" if fixtures else None


def client(folder: Path, data: Any = None, fixtures: dict[str, Any] | None = None, **settings: Any) -> TestClient:
    spec, where = write(folder, data or document(), fixtures)
    return make_client(make_app(spec, fixtures=where, **{"stateful": True, **settings}))


@pytest.mark.parametrize("kind", [MemoryStore, Interleaved])
def test_parallel_posts_lose_nothing(tmp_path: Path, kind: type[MemoryStore]) -> None:
    settings = Settings(specs=(write(tmp_path, document())[0],), stateful=True)
    wall = FakeWall()
    app = MockApp(Live(build_world(settings), kind(wall), settings, RequestLog(None), FakeChance(), wall=wall))

    async def story() -> None:
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:4010") as http:
            before = (await http.get("/things")).json()
            made = await asyncio.gather(*(http.post("/things", json={"name": str(n)}) for n in range(PARALLEL)))
            assert [each.status_code for each in made] == [201] * PARALLEL
            assert len({each.json()["id"] for each in made}) == PARALLEL
            listed = (await http.get("/things")).json()[len(before) :]
            assert sorted(each["name"] for each in listed) == sorted(map(str, range(PARALLEL)))

    asyncio.run(story())


def test_a_deleted_number_is_not_given_again(tmp_path: Path) -> None:
    http = client(tmp_path)
    first = http.post("/things", json={"name": "a"}).json()["id"]
    assert http.delete(f"/things/{first}").status_code == 204
    assert http.post("/things", json={"name": "b"}).json()["id"] == first + 1


def test_what_does_not_fit_is_507_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_room, "MAX_REMEMBERED_BYTES", 2_000)
    http = client(tmp_path)
    assert http.post("/things", json={"name": "a"}).status_code == 201
    refused = http.post("/things", json={"name": "x" * 2_000})
    assert (refused.status_code, refused.json()["code"]) == (507, "MS435")
    assert [each["name"] for each in http.get("/things").json()][-1] == "a"
    http.post("/__mock/reset")
    assert http.post("/things", json={"name": "a"}).status_code == 201


def test_the_journal_says_what_was_remembered(tmp_path: Path) -> None:
    http = client(tmp_path)
    made = http.post("/things", json={"name": "a"})
    entry = http.get("/__mock/journal").json()["entries"][-1]
    assert f"state: made /things/{made.json()['id']}" in entry["reasons"]
    assert (entry["response"], entry["source"]) == ("201", "assumed")


def test_an_operation_that_is_no_resource_is_answered_as_before(tmp_path: Path) -> None:
    other = {"/search": {"get": {"responses": answers("200", {"type": "object", "properties": {"n": {"const": 1}}})}}}
    http = client(tmp_path, document(**other))
    assert http.get("/search").json() == {"n": 1}
    assert http.app.live.world.plans["GET /search"].memory is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("item", "sent", "shown"),
    [
        # what the client left out is left out, unless it is required or has a default
        (
            {**THING, "properties": {**THING["properties"], "note": {"type": "string"}, "on": {"default": True}}},  # type: ignore[dict-item]
            {"name": "a"},
            {"name": "a", "on": True},
        ),
        ({**THING, "required": ["name"]}, {"name": "a", "other": 1}, {"name": "a", "other": 1}),
        ({**THING, "additionalProperties": False}, {"name": "a"}, {"name": "a"}),
        ({"allOf": [THING, {"properties": {"size": {"type": "integer"}}}]}, {"size": 3}, {"size": 3}),
        ({"oneOf": [THING, {"type": "string"}]}, {"name": "a"}, {"name": "a"}),
        ({"type": ["object", "null"], "properties": THING["properties"]}, {"name": "a"}, {"name": "a"}),
    ],
)
def test_the_answer_is_what_was_sent_over_what_the_document_wants(
    tmp_path: Path, item: Any, sent: Any, shown: Any
) -> None:
    http = client(tmp_path, document(item))
    made = http.post("/things", json=sent)
    assert "mock-body-invalid" not in made.headers
    body = made.json()
    key = body.pop("id")
    assert body == shown
    assert http.get(f"/things/{key}").json() == {**shown, "id": key}


@pytest.mark.parametrize(
    ("schema", "fits"),
    [
        ({"type": "integer", "minimum": 5000}, lambda key: key >= 5000),
        ({"type": "string", "format": "uuid"}, lambda key: len(key) == 36),
        ({"type": "string", "pattern": "^[0-9]{1,4}$"}, lambda key: key.isdecimal()),
        ({"type": "string", "maxLength": 3}, lambda key: len(key) <= 3),
        ({"type": "number"}, lambda key: key >= 1),
        ({}, lambda key: key >= 1),
    ],
)
def test_a_key_is_made_that_the_schema_allows(tmp_path: Path, schema: Any, fits: Any) -> None:
    item = {"type": "object", "required": ["id"], "properties": {"id": {**schema, "readOnly": True}}}
    http = client(tmp_path, document(item, NEW))
    keys = [http.post("/things", json={}).json()["id"] for _ in range(3)]
    assert len(set(keys)) == 3
    assert all(map(fits, keys))
    assert all(http.get(f"/things/{key}").json()["id"] == key for key in keys)


def test_an_optional_key_that_is_taken_is_made_anew_unless_a_409_is_documented(tmp_path: Path) -> None:
    item = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    http = client(tmp_path, document(item))
    assert http.post("/things", json={"id": 5000}).json() == {"id": 5000}
    assert http.post("/things", json={"id": 5000, "name": "b"}).json() == {"id": 5001, "name": "b"}
    data = document(item)
    data["paths"]["/things"]["post"]["responses"].update(answers("409"))
    (tmp_path / "b").mkdir()
    other = client(tmp_path / "b", data)
    assert [other.post("/things", json={"id": 5000}).status_code for _ in range(2)] == [201, 409]


def test_what_is_sent_in_one_form_and_shown_in_another_is_the_documents(tmp_path: Path) -> None:
    euro = {"type": "object", "required": ["code"], "properties": {"code": {"const": "EUR"}}}
    properties = {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}, "currency": euro}
    item = {"type": "object", "required": ["currency"], "properties": properties}
    new = {"type": "object", "properties": {"name": {"type": "string"}, "currency": {"type": "string"}}}
    http = client(tmp_path, document(item, new))
    made = http.post("/things", json={"name": "a", "currency": "EUR"})
    assert "mock-body-invalid" not in made.headers
    assert made.json() == {"id": made.json()["id"], "name": "a", "currency": {"code": "EUR"}}


def test_an_answer_that_only_looks_like_the_resource_is_the_documents_own(tmp_path: Path) -> None:
    data = document(NAMED, NAMED)
    task = {"type": "object", "required": ["id", "name"], "properties": {"id": {"const": 9}, "name": {"const": "task"}}}
    data["paths"]["/things"]["post"]["responses"] = answers("202", task)
    http = client(tmp_path, data)
    before = len(http.get("/things").json())
    assert http.post("/things", json={"name": "a"}).json() == {"id": 9, "name": "task"}
    assert [each["name"] for each in http.get("/things").json()[before:]] == ["a"]


def test_a_client_that_accepts_nothing_of_it_makes_nothing(tmp_path: Path) -> None:
    http = client(tmp_path)
    before = http.get("/things").json()
    assert http.post("/things", json={"name": "a"}, headers={"Accept": "text/csv"}).status_code == 406
    assert http.get("/things").json() == before


def test_a_body_that_the_client_wants_made_up_changes_nothing(tmp_path: Path) -> None:
    http = client(tmp_path)
    before = http.get("/things").json()
    made = http.post("/things", json={"name": "a"}, headers={"Prefer": "dynamic=true"})
    assert made.headers["preference-applied"] == "dynamic=true"
    assert http.get("/things").json() == before


def test_resources_are_remembered_beside_bodies_that_are_made_up(tmp_path: Path) -> None:
    http = client(tmp_path, dynamic=True)
    made = http.post("/things", json={"name": "a"})
    assert made.status_code == 201
    assert http.get(made.headers["location"]).json()["name"] == "a"


def test_keys_that_run_out_are_409_and_no_hang(tmp_path: Path) -> None:
    item = {"type": "object", "required": ["id"], "properties": {"id": {"enum": ["a", "b"], "readOnly": True}}}
    http = client(tmp_path, document(item, NEW))
    made = [http.post("/things", json={}) for _ in range(3)]
    assert made[-1].status_code == 409
    assert made[-1].json()["code"] == "MS437"


def test_a_fixture_with_rules_goes_before_the_resource_and_one_with_otherwise_in_its_place(tmp_path: Path) -> None:
    response = {"no": {"status": 418, "source": "assumed", "body": {"no": 1}}}
    rule = {"when": {"query.no": {"present": True}}, "respond": "no"}
    rules = {"a.yaml": {"operation": "GET /things", "responses": response, "rules": [rule]}}
    (tmp_path / "a").mkdir()
    http = client(tmp_path / "a", fixtures=rules)
    assert http.get("/things?no").status_code == 418
    made = http.post("/things", json={"name": "a"}).json()
    assert made in http.get("/things").json()
    (tmp_path / "b").mkdir()
    fixed = {"a.yaml": {"operation": "GET /things", "responses": response, "otherwise": "no"}}
    assert client(tmp_path / "b", fixtures=fixed).get("/things").status_code == 418


def test_a_value_that_holds_itself_stops_growing(tmp_path: Path) -> None:
    data = document(**{"/nest": {"post": {"responses": answers("200")}}})
    nest = {
        "operation": "POST /nest",
        "recall": {"last": {"as": "last", "key": "k"}},
        "responses": {
            "ok": {
                "status": 200,
                "source": "assumed",
                "remember": {"as": "last", "key": "k", "value": {"in": "{{ state.last }}"}},
            }
        },
        "otherwise": "ok",
    }
    http = client(tmp_path, data, {"nest.yaml": nest})
    assert {http.post("/nest").status_code for _ in range(100)} == {200}
    assert any("too deep" in reason for reason in http.get("/__mock/journal").json()["entries"][-1]["reasons"])


def test_recall_knows_lists_numbers_and_uuids(tmp_path: Path) -> None:
    data = document(**{"/log": {"post": {"responses": answers("200")}, "delete": {"responses": answers("200")}}})
    post = {
        "operation": "POST /log",
        "recall": {"n": {"as": "line", "next": "number"}, "u": {"as": "line", "next": "uuid"}, "all": {"as": "line"}},
        "responses": {
            "ok": {
                "status": 200,
                "source": "assumed",
                "body": {"n": "{{ state.n }}", "u": "{{ state.u }}", "all": "{{ state.all }}"},
                "remember": [{"as": "line", "key": "{{ state.n }}", "value": "{{ body }}"}],
            }
        },
        "otherwise": "ok",
    }
    delete = {
        "operation": "DELETE /log",
        "responses": {"ok": {"status": 200, "source": "assumed", "forget": {"as": "line"}}},
        "otherwise": "ok",
    }
    http = client(tmp_path, data, {"post.yaml": post, "delete.yaml": delete})
    first, second = (http.post("/log", json=text).json() for text in ("a", "b"))
    assert (first["n"], first["all"], second["n"], second["all"]) == (1, [], 2, ["a"])
    assert len(first["u"]) == len(second["u"]) == 36
    assert first["u"] != second["u"]
    http.delete("/log")
    assert http.post("/log", json="c").json()["all"] == []
    assert http.post("/log", json="d").json()["n"] == 4, "numbers are not used twice"
