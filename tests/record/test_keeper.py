"""What a recording makes of exchanges, without a process: names, polls, secrets, merging, several documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_server.record.exchange import Exchange, Seen, Sent
from mock_server.record.keeper import Keeper
from mock_server.record.told import summary
from mock_server.settings import Settings
from mock_server.world import World, build_world
from tests.record.shop import KEY, SPEC

JSON = (("content-type", "application/json"),)
SIGNED = (("x-shop-key", KEY),)
AT = 1_600_000_000.0


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(Settings(specs=(SPEC,)))


def exchange(method: str, target: str, status: int, answer: Any = None, sent: Any = None, *more: Any) -> Exchange:
    body = b"" if sent is None else json.dumps(sent).encode()
    data = b"" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    headers = (*(JSON if answer is not None else ()), *more)
    return Exchange(
        "https://shop.example", "", Sent(method, target, (*SIGNED, *JSON), body), Seen(status, headers, data, 0.1)
    )


def kept(world: World, folder: Path, *exchanges: Exchange, force: bool = False) -> Keeper:
    keeper = Keeper(world, folder, "https://shop.example", force=force)
    for number, each in enumerate(exchanges):
        keeper.take(each, AT + 100 * number)
    keeper.flush()
    return keeper


def fixture(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / name).read_text())
    return found


LAMP = {"id": 7, "name": "lamp"}


def test_a_poll_ends_with_what_it_waited_for(world: World, tmp_path: Path) -> None:
    none = {"message": "not yet"}
    kept(world, tmp_path, exchange("GET", "/items/7", 404, none), exchange("GET", "/items/7", 200, LAMP))
    item = fixture(tmp_path, "items/get-item.yaml")
    assert item["rules"] == [{"when": {"path.itemId": 7}, "respond": "ok"}]
    text = (tmp_path / "items/get-item.yaml").read_text()
    assert "# seen for GET /items/7; nothing leads here but `Prefer: response=not-found`" in text


def test_what_was_deleted_is_deleted_and_not_missing(world: World, tmp_path: Path) -> None:
    gone = {"message": "item 7 not found"}
    kept(world, tmp_path, exchange("DELETE", "/items/7", 204), exchange("DELETE", "/items/7", 404, gone))
    assert fixture(tmp_path, "items/delete-item.yaml")["otherwise"] == "deleted"


def test_ids_that_a_server_gives_out_make_no_other_answer(world: World, tmp_path: Path) -> None:
    made = [exchange("POST", "/items", 201, {"id": n, "name": f"n{n}"}, {"name": f"n{n}"}) for n in range(5)]
    kept(world, tmp_path, *made)
    item = fixture(tmp_path, "items/create-item.yaml")
    assert list(item["responses"]) == ["created"]
    assert "rules" not in item
    assert "# seen 5 times, first for POST /items" in (tmp_path / "items/create-item.yaml").read_text()


def test_what_answers_another_question_is_another_answer(world: World, tmp_path: Path) -> None:
    pages = [exchange("GET", f"/items?page={n}", 200, [{"id": n, "name": "x"}]) for n in (1, 2)]
    kept(world, tmp_path, *pages, exchange("GET", "/items", 200, [{"id": 1, "name": "x"}]))
    listed = fixture(tmp_path, "items/list-items.yaml")
    assert list(listed["responses"]) == ["ok-page-1", "ok-page-2"], "and no page is page 1, says the document"


def test_a_second_recording_adds_nothing_that_is_there(world: World, tmp_path: Path) -> None:
    seen = [exchange("GET", f"/items/{n}", 200, {"id": n, "name": f"n{n}"}) for n in (7, 8)]
    kept(world, tmp_path, *seen)
    before = (tmp_path / "items/get-item.yaml").read_text()
    kept(world, tmp_path, *seen, force=True)
    assert (tmp_path / "items/get-item.yaml").read_text() == before
    kept(world, tmp_path, exchange("GET", "/items/9", 404, {"message": "none"}), force=True)
    text = (tmp_path / "items/get-item.yaml").read_text()
    assert text.startswith(before.partition("\nrules:")[0])
    assert [each["respond"] for each in fixture(tmp_path, "items/get-item.yaml")["rules"]] == [
        "ok-itemid-7", "ok-itemid-8", "not-found",
    ]  # fmt: skip


def test_words_that_are_secrets_elsewhere_are_words_here(world: World, tmp_path: Path) -> None:
    """``state`` and ``code`` are OAuth2's, and everybody's."""
    secret = "Zx81-QL-4711-aBcDeF"
    login = {"access_token": "a-token-of-twenty-and-more", "next": f"/cb?state={secret}"}
    item = {**LAMP, "state": "used"}
    signing_in = exchange("POST", "/login", 200, login, {"password": "p4ss-w0rd"})
    kept(world, tmp_path, exchange("GET", "/items/7", 200, item), signing_in)
    assert fixture(tmp_path, "items/get-item.yaml")["responses"]["ok"]["body"]["state"] == "used"
    assert fixture(tmp_path, "session/login.yaml")["responses"]["ok"]["body"]["next"] == "/cb?state=***"


def test_what_stands_in_comments_stays_in_them(world: World, tmp_path: Path) -> None:
    keeper = Keeper(world, tmp_path, "a\nb\u2028c.har")
    keeper.take(exchange("GET", "/items?x=\u2028rules: no", 200, []), AT)
    keeper.flush()
    assert list(fixture(tmp_path, "items/list-items.yaml")) == ["operation", "responses", "rules"]
    build_world(Settings(specs=(SPEC,), fixtures=tmp_path))


def test_a_long_body_goes_into_a_file(world: World, tmp_path: Path) -> None:
    kept(world, tmp_path, exchange("GET", "/items", 200, [{"id": n, "name": "x" * 100} for n in range(400)]))
    listed = fixture(tmp_path, "items/list-items.yaml")["responses"]["ok"]
    assert listed["body_file"] == "items/list-items-ok.json"
    assert len(json.loads((tmp_path / listed["body_file"]).read_bytes())) == 400


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (500, {"message": "oops"}, "500 is a failure, no answer to repeat"),
        (304, None, "304 is no answer to repeat"),
        (200, b"{", "the body of 200 cannot be read"),
        (200, {"id": "7", "name": "x"}, "breaks its schema: id, type"),
        (200, {"id": 7, "name": "{{ x }}"}, "which a fixture takes for a template"),
    ],
)
def test_what_no_fixture_can_repeat_is_told_and_not_written(
    world: World, tmp_path: Path, status: int, answer: Any, why: str
) -> None:
    keeper = kept(world, tmp_path, exchange("GET", "/items/7", status, answer))
    told = summary(keeper, "out")
    assert "Not written:\n  GET /items/{itemId}: " in told
    assert why in told
    assert not list(tmp_path.rglob("*.yaml"))


def test_several_documents_are_recorded_at_once(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(
        "openapi: 3.1.0\ninfo: {title: o, version: '1'}\nservers: [{url: /other}]\npaths:\n"
        "  '/items/{id}':\n    get: {responses: {'200': {description: ok}}}\n"
        "    parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n"
    )
    world = build_world(Settings(specs=(SPEC, other)))
    out = tmp_path / "out"
    kept(
        world, out, exchange("GET", "/api/items/7", 200, LAMP), exchange("GET", "/other/items/7", 200, {"other": True})
    )
    files = [yaml.safe_load(path.read_text()) for path in out.rglob("*.yaml")]
    bodies = [next(iter(each["responses"].values()))["body"] for each in files]
    assert {"id": "{{ path.itemId }}", "name": "lamp"} in bodies
    assert {"other": True} in bodies
    build_world(Settings(specs=(SPEC, other), fixtures=out))


def test_the_summary_stays_short_however_much_was_seen(world: World, tmp_path: Path) -> None:
    keeper = kept(world, tmp_path, *(exchange("GET", f"/nowhere/{n}", 404) for n in range(1_200)))
    assert len(keeper.unmatched) == 1_001
    assert summary(keeper, "out").endswith("  … and 971 more\n")
