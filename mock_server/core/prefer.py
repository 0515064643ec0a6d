"""What a client asks for in ``Prefer`` (RFC 7240) or in ``?__code=`` and its like.

The words are Prism's (``code example dynamic seed``) and ours (``response scenario wait fault``).
Preferences of others are left alone, as RFC 7240 §2 wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from mock_server.later import regex
from mock_server.value import dataclass

WORDS = ("code", "response", "example", "scenario", "wait", "dynamic", "seed", "fault")
MAX_WAIT_S = 60.0
_SECONDS = regex(r"[0-9]{1,9}(?:\.[0-9]{1,9})?\Z")


@dataclass(frozen=True, slots=True)
class Preference:
    """``Prefer: code=402, wait=2`` is ``Preference(code="402", wait="2")``; texts as they came."""

    code: str | None = None
    response: str | None = None
    example: str | None = None
    scenario: str | None = None
    wait: str | None = None
    dynamic: str | None = None
    seed: str | None = None
    fault: str | None = None

    @property
    def names_answer(self) -> bool:
        """Whether it says which answer, and not only how."""
        return not (self.response is self.code is self.example is None)


def read_preference(headers: Mapping[str, str], query: str) -> Preference | None:
    """What is asked for, or None. The header wins over the query; the first of two wins (§2)."""
    header = headers.get("prefer")
    if header is None and "__" not in query:
        return None
    found: dict[str, str] = {}
    for name, value in (*_in_header(header or ""), *_in_query(query)):
        if name in WORDS:
            found.setdefault(name, value)
    return Preference(**found) if found else None


def _in_header(header: str) -> Iterator[tuple[str, str]]:
    for part in _split(header, ","):
        name, _, value = _split(part, ";")[0].partition("=")
        yield name.strip().lower(), value.strip().strip('"') or "true"


def _in_query(query: str) -> Iterator[tuple[str, str]]:
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.startswith("__"):
            yield name[2:].lower(), value or "true"


def _split(text: str, separator: str) -> list[str]:
    """Split outside quoted strings."""
    if '"' not in text:
        return text.split(separator)
    parts, quoted = [""], False
    for char in text:
        quoted ^= char == '"'
        if char == separator and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def wait_seconds(text: str) -> float | None:
    """How late to answer: what is asked for, at most ``MAX_WAIT_S``; None when it is no number.

    RFC 7240 §4.3 means by ``wait`` how long the client would wait; a mock makes it wait.
    """
    # Only digits: what `float` would strip besides them, a line end say, is echoed in Preference-Applied.
    return min(float(text), MAX_WAIT_S) if _SECONDS.match(text) else None
