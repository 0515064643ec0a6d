"""What is promised: read from the document and the fixtures, each with its place and how well it is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.contract.client import Client
from mock_server.contract.coverage import coverage_rows
from mock_server.contract.errors import CannotRun
from mock_server.contract.fuzz.config import config_text, expected_statuses
from mock_server.contract.fuzz.findings import FuzzRecord, Reader
from mock_server.contract.fuzz.opinion import Opinion
from mock_server.contract.fuzz.process import rate_text
from mock_server.contract.good import good_request
from mock_server.contract.model import Exchange, Finding, NotRun, Promise, Reached, Seen
from mock_server.contract.profile import Contract, read_contract
from mock_server.contract.reach import Reach
from mock_server.contract.run import Ledger, Run
from mock_server.contract.target import Target, Tokens, split_url
from mock_server.contract.walks.handshake import answer_path, put
from mock_server.record.secret import Secrets
from mock_server.settings import Settings
from mock_server.world import build_world

NOW = 1_800_000_000.0
SPEC = """\
openapi: 3.1.0
info: {title: a, version: "1"}
components: {securitySchemes: {b: {type: http, scheme: bearer}}}
security: [{b: []}]
paths:
  "/a/{id}":
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 5, maximum: 5}}
        - {name: q, in: query, required: true, schema: {type: array, items: {const: a b}, minItems: 1, maxItems: 1}}
      responses:
        "200": {description: ok}
        "401": {description: no}
"""


@pytest.fixture(scope="module")
def contract() -> Contract:
    world = build_world(Settings())
    operations = tuple(plan.operation for plan in world.plans.values())
    return read_contract(world.documents, operations, world.fixtures, NOW, seed=1)


def run_of(contract: Contract, tokens: Tokens | None = None, consent: str = "visit") -> Run:
    target = Target("http://x", "/api", tokens or contract.tokens, False, None, consent, "")
    return Run(target, contract, Client("http://x"), Secrets(), 1, "quick")


def statuses(run: Run, seen: dict[tuple[str, int], int]) -> list[Reached]:
    rows = coverage_rows(run, seen, Reach(run.contract.operations, run.target.tokens))
    return [row for row in rows if row.kind == "status"]


def test_the_fixtures_say_who_starts_and_who_collects_and_which_token_is_good_for_what(contract: Contract) -> None:
    assert contract.start is not None
    assert contract.collect is not None
    assert (contract.start.key, contract.collect.key) == ("POST /oauth2", "POST /oauth2/credentials")
    assert contract.tokens == Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")
    assert answer_path(run_of(contract), "pull_id") == ("pull_id",)


@pytest.mark.parametrize(
    ("state", "status", "level"),
    [
        ("asked", 402, "assumed"),
        ("denied", 402, "assumed"),
        ("expired", 402, "assumed"),
        ("foreign", 403, "assumed"),
        ("mismatched", 403, "assumed"),
        ("granted", 200, "documented"),
        ("collected", 200, "assumed"),
        ("spent", 402, "assumed"),
    ],
)
def test_every_state_has_its_status(contract: Contract, state: str, status: int, level: str) -> None:
    assert contract.collect is not None
    wanted = contract.ruled(contract.collect, {"handshake": {"state": state}, "token": {}}, state)
    assert wanted is not None
    assert (wanted.status, wanted.promise.level) == (status, level)
    assert "get-credentials.yaml:" in wanted.promise.source


@pytest.mark.parametrize(
    ("group", "rule", "status", "level"),
    [
        ("unauthorized", "missing", 403, "assumed"),
        ("unauthorized", "scope", 403, "documented"),
        ("invalid", "minimum", 429, "documented"),
        ("invalid", "x", 429, "documented"),
    ],
)
def test_every_violation_has_its_status(contract: Contract, group: str, rule: str, status: int, level: str) -> None:
    assert contract.start is not None
    wanted = contract.violated(contract.start, group, rule, "a reason")
    assert wanted is not None
    assert (wanted.status, wanted.promise.level) == (status, level)


@pytest.mark.parametrize(
    ("rule", "seen", "level"),
    [
        ("missing", 401, "assumed"),
        ("missing", 200, "documented"),
        ("missing", 0, "standard"),
        ("scope", 402, "documented"),
    ],
)
def test_where_a_status_is_assumed_that_there_is_an_answer_and_that_it_refuses_is_not(
    contract: Contract, rule: str, seen: int, level: str
) -> None:
    assert contract.start is not None
    wanted = contract.violated(contract.start, "unauthorized", rule, "a reason")
    assert wanted is not None
    assert wanted.broken_by(Seen(seen, (), b"", 0.1, "" if seen else "reset")).level == level


def test_a_document_without_fixtures_promises_only_its_401(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(SPEC)
    world = build_world(Settings(specs=(spec,)))
    operations = tuple(plan.operation for plan in world.plans.values())
    contract = read_contract(world.documents, operations, world.fixtures, NOW, 1)
    wanted = contract.violated(operations[0], "unauthorized", "missing", "no token")
    assert wanted is not None
    assert wanted.status == 401
    assert wanted.promise.source.endswith("a.yaml:13 #/paths/~1a~1{id}/get/responses/401")
    assert contract.violated(operations[0], "unauthorized", "unknown", "x") is None
    assert contract.ruled(operations[0], {}, "x") is None
    sent = good_request(operations[0]).sent("/v1", "abcdef")
    assert (sent.method, sent.target) == ("GET", "/v1/a/5?q=a%20b")
    assert ("Authorization", "Bearer abcdef") in sent.headers
    rows = statuses(run_of(contract), {("GET /a/{id}", 200): 1})
    assert [(row.name, row.state) for row in rows] == [("200", "reached"), ("401", "not reached")]


def test_what_a_status_needs_is_said(contract: Contract) -> None:
    rows = statuses(run_of(contract, Tokens("good"), "none"), {("POST /oauth2", 200): 3})
    told = {(row.operation, row.name): (row.state, row.how) for row in rows}
    assert told["POST /oauth2", "200"] == ("reached", "")
    assert told["POST /oauth2", "402"] == ("not reachable", "needs --token-unpaid")
    assert told["POST /oauth2", "429"] == ("not reached", "")
    assert told["POST /oauth2/credentials", "200"][0] == "not reachable"


def test_schemathesis_is_told_which_statuses_are_right_for_good_and_bad_data(contract: Contract) -> None:
    import tomllib

    run = run_of(contract)
    found = [expected_statuses(run, operation) for operation in contract.operations]
    assert found == [([200, 429], [429]), ([200, 402, 403], [403])]
    config = tomllib.loads(config_text(run, contract.operations))
    assert config["generation"]["with-security-parameters"] is False
    assert [each["include-name"] for each in config["operations"]] == ["POST /oauth2", "POST /oauth2/credentials"]
    assert config["operations"][0]["headers"] == {"Authorization": "Bearer dev-token"}


@pytest.mark.parametrize(
    ("where", "value", "target", "body"),
    [
        (("body", "a", "b"), 1, "/api/oauth2", {"a": {"b": 1}}),
        (("query", "q"), "x y", "/api/oauth2?q=x%20y", {}),
        (("header", "x-id"), "7", "/api/oauth2", {}),
    ],
)
def test_a_value_is_put_where_the_fixture_says(
    contract: Contract, where: tuple[str, ...], value: object, target: str, body: dict[str, object]
) -> None:
    good = contract.requests["POST /oauth2"]
    made = put(good, where, value)
    assert made.sent("/api", None).target == target
    assert made.body == {**good.body, **body}
    assert (("x-id", "7") in made.headers) == (where[0] == "header")


def test_a_report_that_is_cut_off_is_read_as_far_as_it_goes(contract: Contract, tmp_path: Path) -> None:
    line = (
        '{"ScenarioFinished": {"recorder": {"cases": {"a": {"value": {"method": "POST", "path": "/oauth2"}}},'
        '"interactions": {"a": {"request": {"method": "POST", "uri": "http://x/api/oauth2?a=1", "headers":'
        '{"Authorization": ["[Filtered]"]}, "body": {"$base64": "e30="}}, "response": {"status_code": 500,'
        '"headers": {}, "content": {"$base64": "Ym9vbQ=="}, "elapsed": 0.5}}}, "checks": {"a": [{"name":'
        '"not_a_server_error", "status": "failure", "failure_info": {"failure": {"title": "Server error", "operation":'
        '"POST /oauth2", "message": "500"}}}]}}}}'
    )
    (tmp_path / "ndjson-1.ndjson").write_text(f'{{"Initialize": {{}}}}\n{line}\n{line[:90]}')
    (tmp_path / "json-1.json").write_text('{"complete": true, "warnings": {"missing_auth": ["POST /oauth2"], "x": []}')
    record, seen = FuzzRecord(), list[Exchange]()
    run = run_of(contract)
    Reader(contract, 9, Opinion(run, build_world(Settings()).router), seen.append).read(tmp_path, record)
    assert [each.seen.status for each in seen] == [500]
    assert record.statuses == {("POST /oauth2", 500): 1}
    (finding,) = record.findings
    assert finding.title == "POST /oauth2: server error (500)"
    assert (finding.promise.level, finding.promise.source) == ("standard", "RFC 9110 §15.6")
    assert finding.exchanges[0].sent.target == "/api/oauth2?a=1"
    assert (finding.exchanges[0].sent.body, finding.exchanges[0].seen.body) == (b"{}", b"boom")
    assert record.complete is False


def test_the_same_defect_is_kept_once_and_what_is_not_run_is_listed_once() -> None:
    ledger = Ledger()
    promise = Promise("p", "it works", "documented", "here")
    for request in ("a", "b", "c"):
        ledger.take(Finding(f"broken by {request}", "GET /", promise, (), "", "error", "check", 1, "500"))
        ledger.take(NotRun("other", "why"))
    assert [each.title for each in ledger.findings.values()] == ["broken by a"]
    assert ledger.times.total() == 3
    assert ledger.not_run == [NotRun("other", "why")]


@pytest.mark.parametrize("url", ["", "x", "http://", "http://[x/", "http://a:99999", "http://a/?x=1", "http://a/#b"])
def test_what_is_no_url_of_an_api_is_refused(url: str) -> None:
    with pytest.raises(CannotRun, match="MS501"):
        split_url(url)


@pytest.mark.parametrize(("rate", "text"), [(4.0, "4/s"), (1.5, "1/s"), (1.0, "1/s"), (0.25, "15/m"), (0.001, "1/m")])
def test_the_fuzzing_sends_no_more_than_its_rate_even_at_first(rate: float, text: str) -> None:
    assert rate_text(rate) == text
