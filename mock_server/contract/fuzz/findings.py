"""Schemathesis' own record of a run, read into our findings."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mock_server.contract.fuzz.opinion import Opinion
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
    """What one or more runs of Schemathesis did. ``complete`` = they came to their own end."""

    findings: list[Finding] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    silent: dict[tuple[str, int], Exchange] = field(default_factory=dict)
    """Refusals whose status a document says nothing about: ``("GET /pets", 422)`` and one that shows it."""
    requests: int = 0
    complete: bool = True
    warnings: dict[str, list[Any]] = field(default_factory=dict)
    errors: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """``("ConnectionError", "GET /pets")`` and what was said each time."""
    output: str = ""
    """What it printed; shown when it left no report."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads reports into a record. ``see`` is shown every exchange."""

    contract: Contract
    seed: int
    opinion: Opinion
    see: Callable[[Exchange], None]

    def read(self, folder: Path, record: FuzzRecord) -> None:
        """From ``*.json`` and ``*.ndjson`` in the folder. A report that is cut off is read as far as it goes."""
        summary = next((_loads(path.read_text("utf-8", "replace")) for path in folder.glob("*.json")), None)
        record.complete = record.complete and isinstance(summary, dict) and bool(summary.get("complete"))
        if isinstance(summary, dict):
            for key, value in (summary.get("warnings") or {}).items():
                record.warnings.setdefault(key, []).extend(value or [])
        for path in folder.glob("*.ndjson"):
            with path.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    event = _loads(line)
                    if isinstance(event, dict):
                        self._event(event, record)
        if isinstance(summary, dict) and not record.errors:
            for error in summary.get("errors") or []:  # of what has no event: a document that it cannot load
                record.errors.setdefault((str(error.get("title", "an error")), ""), []).append("")

    def _event(self, event: dict[str, Any], record: FuzzRecord) -> None:
        if recorder := event.get("ScenarioFinished", {}).get("recorder"):
            self._recorder(recorder, record)
        elif error := event.get("NonFatalError"):
            value = error.get("value")
            kind, said = (value.get("type"), value.get("message")) if isinstance(value, dict) else ("", value)
            key = (str(kind or "an error"), str(error.get("label") or ""))
            record.errors.setdefault(key, []).append(str(said or ""))

    def _recorder(self, recorder: dict[str, Any], record: FuzzRecord) -> None:
        cases = recorder.get("cases") or {}
        for name, interaction in (recorder.get("interactions") or {}).items():
            case = (cases.get(name) or {}).get("value") or {}
            key = f"{case.get('method')} {case.get('path')}"
            exchange = _exchange(interaction, key if self.contract.operation(key) else "")
            record.requests += 1
            if interaction.get("response"):
                record.statuses[key, exchange.seen.status] += 1
            self.see(exchange)
            for check in (recorder.get("checks") or {}).get(name) or []:
                if check.get("status") == "failure":
                    self._failure(check, key, exchange, record)

    def _failure(self, check: dict[str, Any], key: str, exchange: Exchange, record: FuzzRecord) -> None:
        label = _operation_of(check, key, self.contract)
        exchange = exchange._replace(operation=label)
        finding = _finding(check, label, exchange, self.contract, self.seed)
        match self.opinion.weigh(str(check.get("name")), finding.title, exchange):
            case "holds":
                record.findings.append(finding)
            case "silent":
                record.silent.setdefault((label, exchange.seen.status), exchange)


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # the process was stopped in the middle of a line
        return None


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
    level: Level = "standard" if where.startswith("RFC") else "documented" if where else "assumed"
    title = str(failure.get("title") or name)
    status = exchange.seen.status
    if name == "negative_data_rejection" and 400 <= status < 500:
        title = "data that breaks the schema is refused with another status than promised"
    return Finding(
        title=f"{label}: {title if title[:2].isupper() else title[:1].lower() + title[1:]} ({status or 'no answer'})",
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
            yield name, str(value)


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
