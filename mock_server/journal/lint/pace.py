"""How fast and how long a client asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from itertools import pairwise

from mock_server.journal.entry import Told, header, line_of
from mock_server.journal.lint.model import Hit, Known, by_handshake, gap, is_good, requests, same_request

TWICE_S = 1.0
"""Two equal POSTs so close together are one press of a button too many."""
_ENDED = ("denied", "failed", "expired", "abandoned")


def polls_too_fast(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    for group in by_handshake(entries):
        found: dict[str, Told] = {}
        shortest = known.poll_s
        for before, after in pairwise(group):
            seconds = gap(before, after)
            if seconds is not None and seconds < known.poll_s and not is_good(before):
                shortest = min(shortest, seconds)
                found |= {before["id"]: before, after["id"]: after}
        if found:
            wanted = f"{known.poll_s:g} s apart is as fast as it should be"
            yield Hit(f"{line_of(group[0])} was polled after {shortest:.3f} s; {wanted}", list(found.values()))


def polls_after_success(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    for group in by_handshake(entries):
        first = next((at for at, each in enumerate(group) if is_good(each)), len(group))
        if later := group[first + 1 :]:
            message = f"{line_of(group[0])} succeeded and was asked {len(later)} more time(s) for the same handshake"
            yield Hit(message, [group[first], *later])


def asks_after_the_end(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    for group in by_handshake(entries):
        ended = [each for each in group if each.get("handshake_state") in _ENDED]
        if len(ended) > 1:
            state = ended[0]["handshake_state"]
            yield Hit(f"{line_of(group[0])} was asked {len(ended) - 1} more time(s) after it said {state}", ended)


def ignores_retry_after(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    waiting: dict[tuple[str, str], tuple[Told, float]] = {}
    for entry in requests(entries):
        if not entry["operation"]:
            continue
        who = entry["operation"], (entry.get("marks") or {}).get("header.authorization", "")
        told = waiting.pop(who, None)
        if told is not None:
            before, seconds = told
            waited = gap(before, entry)
            if waited is not None and waited < seconds:
                message = f"{line_of(entry)} came {waited:.3f} s after an answer that said Retry-After: {seconds:g}"
                yield Hit(message, [before, entry])
        wanted = retry_after(entry)
        if wanted is not None:
            waiting[who] = entry, wanted


def retry_after(entry: Told) -> float | None:
    """Seconds that an answer asks to wait (RFC 9110 §10.2.3: a number, or a date)."""
    text = header(entry, "retry-after", "answer")
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text[:9])
    try:
        return parsedate_to_datetime(text).timestamp() - float(entry["at"])
    except (ValueError, OverflowError):
        return None


def sends_twice(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    last: dict[object, Told] = {}
    for entry in requests(entries):
        if entry["method"] != "POST" or not entry["operation"] or not is_good(entry):
            continue
        key = same_request(entry)
        before = last.get(key)
        seconds = gap(before, entry) if before else None
        if before and seconds is not None and seconds < TWICE_S and before["handshake"] != entry["handshake"]:
            yield Hit(f"{line_of(entry)} was sent again unchanged after {seconds:.3f} s, and both did something",
                      [before, entry])  # fmt: skip
        last[key] = entry
