"""The configuration of Schemathesis for one run, generated from what is promised."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mock_server.contract.profile import rule_statuses
from mock_server.contract.run import Run
from mock_server.contract.target import credentials, first_alternative
from mock_server.contract.walks.handshake import answer_path
from mock_server.spec.operations import Operation

EXAMPLES = {"quick": 60, "full": 400}
"""Generated requests for each operation and phase."""
STEPS = {"quick": 6, "full": 10}
REQUEST_TIMEOUT_S = 15


def config_text(run: Run, operations: Sequence[Operation], max_response_s: float | None = None) -> str:
    """``schemathesis.toml``. A string of TOML may be written as JSON writes it (TOML 1.0, basic strings)."""
    lines = [
        f"headers = {_table(dict(run.client.headers))}",
        'hooks = "hooks.py"',
        "continue-on-failure = true",
        f"request-timeout = {REQUEST_TIMEOUT_S}",
        "",
        "[generation]",
        "# A missing Authorization header is expected to give 401, hard-coded; `ignored_auth` still probes without it.",
        "with-security-parameters = false",
        f"max-examples = {EXAMPLES[run.profile]}",
        'database = "none"',
        "",
        "[phases.stateful]",
        f"max-steps = {STEPS[run.profile]}",
        "",
        "# Its files stay in the scratch folder and are read by us; what is reported of them is masked there.",
        "[output.sanitization]",
        "enabled = false",
        "",
        "[cache]",
        "enabled = false",
    ]
    lines += ["", *_auth(run, operations)]
    if run.contract.start is None:
        lines.remove('hooks = "hooks.py"')
    if max_response_s is not None:
        lines[3:3] = [f"checks.max_response_time = {max_response_s}"]
    for operation in operations:
        lines += ["", *_operation(run, operation)]
    return "\n".join(lines) + "\n"


def _auth(run: Run, operations: Iterable[Operation]) -> Iterable[str]:
    """Keys that travel in the query or a cookie. It signs up nowhere by itself: the tokens are given."""
    yield "[auth]"
    yield "auto-signup = false"
    guarded = (operation for operation in operations if operation.security)
    needs = {need.scheme: need for operation in guarded for need in first_alternative(operation)}
    token = run.target.tokens.good
    for scheme, need in needs.items():
        if token and need.kind in ("apiKey:query", "apiKey:cookie"):
            yield f"openapi.{_text(scheme)}.api_key = {_text(token)}"


def _operation(run: Run, operation: Operation) -> Iterable[str]:
    """Its credentials, and which statuses are right for good and for bad data."""
    yield "[[operations]]"
    yield f"include-name = {_text(operation.key)}"
    headers, _ = credentials(operation, run.target.tokens.good)
    own = {name: value for name, value in headers if name != "Cookie"}
    if own:
        yield f"headers = {_table(own)}"
    good, bad = expected_statuses(run, operation)
    yield f"checks.positive_data_acceptance.expected-statuses = {json.dumps(good)}"
    yield f"checks.negative_data_rejection.expected-statuses = {json.dumps(bad)}"


def expected_statuses(run: Run, operation: Operation) -> tuple[list[int | str], list[int | str]]:
    """For data that keeps the schema, and for data that does not.

    From the fixture's rules and its ``invalid:``; without a fixture Schemathesis' own lists and whatever
    error the document itself names: 402, 403 and 429 mean something else in every API.
    """
    fixture = run.contract.fixtures.operations.get(operation.key)
    if fixture is not None and fixture.invalid:
        good = rule_statuses(fixture, run.contract.token_facts("good"))
        bad = {fixture.responses[name].status for name in fixture.invalid.values() if name in fixture.responses}
        if good and bad:
            return sorted(good), sorted(bad)
    errors = sorted(int(status) for status in operation.responses if status.isdecimal() and 400 <= int(status) < 500)
    return ["2xx", *sorted({*errors, 401, 403, 404, 409})], sorted(
        {*errors, 400, 401, 403, 404, 405, 406, 409, 415, 422}
    )


def hooks_data(run: Run) -> dict[str, Any]:
    """What the hooks file is told: which operation begins a handshake and how consent is given."""
    how = run.target.consent if run.target.consent.startswith(("visit", "command:")) else "none"
    return {
        "start": run.contract.start.key if run.contract.start else "",
        "path": list(answer_path(run, "auth_uri")) if run.contract.start else [],
        "consent": how,
        "origin": run.target.origin,
        "headers": [list(pair) for pair in run.client.headers],
    }


def _table(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_text(name)} = {_text(value)}" for name, value in values.items()) + " }"


def _text(value: str) -> str:
    """A string of TOML in which ``${…}`` is no variable."""
    return json.dumps(value.replace("${", "$${"), ensure_ascii=False).replace("\x7f", "\\u007f")
