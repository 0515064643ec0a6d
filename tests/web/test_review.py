"""What two reviews with fresh eyes found: each once wrong, each mended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mock_server.errors import Broken
from mock_server.settings import Settings
from mock_server.source import read_bytes
from mock_server.state import memory
from mock_server.state.store import MAX_ALL_JOURNALS_BYTES
from mock_server.world import build_world
from tests.support import ASK, TOKEN, make_app, make_client, start

HEAD = 'openapi: 3.1.0\ninfo: {title: t, version: "1"}\n'


def serve(tmp_path: Path, paths: str, *fixtures: str, **settings: Any) -> TestClient:
    folder = tmp_path / "fixtures"
    folder.mkdir(exist_ok=True)
    for index, text in enumerate(fixtures):
        (folder / f"{index}.yaml").write_text(text)
    (tmp_path / "api.yaml").write_text(HEAD + paths)
    return make_client(make_app(tmp_path / "api.yaml", fixtures=folder if fixtures else None, **settings))


def refused(tmp_path: Path, *fixtures: str) -> list[str]:
    with pytest.raises(Broken) as broken:
        serve(tmp_path, OPEN, *fixtures)
    return [problem.message for problem in broken.value.problems]


OPEN = """\
paths:
  /begin: {post: {responses: {"200": {description: ok}}}}
  /other: {post: {responses: {"200": {description: ok}}}}
  /end: {post: {responses: {"200": {description: ok}, "402": {description: not yet}}}}
"""
PROVIDER = "provider: p\nsource: assumed\ncredentials: {x: 1}\n"
BODY = '{uri: "{{ handshake.auth_uri }}", pull_id: "{{ handshake.pull_id }}"}'
STARTED = f"responses: {{ok: {{status: 200, source: assumed, body: {BODY}}}}}\n"
BEGIN = f"operation: POST /begin\nhandshake: {{start: {{provider: p}}}}\n{STARTED}"
OTHER = (
    "operation: POST /other\nhandshake: {start: {provider: p, callbacks: [/done], client_id: mock-server}}\n" + STARTED
)
END = """\
operation: POST /end
handshake: collect
responses:
  ok: {status: 200, source: assumed, body: "{{ handshake.credentials }}"}
  wait: {status: 402, source: assumed}
rules: [{when: {handshake.state: {not_in: [granted, collected]}}, respond: wait}]
"""


def walk(client: TestClient, auth_uri: str) -> str:
    page = client.get(auth_uri)
    assert page.status_code == 200, page.text
    ticket = page.text.split('name="ticket" value="')[1].split('"')[0]
    sent = client.post("/__provider/p/consent", data={"ticket": ticket, "decision": "approve"})
    return client.get(sent.headers["location"]).text


def test_a_handshake_that_was_begun_without_a_token_is_collected_without_one(tmp_path: Path) -> None:
    client = serve(tmp_path, OPEN, BEGIN, END, PROVIDER)
    begun = client.post("/begin").json()
    assert "is connected" in walk(client, begun["uri"])
    assert client.post("/end", json={"pull_id": begun["pull_id"]}).json() == {"x": 1}


def test_two_operations_may_begin_handshakes_with_callbacks_of_their_own(tmp_path: Path) -> None:
    client = serve(tmp_path, OPEN, BEGIN, OTHER, PROVIDER)
    for path in ("/begin", "/other"):
        assert "is connected" in walk(client, client.post(path).json()["uri"])


def test_two_operations_may_share_a_callback_and_differ_in_their_client(tmp_path: Path) -> None:
    other = OTHER.replace("callbacks: [/done], client_id: mock-server", "client_id: another")
    client = serve(tmp_path, OPEN, BEGIN, other, PROVIDER)
    for path in ("/begin", "/other"):
        assert "is connected" in walk(client, client.post(path).json()["uri"])


def test_a_provider_that_nobody_has_is_an_error_and_not_another_provider(tmp_path: Path) -> None:
    begin = BEGIN.replace("provider: p}", "provider: body.who}")
    client = serve(tmp_path, OPEN, begin, PROVIDER)
    answer = client.post("/begin", json={"who": "nobody"})
    assert (answer.status_code, answer.json()["code"], answer.json()["available"]) == (422, "MS414", ["p"])
    assert client.post("/begin", json={"who": "nobody"}, headers={"Prefer": "response=ok"}).status_code == 200


def test_a_forced_answer_still_follows_the_scenarios_consent(client: TestClient) -> None:
    for prefer in ("response=started, scenario=consent-approved", "code=200, scenario=consent-approved"):
        answer = client.post("/oauth2", json=ASK, headers={**TOKEN, "Prefer": prefer})
        assert "scenario=consent-approved" in answer.headers["preference-applied"]
        collected = client.post("/oauth2/credentials", json={"pull_id": answer.json()["pull_id"]}, headers=TOKEN)
        assert collected.status_code == 200
    nonsense = client.post("/oauth2", json=ASK, headers={**TOKEN, "Prefer": "response=started, scenario=nonsense"})
    assert nonsense.status_code == 400


def test_a_scenario_that_the_client_asks_for_goes_before_the_queue(client: TestClient) -> None:
    client.post("/__mock/next", json={"operation": "POST /oauth2", "response": "rate-limited"})
    wanted = client.post("/oauth2", json=ASK, headers={**TOKEN, "Prefer": "scenario=plan-does-not-allow"})
    queued = client.post("/oauth2", json=ASK, headers=TOKEN)
    assert (wanted.status_code, queued.status_code) == (402, 429)


def test_a_standard_wait_is_cut_and_not_refused(client: TestClient) -> None:
    app = make_app()
    answer = make_client(app).post("/oauth2", json=ASK, headers={**TOKEN, "Prefer": "wait=0.001, respond-async"})
    assert answer.headers["preference-applied"] == "wait=0.001"


@pytest.mark.parametrize(
    "fixture, message",
    [
        (BEGIN.replace("provider: p}", "provider: p, callbacks: []}"), "`callbacks` lists at least one path"),
        (
            BEGIN.replace("provider: p}", f"provider: p, default_valid_for: {'9' * 400}d}}"),
            "`default_valid_for` is longer than a year",
        ),
        (
            BEGIN.replace("source: assumed,", "source: assumed, headers: {Content-Length: '5'},"),
            "Content-Length is the mock's own to send",
        ),
        (PROVIDER.replace("provider: p", "provider: a/b"), "'a/b' cannot be a provider's id"),
        (
            PROVIDER + 'clients: [{client_id: c, redirect_uris: ["http://[bad"]}]',
            "'http://[bad' cannot be a redirect_uri",
        ),
        (
            PROVIDER + 'clients: [{client_id: c, redirect_uris: ["javascript:alert(1)"]}]',
            "'javascript:alert(1)' cannot be a redirect_uri",
        ),
        (
            PROVIDER + 'clients: [{client_id: c, redirect_uris: ["http://x/cb#frag"]}]',
            "'http://x/cb#frag' cannot be a redirect_uri",
        ),
        (
            PROVIDER + "clients: [{client_id: c, redirect_uris: []}, {client_id: c, redirect_uris: []}]",
            "two clients are called 'c'",
        ),
        (
            "tokens: [{token: my token, account: a, source: assumed}]",
            "'my token' can never be sent as a bearer token",
        ),
    ],
)
def test_what_would_fail_later_is_refused_at_load(tmp_path: Path, fixture: str, message: str) -> None:
    others = [] if fixture.startswith("provider") else [PROVIDER]
    assert message in refused(tmp_path, fixture, *others)


def get(tmp_path: Path, operation: str, url: str = "/x", **headers: str) -> tuple[int, str]:
    client = serve(tmp_path, f"paths: {{/x: {{get: {operation}}}}}\n")
    answer = client.get(url, headers=headers)
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    "schema, query",
    [
        ("{type: array, items: {type: integer}}", "q=1&q=2"),
        ("{type: array, items: {type: integer}}", "q=1"),
        ("{type: array, items: {type: boolean}}", "q=true&q=false"),
        ("{type: array, items: {type: string}}", "q=1&q=x"),
        ("{type: [integer, 'null']}", "q=1"),
        ("{anyOf: [{type: integer}, {type: 'null'}]}", "q=1"),
        ("{enum: [1, 2]}", "q=1"),
        ("{type: string}", "q=1"),
        ("{type: boolean}", "q=true"),
        ("{type: number}", "q=1.5"),
    ],
)
def test_a_good_parameter_in_the_default_style_is_read_as_its_schema_wants(
    tmp_path: Path, schema: str, query: str
) -> None:
    operation = f"{{parameters: [{{name: q, in: query, schema: {schema}}}], responses: {{'204': {{description: ok}}}}}}"
    assert get(tmp_path, operation, f"/x?{query}")[0] == 204


@pytest.mark.parametrize("query", ["q=x", "q=1&q=x", "q=1,2", "q=true"])
def test_a_bad_parameter_is_still_refused(tmp_path: Path, query: str) -> None:
    # An exploded list repeats its name: "1,2" is one item, and no integer (OAS 3.1 §4.8.12.3).
    schema = "{type: array, items: {type: integer}}" if set(query) & set("&,") else "{type: integer}"
    operation = f"{{parameters: [{{name: q, in: query, schema: {schema}}}], responses: {{'204': {{description: ok}}}}}}"
    assert get(tmp_path, operation, f"/x?{query}")[0] == 422


def test_header_parameters_that_openapi_ignores_are_ignored(tmp_path: Path) -> None:
    parameter = "{name: Accept, in: header, required: true, schema: {type: integer}}"
    operation = f"{{parameters: [{parameter}], responses: {{'204': {{description: ok}}}}}}"
    assert get(tmp_path, operation, accept="text/plain")[0] == 204


JSON = "content: {application/json: {"


@pytest.mark.parametrize(
    "responses, status, body",
    [
        ("{'201': {description: ok}, default: {description: bad}}", 201, ""),
        ("{default: {description: all}}", 200, ""),
        ("{'302': {description: there}, default: {description: bad}}", 302, ""),
        ("{'404': {description: no}, default: {description: rest}}", 200, ""),
        ("{'2XX': {description: ok}, default: {description: bad}}", 200, ""),
        ("{'404': {description: no}, '403': {description: not you}}", 403, ""),
        ("{'101': {description: switch}}", 204, ""),
        ("{'4XX': {description: bad}}", 400, ""),
        ("{'304': {description: same}}", 304, ""),
        ("{'100': {description: wait}, '200': {description: ok}}", 200, ""),
        (f"{{'200': {{description: ok, {JSON}schema: {{const: {10**26}}}}}}}}}}}", 200, str(10**26)),
    ],
)
def test_the_usual_answer_of_an_odd_document(tmp_path: Path, responses: str, status: int, body: str) -> None:
    assert get(tmp_path, f"{{responses: {responses}}}") == (status, body)


def test_an_interim_status_cannot_be_asked_for(tmp_path: Path) -> None:
    operation = "{responses: {'103': {description: x}, '200': {description: ok}}}"
    assert get(tmp_path, operation, prefer="code=103")[0] == 400


def test_examples_of_one_name_under_two_statuses_are_both_there(tmp_path: Path) -> None:
    one = "{description: a, content: {application/json: {examples: {sample: {value: 1}}}}}"
    operation = f"{{responses: {{'200': {one}, '404': {one}}}}}"
    assert get(tmp_path, operation, prefer="code=404")[0] == 404
    assert get(tmp_path, operation, prefer="response=sample-404")[0] == 404


BROKEN_EXAMPLE = f"{{responses: {{'200': {{description: ok, {JSON}schema: {{type: integer}}, example: x}}}}}}}}}}"
UNFINDABLE = "{type: string, pattern: '^([a-z]{3})\\1(?<=xyz)$'}"
NO_BODY = f"{{responses: {{'200': {{description: ok, {JSON}schema: {UNFINDABLE}}}}}}}}}}}"


def test_a_body_that_breaks_the_document_never_leaves_silently(tmp_path: Path) -> None:
    paths = f"paths: {{/x: {{get: {BROKEN_EXAMPLE}}}}}\n"
    assert "mock-body-invalid" in serve(tmp_path, paths).get("/x").headers
    assert serve(tmp_path, paths, strict=True).get("/x").status_code == 500


def test_a_body_that_cannot_be_made_is_no_empty_success(tmp_path: Path) -> None:
    answer = serve(tmp_path, f"paths: {{/x: {{get: {NO_BODY}}}}}\n").get("/x")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (500, "MS262")
    assert told["pointer"] == "/paths/~1x/get/responses/200/content/application~1json/schema"


@pytest.mark.parametrize("name", ['"text/x\\r\\nX-Inj: y"', "text/€"])
def test_texts_of_the_document_cannot_split_a_header(tmp_path: Path, name: str) -> None:
    operation = f"{{responses: {{'200': {{description: ok, content: {{{name}: {{example: hi}}}}}}}}}}"
    client = serve(tmp_path, f"paths: {{/x: {{get: {operation}}}}}\n")
    answer = client.get("/x")
    assert answer.status_code == 200
    assert not any(char in answer.headers["content-type"] for char in "\r\n")


def test_a_fifo_is_no_file_to_wait_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Broken, match="no ordinary file"):
        read_bytes(tmp_path / "pipe")


def test_all_journals_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = MAX_ALL_JOURNALS_BYTES // 32  # the whole one takes a thousand requests to fill
    monkeypatch.setattr(memory, "MAX_ALL_JOURNALS_BYTES", bound)
    app = make_app()
    client = make_client(app)
    for number in range(12):
        for _ in range(6):
            client.post("/oauth2", content=b"x" * 64_000, headers={"Mock-Session": f"s{number}"})
    sessions = app.live.store._sessions  # type: ignore[attr-defined]
    assert bound * 3 // 4 < sum(session.journal.bytes for session in sessions.values()) <= bound
    assert [len(sessions[name].journal) for name in ("s0", "s11")] == [0, 6]
    assert client.get("/__mock/journal", headers={"Mock-Session": "s11"}).json()["total"] == 6


def test_keys_in_headers_and_queries_are_not_shown(client: TestClient) -> None:
    client.post("/oauth2?api_key=SECRETKEY", headers={"X-API-Key": "SECRETKEY"}, json={"apiKey": "SECRETKEY"})
    assert "SECRETKEY" not in client.get("/__mock/journal").text


def test_a_handshake_that_ends_makes_room_at_once() -> None:
    client = make_client(make_app(max_handshakes=1))
    begun = start(client)
    assert client.post("/oauth2", json=ASK, headers=TOKEN).status_code == 503
    client.post(f"/__mock/handshakes/{begun['pull_id']}/decide", json={"decision": "deny"})
    assert client.post("/oauth2", json=ASK, headers=TOKEN).status_code == 200


def test_a_second_click_on_approve_goes_where_the_first_one_went(client: TestClient) -> None:
    begun = start(client)
    ticket = client.get(begun["auth_uri"]).text.split('name="ticket" value="')[1].split('"')[0]
    first, second = (
        client.post("/__provider/fb/consent", data={"ticket": ticket, "decision": "approve"}) for _ in range(2)
    )
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    changed_mind = client.post("/__provider/fb/consent", data={"ticket": ticket, "decision": "deny"})
    assert changed_mind.status_code == 400
    assert "is connected" in client.get(second.headers["location"]).text
    assert client.get(second.headers["location"]).status_code == 400


def test_the_bundled_world_has_no_errors() -> None:
    assert {problem.code for problem in build_world(Settings()).warnings} == {"MS209"}
