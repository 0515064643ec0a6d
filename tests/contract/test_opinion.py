"""What Schemathesis complains about and is no broken promise is told from what is one."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest

from mock_server.contract.client import Client
from mock_server.contract.fuzz import config
from mock_server.contract.fuzz.findings import FuzzRecord
from mock_server.contract.fuzz.kept import KeptReport
from mock_server.contract.fuzz.opinion import Opinion
from mock_server.contract.fuzz.phase import fuzz_findings
from mock_server.contract.model import Exchange, Finding, NotRun, Seen, Sent
from mock_server.contract.profile import read_contract
from mock_server.contract.prove import Question, prove
from mock_server.contract.run import Run
from mock_server.contract.target import ANY_TOKEN, Target, Tokens
from mock_server.record.secret import Secrets
from mock_server.settings import Settings
from mock_server.world import build_world
from tests.contract.deployment import Asked, Given, before
from tests.support import running

SPEC = """
openapi: 3.2.0
info: {title: a, version: '1'}
servers: [{url: 'http://x/v1'}]
paths:
  /silent/{id}:
    post:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: X-Must, in: header, required: true, schema: {type: string}}
      requestBody: {content: {application/json: {schema: {type: object, required: [a]}}}}
      responses: {'200': {description: ok}}
    additionalOperations: {COPY: {responses: {'204': {description: ok}}}}
  /told:
    get:
      security: [{Token: []}]
      parameters: [{name: n, in: query, schema: {type: integer}}]
      responses: {'200': {description: ok}, '400': {description: no}}
  /twins/{a}:
    get: {parameters: [{name: a, in: path, required: true, schema: {}}], responses: {'200': {description: ok}}}
  /twins/{b}:
    put: {parameters: [{name: b, in: path, required: true, schema: {}}], responses: {'200': {description: ok}}}
  /lines:
    parameters: [{name: accept, in: header, schema: {type: string}}]
    get:
      responses:
        '200': {description: ok, content: {application/jsonl: {schema: {type: array, items: {type: integer}}}}}
  /ranged:
    get:
      parameters: [{name: n, in: query, schema: {type: integer}}]
      responses:
        '200':
          description: ok
          headers: {Content-Type: {schema: {const: text/html}}, X-Count: {schema: {type: integer}}}
        4XX: {description: no}
components:
  securitySchemes: {Token: {type: http, scheme: bearer}}
"""
SILENT, TOLD, RANGED = "POST /silent/{id}", "GET /told", "GET /ranged"
PATCH = (("X-Must", "1"), ("Content-Type", "application/json-patch+json"))
GOOD = (("X-Must", "1"), ("Content-Type", "application/json"))


def run_of(
    tmp_path: Path, *, token: str | None = "t", is_mock: bool = False, fixtures: Path | None = None
) -> tuple[Run, Opinion]:
    spec = tmp_path / "a.yaml"
    spec.write_text(SPEC)
    world = build_world(Settings(specs=(spec,), fixtures=fixtures))
    operations = tuple(plan.operation for plan in world.plans.values())
    contract = read_contract(world.documents, operations, world.fixtures, time.time(), 1)
    target = Target("http://x", "/v1", Tokens(token), is_mock, None, "none", "")
    run = Run(target, contract, Client("http://x"), Secrets(), 1, "quick")
    return run, Opinion(run, world.router)


def said(
    operation: str,
    target: str,
    status: int,
    headers: tuple[tuple[str, str], ...] = GOOD,
    body: bytes = b'{"a":1}',
    **answer: str,
) -> Exchange:
    method = operation.partition(" ")[0]
    data = body if method == "POST" else b""
    return Exchange(
        "http://x",
        operation,
        Sent(method, f"/v1{target}", headers, data),
        Seen(status, tuple(answer.items()), b"", 0.1),
    )


def ranged(name: str, value: str) -> Exchange:
    """A good answer with a header."""
    exchange = said(RANGED, "/ranged", 200)
    return exchange._replace(seen=exchange.seen._replace(headers=((name, value),)))


LINES = Exchange(
    "http://x",
    "GET /lines",
    Sent("GET", "/v1/lines", (), b""),
    Seen(200, (("Content-Type", "application/jsonl"),), b"1\n2\n", 0.1),
)


@pytest.mark.parametrize(
    ("check", "exchange", "weight"),
    [
        # What was meant to be good and is bad on the wire, and the other way round.
        ("positive_data_acceptance", said(SILENT, "/silent/5", 400), "holds"),
        ("positive_data_acceptance", said(SILENT, "/silent/x", 400), "refuted"),
        ("positive_data_acceptance", said(SILENT, "/silent/5", 400, body=b"{}"), "refuted"),
        ("negative_data_rejection", said(SILENT, "/silent/5", 200, body=b"{}"), "holds"),
        ("negative_data_rejection", said(SILENT, "/silent/5", 200), "refuted"),
        ("negative_data_rejection", said(TOLD, "/told?n=x", 200), "holds"),
        ("negative_data_rejection", said(TOLD, "/told?m=x", 200), "refuted"),
        ("negative_data_rejection", said("GET /nowhere", "/nowhere", 200), "holds"),
        ("missing_required_header", said(SILENT, "/silent/5", 200, headers=GOOD[1:]), "holds"),
        ("missing_required_header", said(SILENT, "/silent/5", 200), "refuted"),
        # A status that is not documented: of bad requests, where the document names no answer to them.
        ("status_code_conformance", said(SILENT, "/silent/x", 422), "silent"),
        ("status_code_conformance", said(SILENT, "/silent/5", 422), "holds"),
        ("status_code_conformance", said(SILENT, "/silent/x", 418), "holds"),
        ("status_code_conformance", said(SILENT, "/silent/x", 500), "holds"),
        ("status_code_conformance", said(SILENT, "/silent/5", 201), "holds"),
        ("status_code_conformance", said(SILENT, "/silent/5", 404), "silent"),
        ("status_code_conformance", said(SILENT, "/silent/5", 401), "holds"),
        ("status_code_conformance", said(SILENT, "/silent/5", 429), "silent"),
        ("status_code_conformance", said(TOLD, "/told?n=x", 422), "holds"),
        ("status_code_conformance", said(TOLD, "/told", 401), "silent"),
        ("status_code_conformance", said(TOLD, "/told", 404), "holds"),
        ("status_code_conformance", said(RANGED, "/ranged?n=x", 422), "holds"),
        # Methods of OAS 3.2.
        ("allow_header_conformance", said("OPTIONS x", "/silent/1", 204, Allow="COPY, POST, OPTIONS"), "refuted"),
        ("allow_header_conformance", said("OPTIONS x", "/silent/1", 204, Allow="POST"), "holds"),
        ("allow_header_conformance", said("OPTIONS x", "/silent/1", 204, Allow="COPY, GET, POST"), "holds"),
        ("allow_header_conformance", said("OPTIONS x", "/nowhere", 204, Allow="GET"), "holds"),
        ("ignored_auth", said(TOLD, "/told", 200), "holds"),
        # Larger than every server has to take.
        ("status_code_conformance", said(TOLD, "/told?n=" + "5" * 8000, 414), "silent"),
        ("positive_data_acceptance", said(TOLD, "/told?n=" + "5" * 8000, 414), "refuted"),
        ("unsupported_method", said("TRACE /told", "/told?n=" + "5" * 8000, 414), "refuted"),
        ("unsupported_method", said("TRACE /told", "/told?n=5", 414), "holds"),
        ("status_code_conformance", said(SILENT, "/silent/5", 413, body=b" " * 1_000_001), "silent"),
        ("status_code_conformance", said(SILENT, "/silent/5", 413), "holds"),
        ("status_code_conformance", said(TOLD, "/told", 431, headers=(("X", "a" * 9000),)), "silent"),
        ("unsupported_method", said("PUT /twins/{a}", "/twins/5", 422), "refuted"),
        ("unsupported_method", said("PATCH /twins/{a}", "/twins/5", 422), "holds"),
        ("response_schema_conformance", LINES, "refuted"),
        ("response_schema_conformance", LINES._replace(seen=LINES.seen._replace(body=b'1\n"2"\n')), "holds"),
        ("response_schema_conformance", LINES._replace(seen=LINES.seen._replace(body=b"1\n{\n")), "holds"),
        ("response_schema_conformance", said(TOLD, "/told", 200), "holds"),
        # A patch that keeps its schema may not fit the resource.
        ("positive_data_acceptance", said(SILENT, "/silent/5", 409, PATCH), "refuted"),
        ("status_code_conformance", said(SILENT, "/silent/5", 422, PATCH), "silent"),
        ("positive_data_acceptance", said(SILENT, "/silent/5", 405, PATCH), "holds"),
        # The Content-Type of a document's headers is not looked at, the others are.
        ("response_headers_conformance", ranged("Content-Type", "a/b"), "refuted"),
        ("response_headers_conformance", ranged("X-Count", "many"), "holds"),
        # Any `Accept` is sent where a document has it as a parameter.
        ("status_code_conformance", LINES._replace(seen=Seen(406, (), b"", 0.1)), "silent"),
        ("positive_data_acceptance", LINES._replace(seen=Seen(406, (), b"", 0.1)), "refuted"),
        ("status_code_conformance", said(TOLD, "/told", 406), "holds"),
        ("positive_data_acceptance", said(TOLD, "/told", 406), "holds"),
        # What nobody promises: that something is gone, when it was only emptied.
        ("use_after_free", said(TOLD, "/told", 200), "refuted"),
        ("use_after_free", said(SILENT, "/silent/5", 200), "holds"),
        ("ensure_resource_availability", said(TOLD, "/told", 404), "holds"),
        ("not_a_server_error", said(SILENT, "/silent/x", 500), "holds"),
    ],
)
def test_a_failure_is_weighed(tmp_path: Path, check: str, exchange: Exchange, weight: str) -> None:
    _, opinion = run_of(tmp_path)
    assert opinion.weigh(check, "a title", exchange) == weight


def test_a_mock_remembers_nothing_by_itself(tmp_path: Path) -> None:
    _, opinion = run_of(tmp_path, is_mock=True)
    for check in ("use_after_free", "ensure_resource_availability"):
        assert opinion.weigh(check, "a title", said(SILENT, "/silent/5", 200)) == "refuted"


@pytest.mark.parametrize(
    ("title", "token", "is_mock", "weight"),
    [
        ("API accepts invalid authentication", ANY_TOKEN, True, "refuted"),
        ("API accepts requests without authentication", ANY_TOKEN, True, "holds"),
        ("API accepts invalid authentication", "t", True, "holds"),
        ("API accepts invalid authentication", ANY_TOKEN, False, "holds"),
    ],
)
def test_a_mock_that_takes_any_token_may_do_so(
    tmp_path: Path, title: str, token: str, is_mock: bool, weight: str
) -> None:
    _, opinion = run_of(tmp_path, token=token, is_mock=is_mock)
    assert opinion.weigh("ignored_auth", title, said(TOLD, "/told", 200)) == weight


def told(record: FuzzRecord, tmp_path: Path, *, whole: bool = True) -> list[tuple[str, str]]:
    run, _ = run_of(tmp_path)
    found = list(fuzz_findings(record, run, whole=whole))
    return [(each.severity if isinstance(each, Finding) else "not run", _title(each)) for each in found]


def _title(each: Finding | NotRun) -> str:
    return each.title if isinstance(each, Finding) else each.why


def test_a_run_that_came_to_nothing_is_never_silent(tmp_path: Path) -> None:
    empty = FuzzRecord(output="Schema Loading Error\nno such file\n")
    assert told(empty, tmp_path) == [("error", "the fuzzing made no request")]
    assert told(empty, tmp_path, whole=False) == []
    refused = FuzzRecord(requests=9)
    refused.statuses.update({(TOLD, 401): 5, (SILENT, 404): 4})
    assert told(refused, tmp_path) == [("error", "every answer to the fuzzing was 401 or 404")]
    refused.statuses[RANGED, 200] = 1
    assert told(refused, tmp_path) == []
    refused.complete = False
    assert told(refused, tmp_path) == [("error", "the fuzzing broke off")]
    assert told(refused, tmp_path, whole=False) == []


def test_errors_and_warnings_of_schemathesis_are_ours(tmp_path: Path) -> None:
    record = FuzzRecord(requests=1, errors={("ReadTimeout", TOLD): ["x", "y"], ("Schema Error", ""): [""]})
    record.statuses[TOLD, 200] = 1
    record.silent[TOLD, 401] = said(TOLD, "/told", 401)
    record.warnings = {
        "missing_auth": [TOLD],
        "missing_deserializer": ["x"],
        "timeout_units": ["x"],
        "rate_limited": [],
    }
    assert told(record, tmp_path) == [
        ("warning", "requests are refused with a status that the document does not name"),
        ("error", "GET /told: no whole answer while fuzzing"),
        ("not run", "Schemathesis could not test a part: Schema Error"),
        ("error", "Schemathesis warns: missing auth (1)"),
        ("not run", "Schemathesis left out bodies of a media type that it cannot read: x"),
    ]


def test_what_the_fixtures_refuse_is_no_mismatch(tmp_path: Path) -> None:
    """Ids that keep the schema and were never given out are refused: so the fixtures have it."""
    record = FuzzRecord(requests=1, warnings={"validation_mismatch": [TOLD]})
    record.statuses[TOLD, 200] = 1
    assert told(record, tmp_path) == [("warning", "Schemathesis warns: validation mismatch (1)")]
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "told.yaml").write_text(
        f"operation: {TOLD}\nresponses:\n  no: {{status: 400, source: assumed, body: no}}\n"
        "  yes: {status: 200, source: assumed, body: yes}\nrules:\n  - when: {query.n: 7}\n    respond: no\n"
        "otherwise: yes\n"
    )
    run, _ = run_of(tmp_path, fixtures=tmp_path / "fixtures")
    assert list(fuzz_findings(record, run, whole=True)) == []


TWO = """
openapi: 3.1.0
info: {title: a, version: '1'}
servers: [{url: 'http://x/v1'}]
paths:
  /things:
    get:
      security: [{Key: []}]
      parameters: [{name: n, in: query, schema: {type: integer}}]
      responses: {'200': {description: ok}, '401': {description: no}, '422': {description: no}}
components: {securitySchemes: {Key: {type: apiKey, in: query, name: my key}}}
"""


def two(folder: Path) -> tuple[Path, Path]:
    """Two documents with other base paths, keys in the query and in a cookie."""
    (folder / "a.yaml").write_text(TWO)
    other = TWO.replace("/v1", "/v2").replace("/things", "/others")
    (folder / "b.yaml").write_text(other.replace("in: query, name: my key", "in: cookie, name: sid"))
    return folder / "a.yaml", folder / "b.yaml"


@pytest.fixture
def few_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the quick profile's: every phase is there all the same."""
    monkeypatch.setitem(config.EXAMPLES, "quick", 6)


@pytest.mark.usefixtures("few_examples")
def test_several_documents_are_fuzzed_each_below_its_base_with_its_keys(tmp_path: Path) -> None:
    kept = (KeptReport("ndjson", tmp_path / "kept"),)
    result = prove(Question(specs=two(tmp_path), seed=1, only=("fuzz",), schemathesis_reports=kept))
    assert result.counted == (), [each.title for each in result.findings]
    assert {(row.operation, row.name): row.state for row in result.coverage if row.kind == "status"} == {
        (operation, status): "reached"
        for operation in ("GET /things", "GET /others")
        for status in ("200", "401", "422")
    }
    assert "/v1/things?" in (tmp_path / "kept" / "schemathesis-1-ndjson.ndjson").read_text()
    assert "/v2/others" in (tmp_path / "kept" / "schemathesis-2-ndjson.ndjson").read_text()


@pytest.mark.usefixtures("few_examples")
def test_a_deployment_that_drops_requests_is_not_green(tmp_path: Path) -> None:
    spec, _ = two(tmp_path)
    count = itertools.count()

    def flaky(asked: Asked, given: Given) -> Given:
        return Given(0) if not asked.target.startswith("/__mock") and next(count) % 11 == 10 else given

    with running(str(spec), "--quiet") as server, before(server.url, flaky) as url:
        result = prove(Question(url=f"{url}/v1", specs=(spec,), seed=1, only=("fuzz",)))
    assert [(each.check, each.operation) for each in result.counted] == [("fuzz.no_answer", "GET /things")]
