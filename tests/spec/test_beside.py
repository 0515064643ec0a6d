"""Several documents beside one another: who answers where, and by which name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_server.errors import Broken
from mock_server.settings import Settings
from mock_server.source import Source, load
from mock_server.spec.beside import Beside, ambiguous, beside, called
from mock_server.spec.document import open_document
from mock_server.spec.operations import Operation, read_operations
from mock_server.world import World, build_world

GET = {"operationId": "getX", "responses": {"204": {"description": "d"}}}
BASES = {"a": ["/v1"], "b": ["/v2"]}


def operations(name: str, bases: list[str], *paths: str, **ids: str) -> list[Operation]:
    """GET operations of ``NAME.yaml`` with these servers; ``ids``: the operationId of each path's last word."""
    data = {
        "openapi": "3.1.0",
        "info": {"title": name, "version": "1"},
        "servers": [{"url": base} for base in bases],
        "paths": {
            path: {"get": {"operationId": ids.get(path.strip("/{}"), ""), "responses": {"204": {"description": "d"}}}}
            for path in paths
        },
    }
    return read_operations(open_document(load(Source(f"{name}.yaml", json.dumps(data, indent=1)))))


def told(found: Beside) -> list[str]:
    return [f"{each.severity} {each.code}: {each.message} ({each.hint})" for each in found.problems]


def keys(found: Beside) -> list[str]:
    return [each.key for each in found.operations]


def by_key(found: Beside) -> dict[str, Operation]:
    return {each.key: each for each in found.operations}


@pytest.mark.parametrize(
    "first, second, wanted",
    [
        ((["/v1"], "/x"), (["/v2"], "/x"), ["GET /v1/x", "GET /v2/x"]),
        ((["/v1"], "/x"), (["/v2"], "/y"), ["GET /x", "GET /y"]),
        ((["/v1"], "/x"), ([], "/x"), ["GET /v1/x", "GET /x"]),
        (([], "/x"), (["/v2"], "/x"), ["GET /x", "GET /v2/x"]),
        ((["/v1"], "/{a}"), (["/v2"], "/{b}"), ["GET /{a}", "GET /{b}"]),
        ((["/v1", "/"], "/x"), (["/", "/v2"], "/x"), ["GET /v1/x", "GET /v2/x"]),
    ],
)
def test_operations_that_are_called_alike_have_their_base_paths_in_their_keys(
    first: tuple[list[str], str], second: tuple[list[str], str], wanted: list[str]
) -> None:
    found = beside([operations("a", *first), operations("b", *second)])
    assert keys(found) == wanted
    assert {each.severity for each in found.problems} <= {"warning"}


def test_a_key_with_a_base_path_that_another_path_already_has_ends_in_keys_of_their_own() -> None:
    found = beside([operations("a", ["/v1"], "/x"), operations("b", ["/v2"], "/x"), operations("c", ["/v3"], "/v1/x")])
    assert keys(found) == ["GET /v1/x", "GET /v2/x", "GET /v3/v1/x"]


def test_the_same_address_is_an_error_that_says_where_the_other_is() -> None:
    found = beside([operations("a", ["/v1"], "/x/{id}"), operations("b", ["/v1"], "/x/{name}")])
    assert told(found) == [
        "error MS208: GET /x/{name} is in a.yaml too (the other is at a.yaml:14:4; remove one, give their `servers` "
        "different paths, or serve them by two servers)"
    ]


def test_an_address_is_base_path_and_path_together() -> None:
    found = beside([operations("a", ["/v1"], "/x"), operations("b", [], "/v1/x")])
    assert [each.code for each in found.problems] == ["MS208"]


def test_one_warning_a_document_tells_what_another_answers_at_the_root() -> None:
    paths = ("/a", "/b", "/c", "/d", "/e")
    found = beside([operations("a", ["/v1"], *paths), operations("b", ["/v2"], *paths, "/f")])
    assert told(found) == [
        "warning MS260: a.yaml has GET /a, GET /b, GET /c and 2 more too, and answers there "
        "(this document answers under /v2)"
    ]


def test_the_document_that_is_at_the_root_by_its_servers_answers_there_though_it_comes_later() -> None:
    found = beside([operations("a", ["/v1"], "/x"), operations("b", [], "/x")])
    assert told(found) == ["warning MS260: b.yaml has GET /x too, and answers there (this document answers under /v1)"]


def test_one_base_path_of_several_may_be_another_documents() -> None:
    found = beside([operations("a", ["/v1", "/shared"], "/x"), operations("b", ["/shared", "/v2"], "/x")])
    assert told(found) == [
        "warning MS260: a.yaml has GET /shared/x, GET /x too, and answers there (this document answers under /v2)"
    ]


def test_a_single_document_is_left_alone() -> None:
    own = operations("a", ["/v1"], "/x")
    assert beside([own]) == Beside(own, [])


def test_a_name_is_a_key_an_operation_id_a_path_or_a_path_with_its_base() -> None:
    first, second = operations("a", ["/v1"], "/x", "/y", y="getY"), operations("b", ["/v2"], "/x", "/z", z="getZ")
    found = by_key(beside([first, second]))
    names = ("GET /v1/x", "GET /v2/x", "getY", "getZ", "GET /z", "GET /v2/z", "GET /v1/z", "POST /x", "")
    assert [[each.key for each in called(name, found)] for name in names] == [
        ["GET /v1/x"],
        ["GET /v2/x"],
        ["GET /y"],
        ["GET /z"],
        ["GET /z"],
        ["GET /z"],
        [],
        [],
        [],
    ]


def test_a_name_that_means_operations_of_two_documents_is_told_with_what_to_write() -> None:
    found = by_key(beside([operations("a", ["/v1"], "/x", x="getX"), operations("b", ["/v2"], "/x", x="getX")]))
    for name in ("GET /x", "getX"):
        assert ambiguous(name, called(name, found)) == (
            f"{name!r} means operations of several documents: a.yaml, b.yaml",
            "write GET /v1/x or GET /v2/x",
        )


def write(folder: Path, fixture: str) -> Settings:
    for name, bases in BASES.items():
        data: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": name, "version": "1"}}
        data |= {"servers": [{"url": base} for base in bases], "paths": {"/x": {"get": GET}}}
        (folder / f"{name}.json").write_text(json.dumps(data))
    (folder / "fixtures").mkdir()
    (folder / "fixtures" / "x.yaml").write_text(fixture)
    return Settings(specs=(folder / "a.json", folder / "b.json"), fixtures=folder / "fixtures")


@pytest.mark.parametrize(
    "fixture, place",
    [
        ("operation: GET /x\n", "x.yaml:1:12"),
        ("operation: getX\n", "x.yaml:1:12"),
        ("scenario: s\nrespond: {getX: '204'}\n", "x.yaml:2:11"),
    ],
)
def test_a_fixture_that_means_several_operations_is_refused(tmp_path: Path, fixture: str, place: str) -> None:
    with pytest.raises(Broken) as broken:
        build_world(write(tmp_path, fixture))
    (problem,) = (each for each in broken.value.problems if each.severity == "error")
    assert (problem.code, problem.hint) == ("MS261", "write GET /v1/x or GET /v2/x")
    assert str(problem.place).endswith(place)


def test_a_world_of_two_documents_finds_each_by_its_base_path_only(tmp_path: Path) -> None:
    world: World = build_world(write(tmp_path, "scenario: s\nrespond: {GET /v2/x: '204'}\n"))
    assert world.fixtures.scenarios["s"].respond == {"GET /v2/x": "204"}
    assert [world.plan(name) is not None for name in ("GET /v1/x", "GET /v2/x", "GET /x", "getX")] == [
        True,
        True,
        False,
        False,
    ]
    assert [each.code for each in world.fixture_warnings] == ["MS260"]
