"""Without fixtures and a handshake the witness and the stability walks still hold a deployment to its document."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from mock_server.contract.model import Result
from mock_server.contract.prove import Question, prove
from mock_server.contract.walks import timing
from tests.contract.deployment import Answerer, Asked, Given, answering

SPEC = """\
openapi: 3.1.0
info: {title: things, version: "1"}
paths:
  /things:
    get:
      responses:
        "200":
          description: ok
          headers:
            X-Total: {required: true, schema: {type: integer, minimum: 0}}
            X-Page: {schema: {type: integer}}
          content:
            application/json:
              schema:
                type: object
                required: [id]
                properties: {id: {type: integer}, at: {type: string, format: date-time}}
"""
JSON = ("content-type", "application/json")
GOOD = Given(200, (JSON, ("x-total", "1")), b'{"id": 1, "at": "2024-01-01T00:00:00Z"}')


def run(tmp_path: Path, answerer: Answerer, *only: str, **changes: Any) -> Result:
    (tmp_path / "openapi.yaml").write_text(SPEC)

    def routed(asked: Asked) -> Given:
        if asked.target.partition("?")[0] != "/things":
            return Given(404, (JSON,), b'{"message": "nothing here"}')
        if asked.method not in ("GET", "HEAD"):
            return Given(405, (JSON, ("allow", "GET, HEAD")), b'{"message": "only GET"}')
        return answerer(asked)

    with answering(routed) as url:
        question = Question(url=url, specs=(tmp_path / "openapi.yaml",), seed=1, skip=("fuzz",), only=only, **changes)
        return prove(question)


def said(status: int = 200, **body: Any) -> Given:
    return Given(status, GOOD.headers, json.dumps({"id": 1, **body}).encode())


DEFECTS: dict[str, tuple[str, Given]] = {
    "the required header is missing": ("witness.headers", GOOD._replace(headers=(JSON,))),
    "the required header is no number": ("witness.headers", GOOD._replace(headers=(JSON, ("x-total", "many")))),
    "the required header is too little": ("witness.headers", GOOD._replace(headers=(JSON, ("x-total", "-1")))),
    "an optional header is no number": ("witness.headers", GOOD._replace(headers=(*GOOD.headers, ("x-page", "a")))),
    "a field is missing": ("witness.schema", Given(200, GOOD.headers, b"{}")),
    "a field is of another type": ("witness.schema", said(id="1")),
    "a time is none": ("witness.schema", said(at="yesterday")),
    "an undocumented success": ("witness.status", said(202)),
    "a failure": ("witness.status", said(500)),
    "text": ("witness.media-type", Given(200, (("content-type", "text/plain"), ("x-total", "1")), b"1")),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_answer_is_held_to_the_document(tmp_path: Path, defect: str) -> None:
    check, given = DEFECTS[defect]
    result = run(tmp_path, lambda asked: given)
    assert check in {each.check for each in result.counted}, result.findings


def test_a_correct_deployment_is_left_alone(tmp_path: Path) -> None:
    numbers = itertools.count()
    result = run(tmp_path, lambda asked: said(id=next(numbers), at="2024-01-01T00:00:00Z"))
    assert result.findings == ()
    assert result.counted == ()


def test_an_answer_that_now_and_then_differs_is_found(tmp_path: Path) -> None:
    numbers = itertools.count(1)
    result = run(tmp_path, lambda asked: said(id=1) if next(numbers) % 25 else said(id=1, more=2), "stability.calls")
    (finding,) = result.counted
    assert finding.title == (
        "GET /things answers the same call in different ways (a good request): a body of another shape"
    )
    assert finding.detail.startswith("2 of 60 calls; so many calls miss a failure of 4.9 % with p = 0.05")


def test_every_answer_comes_within_the_time_that_is_given(tmp_path: Path) -> None:
    def slow(asked: Asked) -> Given:
        time.sleep(0.06)
        return GOOD

    result = run(tmp_path, slow, "stability.time", max_response_s=0.05)
    assert [(each.check, each.promise.level) for each in result.counted] == [("stability.time", "documented")]
    assert run(tmp_path, slow, "stability.time", max_response_s=60.0).findings == ()


def test_without_a_given_time_what_is_slow_again_is_told_and_counts_when_strict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "USUAL_S", 0.05)
    monkeypatch.setattr(timing, "is_busy", lambda: False)  # whatever else runs here

    def slow(asked: Asked) -> Given:
        time.sleep(0.06)
        return GOOD

    result = run(tmp_path, slow, "stability.time")
    assert [each.promise.level for each in result.findings] == ["assumed"]
    assert result.counted == ()
    assert run(tmp_path, slow, "stability.time", strict=True).counted != ()


def test_what_was_slow_once_is_asked_again_and_forgiven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "USUAL_S", 0.5)
    numbers = itertools.count()

    def once_slow(asked: Asked) -> Given:
        time.sleep(0.55 if not next(numbers) else 0)
        return GOOD

    assert run(tmp_path, once_slow, "stability.time").findings == ()


def test_on_a_busy_machine_nothing_is_called_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "USUAL_S", 0.05)
    monkeypatch.setattr(timing, "is_busy", lambda: True)

    def slow(asked: Asked) -> Given:
        time.sleep(0.06)
        return GOOD

    assert run(tmp_path, slow, "stability.time").findings == ()
