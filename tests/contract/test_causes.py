"""One cause is told once: a server that fails at everything, one that hangs up, a schema nobody can satisfy."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mock_server.contract.model import Exchange, Finding, Promise, Reached, Result, Seen, Sent
from mock_server.contract.prove import Question, prove
from mock_server.contract.report.junit import junit_report
from mock_server.contract.report.shown import Shown, show
from mock_server.contract.report.terminal import plain_report
from mock_server.record.secret import Secrets
from tests.contract.deployment import Given, answering

ONE, OTHER = "GET /one", "GET /other"
NEVER = """\
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  /never:
    get: {responses: {"200": {description: d, content: {application/json: {schema: SCHEMA}}}}}
components: {schemas: {Odd: {type: object, required: [a], properties: {a: {type: integer, minimum: 5, maximum: 3}}}}}
"""


def finding(check: str, operation: str, status: int, fault: str = "", severity: str = "error") -> Finding:
    sent = Sent("GET", operation.partition(" ")[2], (), b"")
    exchange = Exchange("http://a.example", operation, sent, Seen(status, (), b"", 0.0, fault))
    title = f"{operation} answers {status or fault} instead of 200: {check}"
    promise = Promise(check, "kept", "documented", "a.yaml:1")
    return Finding(title, operation, promise, (exchange,), "", severity, check, 1, title)  # type: ignore[arg-type]


def shown(*findings: Finding, reached: tuple[str, ...] = (ONE, OTHER)) -> Shown:
    rows = tuple(
        Reached(each, "status", "200", "reached" if each in reached else "not reached", "") for each in (ONE, OTHER)
    )
    return show(Result("http://a.example", 1, False, findings, (), rows, (), {"walks": 9}, 1.0), Secrets())


def never(operation: str) -> Finding:
    promise = Promise("status-200-is-reached", "200 is documented", "documented", "a.yaml:1")
    title = f"{operation} never answered 200"
    return Finding(title, operation, promise, (), "", "error", "coverage.status", 1, "never 200")


def test_a_server_that_fails_at_everything_is_told_once() -> None:
    findings = [finding(f"walk.{number}", operation, 500) for number in range(3) for operation in (ONE, OTHER)]
    report = shown(*findings, never(ONE), never(OTHER), finding("walk.9", ONE, 500, severity="warning"), reached=())
    assert report.headline == "http://a.example breaks the contract: 1 finding"
    (told,) = report.findings
    assert told.title == "the deployment answers 500 whatever it is asked"
    assert "and 6 more of the kind, found by walk, coverage" in told.detail
    assert len(plain_report(report)) < 1500


def test_an_operation_that_fails_at_everything_hides_nothing_of_another() -> None:
    report = shown(finding("walk.1", ONE, 500), never(ONE), finding("walk.2", OTHER, 404), reached=(OTHER,))
    assert [each.title for each in report.findings] == [
        "GET /one answers 500 whatever it is asked",
        "GET /other answers 404 instead of 200: walk.2",
    ]


def test_failures_now_and_then_are_told_one_by_one_until_they_are_many() -> None:
    few = [finding(f"walk.{number}", ONE, 500) for number in range(3)]
    assert len(shown(*few).findings) == 3
    (told,) = shown(*few, finding("walk.3", ONE, 500)).findings
    assert told.title == "GET /one fails with 500"


def test_a_server_that_hangs_up_or_breaks_off_is_told_once_for_each() -> None:
    silent = [finding(f"walk.{number}", (ONE, OTHER)[number % 2], 0, "reset") for number in range(4)]
    halves = [finding(f"edges.{number}", ONE, 200, "truncated") for number in range(4)]
    assert [each.title for each in shown(*silent, *halves).findings] == [
        "the deployment leaves requests without an answer (reset)",
        "GET /one sends answers that are not whole (truncated)",
    ]


def test_a_mock_that_refuses_nothing_says_so_itself() -> None:
    lenient = finding("reasons.token", ONE, 200)
    (exchange,) = lenient.exchanges
    said = exchange._replace(seen=exchange.seen._replace(headers=(("mock-violations", "[]"),)))
    refused = said._replace(seen=said.seen._replace(status=403))
    strict = finding("edges.body", ONE, 403)._replace(exchanges=(refused,))
    assert len(shown(strict).findings) == 1
    (told,) = shown(lenient._replace(exchanges=(said,)), strict).findings
    assert told.title == "the mock answers bad requests as good ones (serve --no-errors)"
    assert told.detail.startswith("start it without --no-errors")


def test_junit_fails_every_check_that_has_seen_it() -> None:
    report = junit_report(shown(*(finding(f"walk.{number}", ONE, 500) for number in range(4))))
    assert [f'name="walk.{number} {ONE}"' in report for number in range(4)] == [True] * 4


@pytest.mark.parametrize(
    ("schema", "line", "why"),
    [
        ("false", 5, "no value keeps this schema: it is `false`"),
        ('{$ref: "#/components/schemas/Odd"}', 6, "the minimum 5 is above the maximum 3"),
    ],
)
@pytest.mark.parametrize("is_mock", [True, False])
def test_a_schema_that_nobody_can_satisfy_is_one_finding(
    tmp_path: Path, schema: str, line: int, why: str, is_mock: bool
) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(NEVER.replace("SCHEMA", schema))
    given = itertools.repeat(Given(200, (("content-type", "application/json"),), b'{"a": 4}'))
    with answering(lambda asked: next(given)) as url:
        question = Question(url=None if is_mock else url, specs=(spec,), seed=1, skip=("fuzz", "protocol"))
        if is_mock:
            question = Question(specs=(spec,), seed=1, skip=("fuzz",))
        result = prove(question)
    (told,) = result.counted
    assert told.title == "GET /never: the document cannot be kept here: nobody can satisfy the schema of 200"
    assert told.promise.source.startswith(f"{spec}:{line} #/")
    assert why in told.detail
    assert result.times[told.fingerprint] > 1
