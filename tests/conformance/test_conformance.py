"""Every ``*.yaml`` of this folder is a document, fixtures, requests and the answers that a mock owes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.case import CASES, Step, read_case
from tests.property.asgi import Answer, InProcess
from tests.support import make_app


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_answer_is_the_expected_one(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    documents, fixtures = case.write(tmp_path)
    client = InProcess(make_app(*documents, fixtures=fixtures, **case.data.get("settings", {})))
    try:
        for step in case.steps:
            method, target = step.request.get("method", "GET"), step.request["target"]
            given = client(method, target, step.body, step.headers)
            _compare(step, given, f"{method} {target} -> {given.status} {given.body[:1000]!r}")
    finally:
        client.close()


def _compare(step: Step, given: Answer, what: str) -> None:
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in given.headers.items()}
    for word, wanted in step.expect.items():
        match word:
            case "status":
                assert given.status == wanted, what
            case "headers":
                for name, value in wanted.items():
                    assert headers.get(name.lower()) == str(value), f"{name}: {headers.get(name.lower())!r}; {what}"
            case "no_headers":
                assert not set(map(str.lower, wanted)) & set(headers), what
            case "json":
                assert json.loads(given.body) == wanted, what
            case "json_has":
                missing = _missing(json.loads(given.body), wanted)
                assert missing is None, f"{missing}; {what}"
            case "text":
                assert given.body.decode() == wanted, what
            case "text_has":
                for piece in wanted if isinstance(wanted, list) else [wanted]:
                    assert piece in given.body.decode("utf-8", "replace"), what
            case "hex":
                assert given.body == bytes.fromhex(wanted), what
            case "code":
                assert json.loads(given.body).get("code") == wanted, what
            case "violations":
                seen = sorted((each["where"], each["rule"]) for each in json.loads(given.body)["violations"])
                assert seen == sorted((each["where"], each["rule"]) for each in wanted), what
            case "empty":
                assert (given.body == b"") is wanted, what


def _missing(seen: Any, wanted: Any, where: str = "") -> str | None:
    """What of ``wanted`` is not in ``seen``: objects may have more members, lists are compared item by item."""
    if isinstance(wanted, dict):
        if not isinstance(seen, dict):
            return f"{where or 'the body'} is no object"
        found = (
            _missing(seen[key], value, f"{where}/{key}") if key in seen else f"{where}/{key} is not there"
            for key, value in wanted.items()
        )
        return next((each for each in found if each), None)
    if isinstance(wanted, list) and isinstance(seen, list) and len(wanted) == len(seen):
        found = (
            _missing(one, other, f"{where}/{index}")
            for index, (one, other) in enumerate(zip(seen, wanted, strict=True))
        )
        return next((each for each in found if each), None)
    return (
        None
        if seen == wanted and isinstance(seen, bool) == isinstance(wanted, bool)
        else f"{where} is {seen!r}, not {wanted!r}"
    )
