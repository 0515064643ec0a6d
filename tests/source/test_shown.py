"""Files of examples: beside the document, or at an allowed address, fetched before anybody asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mock_server.errors import Broken
from mock_server.settings import Settings
from mock_server.source import Shown
from mock_server.world import build_world, example_problems
from tests.source.test_library import listening
from tests.support import make_app as app
from tests.support import make_client


def write(folder: Path, *values: str) -> Path:
    examples = {f"e{number}": {"externalValue": value} for number, value in enumerate(values)}
    response = {"description": "d", "content": {"image/*": {"examples": examples}}}
    data = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}}
    (folder / "api.json").write_text(json.dumps({**data, "paths": {"/x": {"get": {"responses": {"200": response}}}}}))
    return folder / "api.json"


def test_bytes_of_an_allowed_address_are_fetched_once_and_sent_under_their_own_name(tmp_path: Path) -> None:
    with listening() as host:
        host.texts["/a.gif"] = b"GIF89a\xff\xfe"
        spec = write(tmp_path, host.url("/a.gif"), host.url("/a.gif"))
        client = make_client(app(spec, allow_remote=("127.0.0.1",)))
        assert host.hits == ["/a.gif"]
        for _ in range(2):
            answer = client.get("/x")
            assert (answer.content, answer.headers["content-type"]) == (b"GIF89a\xff\xfe", "image/gif")
            assert "mock-body-invalid" not in answer.headers
        assert host.hits == ["/a.gif"]


def test_an_address_that_is_not_allowed_or_gives_nothing_is_told_by_check(tmp_path: Path) -> None:
    with listening() as host:
        spec = write(tmp_path, host.url("/not-there"), "http://other.invalid/a.png")
        world = build_world(Settings(specs=(spec,), allow_remote=("127.0.0.1",)))
        messages = [(each.code, each.message, each.hint) for each in example_problems(world)]
    assert [code for code, *_ in messages] == ["MS431", "MS431"]
    assert messages[0][1].startswith(f"{host.url('/not-there')} cannot be fetched: ")
    assert messages[1][1] == "http://other.invalid/a.png is not a file beside the document"
    assert str(messages[1][2]).startswith("allow its host with --allow-remote, or keep it")


def test_an_example_of_a_document_at_an_address_is_relative_to_it(tmp_path: Path) -> None:
    with listening() as host:
        host.texts["/v1/api.json"] = write(tmp_path, "pictures/a.png").read_bytes()
        host.texts["/v1/pictures/a.png"] = b"\x89PNG..."
        client = make_client(app(host.url("/v1/api.json"), allow_remote=("127.0.0.1",)))
        assert client.get("/x").content == b"\x89PNG..."
        assert host.hits == ["/v1/api.json", "/v1/pictures/a.png"]


@pytest.mark.parametrize("name", ["file:///etc/hostname", "/etc/hostname", "../../../etc/hostname"])
def test_a_document_at_an_address_leads_to_no_file_of_this_machine(name: str) -> None:
    home = "http://127.0.0.1:1/api.json"
    shown = Shown(["127.0.0.1"])
    with pytest.raises(Broken) as broken:
        shown.read(home, home, name)
    assert broken.value.problems[0].code == "MS106"
