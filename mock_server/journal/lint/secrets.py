"""What a client does with what opens something: codes, states, tokens, pull_ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl

from mock_server.core.plan import Plan
from mock_server.journal.entry import Told, header, line_of, path_of, query_of
from mock_server.journal.lint.model import Hit, Known, requests
from mock_server.mask import SECRET_FIELDS

PROVIDER = "/__provider/"
_BEARERS = SECRET_FIELDS - {"code", "state", "code_verifier", "ticket"}
"""What is never to stand in a URL; code and state travel there by design."""


def reuses_code(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    """At the callback, or at the token endpoint: each place takes a code once."""
    seen: dict[tuple[str, str], list[Told]] = {}
    for entry in requests(entries):
        marks = entry.get("marks") or {}
        code = marks.get("query.code") or marks.get("body.code")
        if code and (_is_callback(entry) or path_of(entry).startswith(PROVIDER)):
            seen.setdefault((path_of(entry), code), []).append(entry)
    for (path, _), found in seen.items():
        if len(found) > 1:
            yield Hit(f"one code was given to {path} {len(found)} times", found)


def drops_state(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    for entry in requests(entries):
        names = _names(entry)
        if _is_callback(entry) and names & {"code", "error"} and "state" not in names:
            yield Hit(f"the callback {path_of(entry)} was called without the state", [entry])
        elif _is_authorization(entry) and "response_type" in names and "state" not in names:
            yield Hit(f"{path_of(entry)} was asked without a state", [entry])


def sends_to_wrong_host(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    """The API's token at the provider's, or under the name of the real API."""
    for entry in requests(entries):
        scheme = (header(entry, "authorization") or "").partition(" ")[0].lower()
        to_provider = path_of(entry).startswith(PROVIDER) or _is_callback(entry)
        if to_provider and scheme == "bearer":
            yield Hit(f"{line_of(entry)} carries the API's bearer token to the provider", [entry])
        elif to_provider and "pull_id" in _names(entry):
            yield Hit(f"{line_of(entry)} carries the pull_id to the provider", [entry])
        elif scheme and _host(entry) in known.hosts:
            message = f"{line_of(entry)} carries credentials for {_host(entry)}, the real API, and reached the mock"
            yield Hit(message, [entry])


def puts_secrets_in_urls(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    found: dict[tuple[str, str], list[Told]] = {}
    for entry in requests(entries):
        for name in sorted(_names(entry)):
            if name.lower() in _BEARERS and not _is_documented(known.plan(entry), name):
                found.setdefault((path_of(entry), name), []).append(entry)
    for (path, name), several in found.items():
        yield Hit(f"{name} stands in the URL of {path}", several)


def _is_documented(plan: Plan | None, name: str) -> bool:
    """Whether the document wants it in the query, as a parameter or an API key."""
    if plan is None:
        return False
    keys = {each.parameter for way in plan.operation.security for each in way if each.kind == "apiKey:query"}
    return name in keys or any(each.where == ("query", name) for each in plan.operation.parameters)


def _is_callback(entry: Told) -> bool:
    """Only callbacks leave reasons of their step beside ``handshake`` and ``token``."""
    return entry["operation"] is None and bool(
        any(each.startswith("callback: ") for each in entry["reasons"])
        or (entry["handshake"] and entry["method"] == "GET" and not path_of(entry).startswith("/__"))
    )


def _is_authorization(entry: Told) -> bool:
    path = path_of(entry)
    return path.startswith(PROVIDER) and path.endswith("/authorize")


def _names(entry: Told) -> set[str]:
    try:
        return {name for name, _ in parse_qsl(query_of(entry), keep_blank_values=True, max_num_fields=1_000)}
    except ValueError:
        return set()


def _host(entry: Told) -> str:
    """Without the port, in lower case."""
    host = (header(entry, "host") or "").lower()
    return host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
