"""What the rules of the client lint get and give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from mock_server.core.plan import Plan
from mock_server.journal.entry import Find, Told, body_of, nothing_found, path_of
from mock_server.named import NamedTuple

Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")
POLL_S = 1.0
"""Faster than this nobody should poll; the real client asks every two seconds."""
RETRY_WINDOW_S = 60.0
"""The same request so soon after its answer is a retry, later it is another try. Seconds of the session's clock."""
MAX_ENTRIES = 20
"""Entries that one finding names."""


class Known(NamedTuple):
    """What the documents say, and what the reader of the findings wants.

    ``hosts`` are the hosts of the documents' ``servers``: the real API's.
    """

    find: Find = nothing_found
    hosts: frozenset[str] = frozenset()
    poll_s: float = POLL_S

    def plan(self, entry: Told) -> Plan | None:
        """What answers a request like this one now."""
        found = self.find(entry["method"], path_of(entry)) if entry["operation"] else None
        return found[0] if found else None


NOTHING_KNOWN = Known()


class Hit(NamedTuple):
    """What a rule saw: a sentence, and the entries that it is of, the oldest first."""

    message: str
    entries: Sequence[Told]


class Rule(NamedTuple):
    """One thing that a client does wrong."""

    code: str
    name: str
    severity: Severity
    why: str
    """Why it is wrong, in a sentence."""
    advice: str
    """What to do about it."""
    source: str
    """Where that is said: an RFC's section, the reference, or what was measured."""
    find: Callable[[Sequence[Told], Known], Iterable[Hit]]


class Finding(NamedTuple):
    """A rule that hit."""

    rule: str
    code: str
    severity: Severity
    message: str
    why: str
    advice: str
    source: str
    entries: tuple[str, ...]
    """Ids of the journal, the oldest first; of many the first and the last ones."""
    times: int

    def as_json(self) -> dict[str, Any]:
        """``{"rule": "retries-forbidden", "code": "CL03", "severity": "error", "message": "…", "entries": ["3fa85f-2",
        "3fa85f-3"], "times": 2, "why": "…", "advice": "…", "source": "…"}``."""
        return {**self._asdict(), "entries": list(self.entries)}

    def __str__(self) -> str:
        return f"{self.severity} {self.code} {self.rule}: {self.message} ({', '.join(self.entries)}); {self.advice}"


def same_request(entry: Told) -> tuple[Any, ...]:
    """Equal for two requests that are the same: method, target, body, and the secrets by their marks."""
    marks = entry.get("marks") or {}
    secrets = tuple(sorted((where, each) for where, each in marks.items() if not where.startswith("response.")))
    return entry["method"], entry["path"], entry["request"]["body"], secrets


def by_handshake(entries: Iterable[Told]) -> Iterator[list[Told]]:
    """The requests of each operation for each handshake, where there are several: polling."""
    groups: dict[tuple[str, str], list[Told]] = {}
    for entry in entries:
        if entry["operation"] and entry["handshake"] and entry["kind"] == "request":
            groups.setdefault((entry["operation"], entry["handshake"]), []).append(entry)
    yield from (group for group in groups.values() if len(group) > 1)


def gap(before: Told, after: Told) -> float | None:
    """Seconds between two requests; None when the clock stood still or was set back, so that nobody knows."""
    seconds = float(after["at"]) - float(before["at"])
    return seconds if seconds > 0 else None


def is_good(entry: Told) -> bool:
    return 200 <= (entry["status"] or 0) <= 299


def requests(entries: Iterable[Told]) -> Iterator[Told]:
    """What clients asked, without our own calls."""
    return (each for each in entries if each["kind"] == "request")


def json_body(entry: Told, side: str = "request") -> Any:
    """Each body is parsed where a rule wants it: a journal is read now and then, and held all the time."""
    return body_of(entry, side)
