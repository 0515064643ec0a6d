"""``mock-server scaffold``: for any document a folder that ``check`` has nothing new to say about."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.scaffold import command
from mock_server.errors import Broken
from mock_server.fixture.scaffold import HINTS
from mock_server.settings import Settings
from mock_server.world import World, build_world
from tests.conformance.case import CASES, read_case
from tests.support import ROOT, make_app, make_client

SECONDS = 30.0
"""A thousand operations take two or three on the slow machine of our CI."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))


def described(spec: Path, folder: Path | None = None) -> World:
    return build_world(Settings(specs=(spec,), fixtures=folder))


def is_new(problem: Any, known: set[str]) -> bool:
    return problem.as_text() not in known


def holds(spec: Path, folder: Path) -> World:
    """What ``check`` says of the document with the folder is what it says without."""
    known = {problem.as_text() for problem in described(spec).warnings}
    world = described(spec, folder)
    assert [problem.as_text() for problem in world.warnings if is_new(problem, known)] == []
    return world


def take_every_hint(folder: Path) -> None:
    """As a person does who uncomments everything and renames the samples."""
    for path in folder.rglob("*.yaml"):
        before, mark, hints = path.read_text("utf-8").partition(HINTS + "\n")
        if mark:
            path.write_text(before + "".join(line.removeprefix("# ") for line in hints.splitlines(keepends=True)))
    for path in folder.rglob("*.sample"):
        path.rename(path.with_suffix(""))


DOCUMENTS = [ROOT / "openapi.yaml", *CASES]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_folder_is_good_as_it_is_and_with_every_hint_taken(path: Path, tmp_path: Path) -> None:
    specs = (path,) if path.suffix == ".yaml" and path.parent == ROOT else read_case(path).write(tmp_path)[0]
    for number, spec in enumerate(specs):
        try:
            described(spec)
        except Broken:
            continue  # a document that is not served has no fixtures either
        folder = tmp_path / f"scaffold-{number}"
        done = run(spec, folder)
        assert done.exit_code == 0, done.output
        world = holds(spec, folder)
        assert set(world.fixtures.operations) == set(world.plans)
        take_every_hint(folder)
        holds(spec, folder)


def response(**more: Any) -> dict[str, Any]:
    return {"description": "x", **more}


def example(value: Any, schema: Any = None, media: str = "application/json") -> dict[str, Any]:
    return response(content={media: {"example": value, **({"schema": schema} if schema is not None else {})}})


def examples(*names: str) -> dict[str, Any]:
    return response(content={"application/json": {"examples": {name: {"value": 1} for name in names}}})


def operation(responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"responses": responses, **more}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


ODD: dict[str, dict[str, Any]] = {
    "/": {"get": operation({"200": example(1)})},
    "/con": {"get": operation({"200": example(1)}, tags=["CON"], operationId="NUL")},
    "/a b/{x y}/ü/:": {"get": operation({"200": example("é\u2028")}, tags=["..", "x"])},
    "/../../etc/passwd": {"get": operation({"200": example(1)}, tags=["../../up"], operationId="../../../out")},
    "/same": {
        "get": operation({"200": example(1)}, operationId="getIt"),
        "put": operation({"200": example(1)}, operationId="get-it"),
        "post": operation({"200": example(1)}, operationId="GET_IT"),
    },
    "/long": {"get": operation({"200": example(1)}, operationId="x" * 300, tags=["y" * 300])},
    "/tags": {"get": operation({"200": example(1)}, tags=[], summary="a\nb\u0007 # c")},
    "/statuses": {
        "get": operation(
            {
                "200": response(),
                "204": example(1),
                "2XX": response(),
                "4XX": example({"a": 1}),
                "default": example("d"),
                "100": response(),
                "304": example(1),
            }
        )
    },
    "/template": {"get": operation({"200": example({"t": "{{ handshake.id }} {{"}), "400": example("{{ x }}")})},
    "/text": {
        "get": operation(
            {"200": example("a: b\n\tc {{ y }}", media="text/plain"), "201": example("no", media="text/csv")}
        )
    },
    "/deep": {"get": operation({"200": example(deep(150)), "201": example(deep(50))})},
    "/broken": {"get": operation({"200": example("x", {"type": "integer"}), "400": example("x", {"not": {}})})},
    "/xml": {"get": operation({"200": example({"a": 1}, {"type": "object"}, "application/xml")})},
    "/any": {"get": operation({"200": example("x", media="*/*"), "201": example("x", media="text/*")})},
    "/names": {"get": operation({"200": examples("404", "a: b", ""), "404": examples("404", "a: b")})},
    "/texts": {"get": operation({"200": example(["no", "12:30", "2024-01-01", "\x00", "a\nb", 1e300, 2**70, None])})},
    "/none": {"get": {"summary": "s"}},
}  # fmt: skip


def write(path: Path, paths: dict[str, Any], **more: Any) -> Path:
    path.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths, **more}))
    return path


@pytest.mark.parametrize("path", ODD)
def test_an_odd_operation_has_a_good_file(path: str, tmp_path: Path) -> None:
    spec = write(tmp_path / "api.json", {path: ODD[path]})
    folder = tmp_path / "out"
    done = run(spec, folder)
    assert done.exit_code == 0, done.output
    world = holds(spec, folder)
    assert set(world.fixtures.operations) == set(world.plans)
    take_every_hint(folder)
    holds(spec, folder)


def test_file_names_suit_every_file_system(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert run(write(tmp_path / "api.json", ODD), folder).exit_code == 0
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["api.json", "out"], "nothing lies outside"
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        for part in name.split("/"):
            assert len(part) <= 140
            assert part.isascii()
            assert part.partition(".")[0] not in ("con", "nul", "prn", "aux", "")
    assert {"same/get-it.yaml", "same/get-it-2.yaml", "same/get-it-3.yaml", "con-file/nul-file.yaml"} <= set(names)


def test_letters_with_marks_lose_their_marks_and_not_themselves(tmp_path: Path) -> None:
    answers = {"200": {"description": "ok"}}
    paths = {
        "/a": {"get": {"tags": ["Größen"], "operationId": "größeÄndern", "responses": answers}},
        "/café/ﬁnd": {"get": {"responses": answers}},
        "/日本": {"get": {"responses": answers}},
    }
    folder = tmp_path / "out"
    assert run(write(tmp_path / "api.json", paths), folder).exit_code == 0
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml")}
    assert {"grossen/grosse-andern.yaml", "cafe/get-cafe-find.yaml", "unnamed/get.yaml"} <= names


def test_what_is_served_with_the_folder_is_what_was_served_without(tmp_path: Path) -> None:
    spec = write(tmp_path / "api.json", ODD)
    assert run(spec, tmp_path / "out").exit_code == 0
    before, after = make_client(make_app(spec)), make_client(make_app(spec, fixtures=tmp_path / "out"))
    for path in ("/con", "/template", "/deep", "/texts", "/text"):
        assert after.get(path).content == before.get(path).content, path


def test_a_documented_body_is_marked_so_and_an_invented_one_is_not(tmp_path: Path) -> None:
    invented = response(
        content={"application/json": {"schema": {"type": "object", "properties": {"size": {"const": 7}}}}}
    )
    spec = write(tmp_path / "api.json", {"/things": {"get": operation({"200": example({"size": 1}), "404": invented})}})
    assert run(spec, tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "things" / "get-things.yaml").read_text() == (
        "# yaml-language-server: $schema=../fixture.schema.json\n"
        "# Written by `mock-server scaffold`: keep what you need, and correct the rest.\n"
        "operation: GET /things\n"
        "\n"
        "responses:\n"
        "  200:\n"
        "    # x\n"
        "    status: 200\n"
        "    source: documented\n"
        "    body:\n"
        "      size: 1\n"
        "  404:\n"
        "    # x\n"
        "    status: 404\n"
        "    source: assumed\n"
        "    body:\n"
        "      size: 7\n"
        "\n"
        "# ---- To use one of these, take the `# ` before it away.\n"
        '# otherwise: "200"\n'
        "# rules:\n"
        "#   - name: an answer for one request only\n"
        "#     when: {header.x-wanted: {present: true}}\n"
        '#     respond: "404"\n'
    )


def test_it_says_what_was_written_and_what_comes_next(tmp_path: Path) -> None:
    done = run(ROOT / "openapi.yaml", tmp_path / "a folder")
    assert done.stdout.splitlines() == [
        f"6 files for 2 operations are in {tmp_path / 'a folder'}. Next:",
        f"  mock-server serve {ROOT / 'openapi.yaml'} --fixtures '{tmp_path / 'a folder'}'",
    ]


def test_it_refuses_to_overwrite_and_is_forced_to(tmp_path: Path) -> None:
    spec = ROOT / "openapi.yaml"
    assert run(spec, tmp_path).exit_code == 0
    file = next(tmp_path.rglob("new-*.yaml"))
    file.write_text("# mine\n")
    again = run(spec, tmp_path)
    assert again.exit_code == 2
    assert "error MS328: 6 of 6 files are there already; nothing was written:" in again.stderr
    assert file.read_text() == "# mine\n"
    assert run(spec, tmp_path, "--force").exit_code == 0
    assert file.read_text() != "# mine\n"


def test_a_broken_document_writes_nothing(tmp_path: Path) -> None:
    spec = tmp_path / "api.yaml"
    spec.write_text("openapi: 3.1.0\npaths: []\n")
    done = run(spec, tmp_path / "out")
    assert done.exit_code == 3
    assert "error MS" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_thousand_operations_take_seconds(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(20)}}
    answer = response(content={"application/json": {"schema": {"$ref": "#/components/schemas/x"}}})
    paths = {f"/r{n}/{{id}}": {"get": operation({"200": answer, "404": answer})} for n in range(1_000)}
    spec = write(tmp_path / "api.json", paths, components={"schemas": {"x": schema}})
    started = time.perf_counter()
    assert run(spec, tmp_path / "out").exit_code == 0
    assert time.perf_counter() - started < SECONDS
    assert len(list((tmp_path / "out").rglob("*.yaml"))) == 1_000
