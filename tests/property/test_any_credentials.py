"""Whatever is sent as credentials or as a path: an answer of ours, and never a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.asgi import InProcess
from tests.support import make_app

KINDS = {
    "basic": {"type": "http", "scheme": "basic"},
    "digest": {"type": "http", "scheme": "digest"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "query", "name": "k"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "c"},
    "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://e.example/t", "scopes": {}}}},
}
SEGMENTS = st.lists(st.sampled_from(["a", "b-c", "x.y", "%2F", "%2e", "..", "", "%", "é", "7:go", "%zz"]), max_size=6)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    folder = tmp_path_factory.mktemp("credentials")
    paths = {
        f"/{name}": {"get": {"security": [{name: ["read"]}], "responses": {"200": {"description": "d"}}}}
        for name in KINDS
    }
    for path in ("/t/{a}", "/t/{a}-{b}", "/t/{a}.{b}/{c}:go", "/t/{a}/b-c"):
        paths[path] = {"get": {"security": [], "responses": {"200": {"description": "d"}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "components": {"securitySchemes": KINDS},
        "paths": paths,
    }
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "fixtures").mkdir()
    (folder / "fixtures" / "tokens.yaml").write_text("jwt: true\ntokens: []\n")
    client = InProcess(make_app(folder / "openapi.json", fixtures=folder / "fixtures"))
    yield client
    client.close()


LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40)


@given(
    name=st.sampled_from(list(KINDS)),
    scheme=st.sampled_from(["", "Basic ", "digest ", "Bearer ", "Bearer e30.e30.", 'Digest realm="']),
    text=LATIN,
)
def test_credentials_are_good_or_refused_with_a_challenge(asked: InProcess, name: str, scheme: str, text: str) -> None:
    header = (b"authorization", (scheme + text).encode("latin-1"))
    answer = asked("GET", f"/{name}", headers=[header, (b"cookie", text.encode("latin-1"))])
    assert answer.status in (200, 401, 403)
    assert (b"www-authenticate" in answer.headers) is (answer.status != 200)
    assert b"traceback" not in answer.body.lower()


@given(segments=SEGMENTS, method=st.sampled_from(["GET", "HEAD", "OPTIONS", "PUT", "query"]))
def test_a_path_is_answered_whatever_it_is(asked: InProcess, segments: list[str], method: str) -> None:
    answer = asked(method, "/t/" + "/".join(segments))
    assert answer.status in (200, 204, 404, 405)
    assert (b"allow" in answer.headers) is (answer.status in (204, 405))
