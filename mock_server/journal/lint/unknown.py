"""What a client sends that the document does not know, or leaves out that HTTP wants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import parse_qsl

from mock_server.core.plan import Plan, known_fields
from mock_server.core.undocumented import MAX_TOLD, undocumented
from mock_server.journal.entry import Told, header, line_of, path_of, query_of
from mock_server.journal.lint.model import Hit, Known, json_body, requests

_USUAL = (
    "x-requested-with", "x-request-id", "x-correlation-id", "x-real-ip", "x-client-data", "x-csrf-token",
    "x-amzn-trace-id",
)  # fmt: skip


def sends_unknown(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    """One hit for each name and operation."""
    found: dict[tuple[str, str], list[Told]] = {}
    for entry in requests(entries):
        plan = known.plan(entry)
        for where in _unknown(entry, plan) if plan else ():
            found.setdefault((entry["operation"], where), []).append(entry)
    for (operation, where), several in found.items():
        yield Hit(f"{operation} does not know {where}", several)


def _unknown(entry: Told, plan: Plan) -> Iterator[str]:
    try:
        pairs = parse_qsl(query_of(entry), keep_blank_values=True, max_num_fields=1_000)
    except ValueError:
        pairs = []
    yield from (each.where for each in undocumented(plan.operation)(pairs))
    body, fields = json_body(entry), known_fields(plan.operation)
    if isinstance(body, dict) and fields:
        yield from islice((f"body.{name[:100]}" for name in body if name not in fields), MAX_TOLD)
    documented = {each.name.lower() for each in plan.operation.parameters if each.location == "header"}
    documented |= {each.parameter.lower() for way in plan.operation.security for each in way if "header" in each.kind}
    for name in entry["request"]["headers"]:
        is_own = name.startswith("x-") and not name.startswith("x-forwarded-") and name not in _USUAL
        if is_own and name not in documented:
            yield f"header.{name}"


def asks_unknown_paths(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    found: dict[str, list[Told]] = {}
    for entry in requests(entries):
        is_lost = entry["operation"] is None and entry["status"] in (404, 405)
        if is_lost and any(each.startswith("route: ") for each in entry["reasons"]):
            found.setdefault(f"{entry['method']} {path_of(entry)}", []).append(entry)
    for line, several in found.items():
        yield Hit(f"{line} is no operation of the document ({several[0]['status']})", several)


def names_no_type(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    found: dict[str, list[Told]] = {}
    for entry in requests(entries):
        if entry["operation"] and entry["request"]["body"] and not header(entry, "content-type"):
            found.setdefault(line_of(entry), []).append(entry)
    for line, several in found.items():
        yield Hit(f"{line} has a body and no Content-Type", several)


def accepts_nothing(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    for entry in requests(entries):
        if entry["operation"] and entry["status"] == 406:
            yield Hit(f"{line_of(entry)} accepts {header(entry, 'accept')}, of which there is nothing", [entry])
