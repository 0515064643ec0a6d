"""Schemathesis' own record of a run, read into our findings."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mock_server.contract.client import Watcher
from mock_server.contract.model import Exchange, Finding, Level, Promise, Seen, Sent
from mock_server.contract.profile import Contract, place_of

CHECKS: Mapping[str, tuple[str, str]] = {
    "not_a_server_error": ("the deployment never fails with a 5xx", "RFC 9110 §15.6"),
    "status_code_conformance": ("only documented statuses are answered", "responses"),
    "content_type_conformance": ("only documented media types are answered", "responses"),
    "response_headers_conformance": ("documented headers are there and valid", "responses"),
    "response_schema_conformance": ("every body keeps its schema", "responses"),
    "negative_data_rejection": ("data that breaks the schema is refused", "requestBody"),
    "positive_data_acceptance": ("data that keeps the schema is accepted", "requestBody"),
    "missing_required_header": ("a missing required header is refused", "parameters"),
    "unsupported_method": ("a method that is not documented is refused with 405", "RFC 9110 §15.5.6"),
    "allow_header_conformance": ("Allow lists exactly the methods there are", "RFC 9110 §10.2.1"),
    "use_after_free": ("what was deleted is gone", ""),
    "ensure_resource_availability": ("what was created is there", ""),
    "ignored_auth": ("authorization is asked for", "security"),
    "object_level_authorization": ("what belongs to one account is closed to others", "security"),
    "max_response_time": ("an answer comes in time", "--max-response-time"),
}
"""Check of Schemathesis -> what it holds, and where in the operation (or which RFC) that stands."""


@dataclass(slots=True)
class FuzzRecord:
    """What a run of Schemathesis did. ``complete`` = it came to its own end."""

    findings: list[Finding] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    requests: int = 0
    complete: bool = False
    warnings: dict[str, list[Any]] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    phases: dict[str, str] = field(default_factory=dict)
    output: str = ""
    """What it printed; shown when it left no report."""


def read_reports(folder: Path, contract: Contract, seed: int, watch: Watcher = lambda exchange: None) -> FuzzRecord:
    """From ``*.json`` and ``*.ndjson`` in the folder. A report that is cut off is read as far as it goes."""
    record = FuzzRecord()
    for path in folder.glob("*.json"):
        summary = _loads(path.read_text("utf-8", "replace"))
        if isinstance(summary, dict):
            record.complete = bool(summary.get("complete"))
            record.warnings = {key: value for key, value in (summary.get("warnings") or {}).items() if value}
            record.errors = list(summary.get("errors") or [])
            record.phases = {key: str(value.get("status")) for key, value in (summary.get("phases") or {}).items()}
    for path in folder.glob("*.ndjson"):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                event = _loads(line)
                recorder = event.get("ScenarioFinished", {}).get("recorder") if isinstance(event, dict) else None
                if isinstance(recorder, dict):
                    _read_recorder(recorder, contract, seed, record, watch)
    return record


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # the process was stopped in the middle of a line
        return None


def _read_recorder(recorder: dict[str, Any], contract: Contract, seed: int, record: FuzzRecord, watch: Watcher) -> None:
    cases = recorder.get("cases") or {}
    for name, interaction in (recorder.get("interactions") or {}).items():
        record.requests += 1
        case = (cases.get(name) or {}).get("value") or {}
        key = f"{case.get('method')} {case.get('path')}"
        if interaction.get("response"):
            record.statuses[key, int(interaction["response"]["status_code"])] += 1
        watch(_exchange(interaction, key if contract.operation(key) else ""))
        for check in (recorder.get("checks") or {}).get(name) or []:
            if check.get("status") == "failure":
                label = _operation_of(check, key, contract)
                if check.get("name") == "status_code_conformance" and _is_told(interaction, label, contract):
                    continue
                exchange = _exchange(interaction, label)
                record.findings.append(_finding(check, label, exchange, contract, seed))


def _is_told(interaction: dict[str, Any], label: str, contract: Contract) -> bool:
    """Whether a fixture has an answer with this status, though the document does not."""
    fixture = contract.fixtures.operations.get(label)
    status = int((interaction.get("response") or {}).get("status_code") or 0)
    return fixture is not None and any(each.status == status for each in fixture.responses.values())


def _operation_of(check: dict[str, Any], key: str, contract: Contract) -> str:
    named = _failure(check).get("operation")
    return str(named) if contract.operation(str(named)) else key


def _failure(check: dict[str, Any]) -> dict[str, Any]:
    failure = (check.get("failure_info") or {}).get("failure")
    return failure if isinstance(failure, dict) else {}


def _finding(check: dict[str, Any], label: str, exchange: Exchange, contract: Contract, seed: int) -> Finding:
    failure = _failure(check)
    name = str(check.get("name", "unknown"))
    text, where = CHECKS.get(name, (name.replace("_", " "), ""))
    operation = contract.operation(label)
    if operation and where in ("responses", "requestBody", "security", "parameters"):
        node, _ = operation.document.at(operation.pointer, operation.pointer, "#")
        source = place_of(operation, where) if where in node else place_of(operation)
    else:
        source = where or (place_of(operation) if operation else label)
    level: Level = "standard" if where.startswith("RFC") else "documented"
    title = str(failure.get("title") or name)
    status = exchange.seen.status
    return Finding(
        title=f"{label}: {title[:1].lower()}{title[1:]} ({status or 'no answer'})",
        operation=label,
        promise=Promise(name.replace("_", "-"), text, level, source),
        exchanges=(exchange,),
        detail=str(failure.get("message") or title),
        severity="error",
        check=f"fuzz.{name}",
        seed=seed,
        shape=f"{title} {status}",
    )


def _exchange(interaction: dict[str, Any], operation: str) -> Exchange:
    request, response = interaction.get("request") or {}, interaction.get("response") or {}
    uri = urlsplit(str(request.get("uri", "")))
    target = (uri.path or "/") + (f"?{uri.query}" if uri.query else "")
    sent = Sent(
        str(request.get("method", "")), target, tuple(_headers(request)), _content(request.get("body"))
    )  # fmt: skip
    seen = Seen(
        int(response.get("status_code") or 0),
        tuple(_headers(response)),
        _content(response.get("content")),
        float(response.get("elapsed") or 0.0),
        "" if response else "no answer",
    )
    return Exchange(f"{uri.scheme}://{uri.netloc}", operation, sent, seen)


def _headers(part: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, values in (part.get("headers") or {}).items():
        for value in values if isinstance(values, list) else [values]:
            # What it filters is what we would mask; a curl line then says $TOKEN.
            yield name, "Bearer ***" if name.lower() == "authorization" and value == "[Filtered]" else str(value)


def _content(raw: Any) -> bytes:
    """``{"$base64": "…"}``, a text, or nothing."""
    if isinstance(raw, dict):
        raw = raw.get("$base64") or raw.get("base64") or ""
        try:
            return base64.b64decode(raw)
        except (binascii.Error, ValueError):
            return b""
    return raw.encode() if isinstance(raw, str) else b""


def seen_statuses(record: FuzzRecord, operations: Iterable[str]) -> Mapping[tuple[str, int], int]:
    """Only those of the contract's operations: it sends other methods to their paths, too."""
    keys = set(operations)
    return {pair: count for pair, count in record.statuses.items() if pair[0] in keys}
