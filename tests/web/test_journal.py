"""The journal over HTTP: filters, exports, clearing, explain, verify and lint, over their own description."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.support import ASK, TOKEN, make_client, start
from tests.web.test_control import Checked

ALICE = {"Mock-Session": "alice"}


@pytest.fixture
def control(client: TestClient) -> Checked:
    start(client)
    client.post("/api/oauth2", json={"datasource_id": "mysql"}, headers=TOKEN)
    client.get("/api/nothing")
    client.post("/api/oauth2", json=ASK, headers={**TOKEN, **ALICE})
    return Checked(client)


def statuses(answer: Any) -> list[int]:
    return [each["status"] for each in answer.json()["entries"]]


@pytest.mark.parametrize(
    "query, wanted",
    [
        ("", [200, 429, 404]),
        ("operation=postOAuth2NewCredentials", [200, 429]),
        ("operation=POST%20/api/oauth2&status=4xx", [429]),
        ("text=mysql", [429]),
        ("session=alice", [200]),
        ("session=nobody", []),
        ("limit=1", [404]),
        ("kind=outgoing", []),
    ],
)
def test_the_journal_is_filtered_by_the_words_of_the_query(control: Checked, query: str, wanted: list[int]) -> None:
    operation = next(iter(control.client.app.live.world.operations.values())).operation_id  # type: ignore[attr-defined]
    answer = control("GET", f"/journal?{query.replace('postOAuth2NewCredentials', operation)}")
    assert statuses(answer) == wanted
    assert answer.json()["matched"] == max(len(wanted), 3 if query == "limit=1" else 0)


def test_pages_lead_from_the_newest_to_the_oldest_and_on_to_what_comes(control: Checked) -> None:
    newest = control("GET", "/journal?limit=2").json()
    oldest = control("GET", f"/journal?limit=2&before={newest['before']}").json()
    assert ([each["status"] for each in oldest["entries"]], oldest["before"]) == ([200], None)
    assert (newest["total"], newest["matched"]) == (3, 3)
    later = control("GET", f"/journal?after={newest['after']}").json()
    assert (later["entries"], later["after"]) == ([], newest["after"])
    control.client.get("/api/later")
    assert [each["path"] for each in control("GET", f"/journal?after={later['after']}").json()["entries"]] == [
        "/api/later"
    ]


@pytest.mark.parametrize(
    "query, code, told",
    [
        ("sttus=402", "MS470", "did you mean `status`"),
        ("status=1&status=2", "MS470", "given twice"),
        ("status=900", "MS470", "402,5xx"),
        ("format=xml", "MS470", "json, har, curl, hurl"),
        ("since=soon", "MS470", "Unix seconds"),
        ("operation=GET%20/oauth2", "MS409", "no operation is called"),
        ("session=a%20b", "MS404", "the name of a session has"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(control: Checked, query: str, code: str, told: str) -> None:
    answer = control("GET", f"/journal?{query}")
    assert answer.json()["code"] == code
    assert told in answer.json()["detail"]


def test_text_finds_nothing_that_is_masked(client: TestClient) -> None:
    begun = start(client)
    client.post("/api/oauth2/credentials", json={"pull_id": begun["pull_id"]}, headers=TOKEN)
    for secret in ("dev-token", begun["pull_id"][-20:]):
        assert client.get("/__mock/journal", params={"text": secret}).json()["matched"] == 0


def test_the_journal_alone_is_cleared(control: Checked) -> None:
    before = control("GET", "/handshakes").json()
    assert control("DELETE", "/journal").json()["total"] == 0
    assert control("GET", "/journal").json()["entries"] == []
    assert control("GET", "/handshakes").json() == before
    assert len(control("GET", "/journal?session=alice").json()["entries"]) == 1
    assert control("GET", "/explain/last").json()["code"] == "MS471"
    control.client.get("/api/again")
    assert control("GET", "/journal").json()["total"] == 1


def test_marks_tell_secrets_apart_without_telling_them(client: TestClient) -> None:
    begun = start(client)
    for _ in range(2):
        client.post("/api/oauth2/credentials", json={"pull_id": begun["pull_id"]}, headers=TOKEN)
    client.post("/api/oauth2/credentials", json={"pull_id": "another"}, headers={"Authorization": "Bearer other-token"})
    issued, one, two, other = (each["marks"] for each in client.get("/__mock/journal").json()["entries"])
    assert one == two
    assert one["body.pull_id"] == issued["response.body.pull_id"] != other["body.pull_id"]
    assert one["header.authorization"] == issued["header.authorization"] != other["header.authorization"]
    strangers = make_client()
    strangers.post("/api/oauth2/credentials", json={"pull_id": begun["pull_id"]}, headers=TOKEN)
    assert strangers.get("/__mock/journal").json()["entries"][0]["marks"].items().isdisjoint(one.items())


def test_an_entry_is_explained_by_the_id_in_its_answer(control: Checked) -> None:
    entry = control.client.post("/api/oauth2", headers=ALICE).headers["mock-entry"]
    assert control("GET", f"/explain/{entry}?session=alice").json()["response"] == "token-missing"
    missing = control("GET", f"/explain/{entry}")
    assert (missing.status_code, missing.json()["code"]) == (404, "MS471")
    assert "it holds" in missing.json()["detail"]


def test_a_true_claim_is_200_and_an_untrue_one_417(control: Checked) -> None:
    claim = {"operation": "POST /oauth2", "where": {"body.datasource_id": "mysql"}}
    assert control("POST", "/verify", json=claim).json()["verified"] is True
    untrue = control("POST", "/verify", json={**claim, "times": 2})
    assert (untrue.status_code, untrue.json()["verified"], untrue.json()["count"]) == (417, False, 1)
    token = {"operation": "POST /oauth2", "where": {"header.authorization": "dev-token"}, "times": 2}
    assert control("POST", "/verify", json=token).status_code == 200
    assert control("POST", "/verify?session=alice", json={**token, "times": 1}).status_code == 200


@pytest.mark.parametrize(
    "body, status, code",
    [
        (b'{"operation": "POST /nothing"}', 404, "MS409"),
        (b'{"where": {"body.x": {"below": "a"}}}', 400, "MS472"),
        (b'{"x": 1}', 400, "MS472"),
        (b"[]", 400, "MS408"),
        (b"{", 400, "MS408"),
    ],
)
def test_a_claim_that_cannot_be_read_is_refused(control: Checked, body: bytes, status: int, code: str) -> None:
    answer = control("POST", "/verify", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_clients_are_judged_and_the_findings_narrowed(control: Checked) -> None:
    found = control("GET", "/lint").json()
    assert [each["rule"] for each in found["findings"]] == ["asks-unknown-paths"]
    assert found["counts"] == {"error": 0, "warning": 1, "notice": 0}
    assert control("GET", "/lint?severity=error").json()["findings"] == []
    assert control("GET", "/lint?without=CL14").json()["findings"] == []
    assert len(control("GET", "/lint?only=asks-unknown-paths,CL01&poll=0.5").json()["findings"]) == 1
    for query in ("only=polls", "severity=bad", "poll=x", "poll=-1", "poll=nan"):
        assert control("GET", f"/lint?{query}").json()["code"] == "MS470"


def test_curl_lines_do_again_what_was_done(server: Any) -> None:
    """Run by a POSIX shell with the secrets in its variables, each gets the status that the journal has."""
    import httpx2

    session = {"Mock-Session": "curl-lines"}
    with httpx2.Client(base_url=server.url, headers=session) as client:
        begun = client.post("/api/oauth2", json=ASK, headers=TOKEN).json()
        client.post("/api/oauth2/credentials", json={"pull_id": begun["pull_id"]}, headers=TOKEN)
        client.post(
            "/api/oauth2", content=b'it\'s\n\x1b[31m $(touch x) `y` "z" %s \\', headers={**TOKEN, "X-A": "a'b$c"}
        )
        client.get("/api/no[th]ing/{x}?q=a%20b&code=secret")
        client.post("/api/oauth2", content=b'{"datasource_id": "fb"}', headers=TOKEN)
        lines = client.get("/__mock/journal", params={"format": "curl"}).text.splitlines(keepends=True)
        wanted = [each["status"] for each in client.get("/__mock/journal").json()["entries"]]
        text = "".join(lines)
        assert "\x1b" not in text
        assert "dev-token" not in text
        done = subprocess.run(
            ["sh", "-e", "-c", text.replace("curl -i", "curl -s -o /dev/null -w '%{http_code} '")],
            env={"PATH": "/usr/bin:/bin", "TOKEN": "dev-token", "PULL_ID": begun["pull_id"], "CODE": "secret"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert [int(each) for each in done.stdout.split()] == wanted
        again = client.get("/__mock/journal").json()["entries"][len(wanted) :]
    first = client_side(again[: len(wanted)])
    assert first == client_side(entries_before(server, "curl-lines", len(wanted)))


def entries_before(server: Any, session: str, count: int) -> list[dict[str, Any]]:
    import httpx2

    found: list[dict[str, Any]] = httpx2.get(f"{server.url}/__mock/journal?session={session}").json()["entries"][:count]
    return found


def client_side(entries: list[dict[str, Any]]) -> list[Any]:
    kept = ("content-type", "x-a", "authorization", "mock-session")
    return [
        (each["method"], each["path"], each["request"]["body"], each["marks"].get("header.authorization"),
         {name: each["request"]["headers"].get(name) for name in kept})
        for each in entries
    ]  # fmt: skip
