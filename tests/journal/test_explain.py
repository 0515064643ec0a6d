"""Why an answer came: every rung of the ladder wins once."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from mock_server.journal.explain import LADDER, explain
from tests.journal.told import told
from tests.support import ASK, ROOT, TOKEN, make_app, make_client

RUNGS = [rung.name for rung in LADDER]
JSON = {"Content-Type": "application/json"}


def last(client: Any, **headers: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/__mock/explain/last", headers=headers).json()
    return found


def outcomes(told_: dict[str, Any]) -> list[str]:
    return [each["outcome"] for each in told_["ladder"]]


@pytest.mark.parametrize(
    "winner, headers, body, before",
    [
        ("client", {**TOKEN, "Prefer": "response=rate-limited"}, ASK, None),
        ("queue", TOKEN, ASK, ("POST", "/next", {"operation": "POST /oauth2", "response": "rate-limited"})),
        ("scenario", TOKEN, ASK, ("PUT", "/scenario", {"scenario": "rate-limited"})),
        ("violations", {}, ASK, None),
        ("violations", TOKEN, {**ASK, "validity_duration": 299}, None),
        ("rules", TOKEN, {"datasource_id": "mysql"}, None),
        ("rules", TOKEN, ASK, None),
    ],
)
def test_the_winning_step_is_marked_those_before_missed_and_those_after_were_not_reached(
    winner: str, headers: dict[str, str], body: dict[str, Any], before: tuple[str, str, Any] | None
) -> None:
    client = make_client()
    if before:
        client.request(before[0], f"/__mock{before[1]}", json=before[2])
    client.post("/api/oauth2", json=body, headers=headers)
    why = last(client)
    at = RUNGS.index(winner)
    assert why["won"] == winner
    assert outcomes(why) == ["missed"] * at + ["hit"] + ["not reached"] * (len(RUNGS) - at - 1)
    assert all(each["says"] for each in why["ladder"][: at + 1])
    assert not any(each["says"] for each in why["ladder"][at + 1 :])
    assert why["why"].startswith(why["ladder"][at]["title"])


def test_a_rate_limit_with_nothing_left_wins(tmp_path: Path) -> None:
    folder = Path(copytree(ROOT / "fixtures", tmp_path / "fixtures"))
    with (folder / "oauth2" / "new-credentials.yaml").open("a") as file:
        file.write("rate_limit: {requests: 1, per: 60s, respond: rate-limited}\n")
    client = make_client(make_app(ROOT / "openapi.yaml", fixtures=folder))
    for _ in range(2):
        client.post("/api/oauth2", json=ASK, headers=TOKEN)
    why = last(client)
    assert (why["won"], why["status"], outcomes(why)[:2]) == ("limit", 429, ["missed", "hit"])
    assert "Retry-After" in why["change"][0]


SPEC = """
openapi: 3.1.0
info: {title: Things, version: "1"}
components:
  schemas:
    Thing: {type: object, properties: {id: {type: string}, name: {type: string}}}
    Error: {type: object, required: [message], properties: {message: {type: string}}}
paths:
  /things:
    get:
      responses:
        "200":
          description: all
          content:
            application/json:
              schema: {type: array, items: {type: string}}
              example: [a]
        "404": {description: none, content: {application/json: {schema: {$ref: "#/components/schemas/Error"}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
      responses:
        "201": {description: made, content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
        "404": {description: none}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "things.yaml"
    path.write_text(SPEC)
    return path


def test_the_documents_own_answer_is_placed_in_the_document(spec: Path) -> None:
    client = make_client(make_app(spec))
    client.get("/things")
    why = last(client)
    assert why["won"] == "document"
    assert outcomes(why) == ["missed"] * 7 + ["hit"]
    found = why["provenance"]
    assert (found["from"], found["pointer"]) == (
        "document",
        "/paths/~1things/get/responses/200/content/application~1json/example",
    )
    line = SPEC.splitlines().index("              example: [a]") + 1
    assert found["place"] == f"{spec}:{line}:15"
    assert any("a fixture for GET /things overrides it" in each for each in why["change"])


def test_a_body_made_from_a_schema_is_generated(spec: Path) -> None:
    client = make_client(make_app(spec))
    client.get("/things", headers={"Prefer": "code=404"})
    assert last(client)["provenance"]["from"] == "generated"
    client.get("/things", headers={"Prefer": "dynamic=true"})
    why = last(client)
    assert (why["response"], why["provenance"]["from"]) == ("generated", "generated")
    assert why["after"] == ["document: a body made with the seed 1"]


def test_what_is_remembered_fills_the_usual_answer(spec: Path) -> None:
    client = make_client(make_app(spec, stateful=True))
    client.post("/things", json={"name": "one"})
    why = last(client)
    assert (why["won"], why["provenance"]["from"]) == ("stateful", "resource")
    assert outcomes(why) == ["missed"] * 6 + ["hit", "not reached"]
    client.get("/things/none")
    assert (last(client)["status"], last(client)["won"]) == (404, "stateful")


def test_the_rule_and_the_answer_are_placed_in_the_fixture() -> None:
    client = make_client()
    client.post("/api/oauth2", json={"datasource_id": "mysql"}, headers=TOKEN)
    lines = (ROOT / "fixtures" / "oauth2" / "new-credentials.yaml").read_text().splitlines()
    found = last(client)["provenance"]
    assert (found["from"], found["source"], found["status_source"]) == ("fixture", "assumed", "assumed")
    file, line, _ = found["place"].rsplit(":", 2)
    assert file.endswith("fixtures/oauth2/new-credentials.yaml")
    assert lines[int(line) - 1] == "  no-such-source:"
    assert found["rule"]["name"] == "not a source with OAuth2"
    assert lines[int(found["rule"]["place"].split(":")[1]) - 1].strip() == "- name: not a source with OAuth2"


def test_violations_are_told_with_what_was_seen_and_wanted_and_no_secret() -> None:
    client = make_client()
    client.post("/api/oauth2/credentials", json={"pull_id": 7, "auth_uri": 1}, headers=TOKEN)
    why = last(client)
    by_where = {each["where"]: each for each in why["violations"]}
    assert by_where["body.pull_id"]["seen"] == "***"
    assert by_where["body.auth_uri"]["seen"] == 1
    assert {each["rule"] for each in why["violations"]} == {"type"}
    secret = {"pull_id": ["secret-in-a-list", {"access_token": "deeper-secret"}]}
    client.post("/api/oauth2/credentials", json=secret, headers=TOKEN)
    text = client.get("/__mock/explain/last").text
    assert "secret-in-a-list" not in text
    assert "deeper-secret" not in text


def test_violations_of_a_large_request_are_kept_short() -> None:
    client = make_client()
    client.post(
        "/api/oauth2", json={"datasource_id": ["x" * 300_000], "validity_duration": "y" * 300_000}, headers=TOKEN
    )
    why = last(client)
    assert {each["where"] for each in why["violations"]} == {"body.datasource_id", "body.validity_duration"}
    assert sum(len(str(each)) for each in why["violations"]) < 5_000
    assert why["won"] == "violations"


def test_overlooked_violations_come_after_the_answer() -> None:
    client = make_client(no_errors=True)
    client.post("/api/oauth2", json={**ASK, "validity_duration": 299}, headers=TOKEN)
    why = last(client)
    assert why["won"] == "rules"
    assert why["after"] == ["document: 1 violations are overlooked (--no-errors)"]
    assert [each["where"] for each in why["violations"]] == ["body.validity_duration"]


def test_an_answer_that_no_operation_gave_has_no_winner() -> None:
    client = make_client()
    client.get("/api/nothing")
    why = last(client)
    assert (why["won"], set(outcomes(why)), why["operation"]) == (None, {"not reached"}, None)
    assert why["why"] == "route: no operation has the path /api/nothing"
    client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Prefer": "response=nothing"})
    assert (last(client)["won"], last(client)["status"]) == ("client", 400)


def test_an_entry_is_explained_without_its_document_too() -> None:
    why = explain(told(reasons=["client: no preference", "otherwise: started"], won="otherwise"))
    assert (why["won"], why["provenance"]["place"]) == ("rules", None)


def test_what_an_older_version_wrote_is_explained_as_far_as_it_goes() -> None:
    old = {key: value for key, value in told(reasons=["client: no preference"]).items()
           if key not in ("won", "violations", "marks", "handshake_state")}  # fmt: skip
    assert explain(old)["won"] is None


def test_a_fault_is_told_beside_the_answer() -> None:
    client = make_client()
    client.put("/__mock/faults", json={"faults": [{"fault": "status-503"}]})
    client.post("/api/oauth2", json=ASK, headers=TOKEN)
    why = last(client)
    assert why["status"] == 503
    assert why["fault"]
    assert why["after"][-1].startswith("fault: ")
