"""Which entries of a journal somebody wants to see: filters in the words of ``GET /__mock/journal``, and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import translate
from typing import TypeVar

from mock_server.journal.entry import Told
from mock_server.later import regex
from mock_server.named import NamedTuple

WORDS = (
    "operation", "method", "path", "status", "since", "until", "text", "handshake", "kind", "limit", "before", "after",
)  # fmt: skip
"""Every word of a query that :func:`read_filter` and :func:`read_page` know."""
KINDS = ("request", "outgoing")
DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
MAX_TEXT = 200
_ID = regex(r"[0-9a-f]{6}-[0-9]{1,12}\Z")
_STATUS = regex(r"([1-5])xx\Z|([1-5][0-9][0-9])\Z")
_SECONDS = regex(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?\Z")
_NUMBER = regex(r"[0-9]{1,9}\Z")
_OFFSET = regex(r" (?=[0-9]{2}:?[0-9]{2}\Z)")
"""The plus of ``+01:00``, which a query's decoding has made a blank."""


class BadFilter(ValueError):
    """A filter that cannot be read. ``word`` is the one of the query."""

    def __init__(self, word: str, message: str) -> None:
        self.word = word
        super().__init__(message)


class Bound(NamedTuple):
    """A place in the journal: an entry's id, or a moment in Unix seconds."""

    id: str | None = None
    at: float = 0.0


class Filter(NamedTuple):
    """What an entry has to be. None and empty = whatever."""

    operations: frozenset[str] | None = None
    methods: frozenset[str] = frozenset()
    path: re.Pattern[str] | None = None
    statuses: frozenset[int] = frozenset()
    """Numbers; one below 10 is a whole class."""
    since: Bound | None = None
    until: Bound | None = None
    text: str = ""
    handshake: str = ""
    kind: str = ""


class Page(NamedTuple):
    """Which part of what fits: the newest, those ``before`` an entry, or the first ones ``after`` one."""

    limit: int = DEFAULT_LIMIT
    before: str | None = None
    after: str | None = None


def read_filter(words: Mapping[str, str], keys_of: Callable[[str], Collection[str]] = lambda name: (name,)) -> Filter:
    """The filter that the words of a query say. ``keys_of`` gives the operations that a name means.

    ``{"operation": "POST /oauth2", "status": "402,5xx", "since": "3fa85f-12"}``. Raises ``BadFilter``.
    """
    operation, path, handshake = (words.get(name, "") for name in ("operation", "path", "handshake"))
    text, kind = words.get("text", ""), words.get("kind", "")
    if kind and kind not in KINDS:
        raise BadFilter("kind", f"`kind` is {' or '.join(KINDS)}, not {kind[:50]!r}")
    if len(text) > MAX_TEXT:
        raise BadFilter("text", f"`text` has at most {MAX_TEXT} characters")
    if len(path) > MAX_TEXT:
        raise BadFilter("path", f"`path` has at most {MAX_TEXT} characters")
    return Filter(
        operations=frozenset(keys_of(operation)) if operation else None,
        methods=frozenset(each.strip().upper() for each in words.get("method", "").split(",") if each.strip()),
        path=re.compile(translate(path)) if path else None,
        statuses=read_statuses(words.get("status", "")),
        since=_bound("since", words["since"]) if words.get("since") else None,
        until=_bound("until", words["until"]) if words.get("until") else None,
        text=text.lower(),
        handshake=handshake,
        kind=kind,
    )


def read_page(words: Mapping[str, str]) -> Page:
    """Raises ``BadFilter``."""
    before, after = words.get("before") or None, words.get("after") or None
    if before and after:
        raise BadFilter("before", "`before` and `after` do not go together")
    for word, text in (("before", before), ("after", after)):
        if text and not _ID.match(text):
            raise BadFilter(word, f"`{word}` is the id of an entry, as 3fa85f-12, not {text[:50]!r}")
    limit = words.get("limit", str(DEFAULT_LIMIT))
    if not _NUMBER.match(limit) or not 1 <= int(limit) <= MAX_LIMIT:
        raise BadFilter("limit", f"`limit` is a whole number from 1 to {MAX_LIMIT}, not {limit[:50]!r}")
    return Page(int(limit), before, after)


def fits(entry: Told, filter_: Filter) -> bool:
    """Whether an entry, told in brief, is what the filter wants; ``text``, ``since`` and ``until`` aside."""
    path = entry["path"]
    return (
        (filter_.operations is None or entry["operation"] in filter_.operations)
        and (not filter_.methods or entry["method"] in filter_.methods)
        and (filter_.path is None or filter_.path.match(path.partition("?")[0]) is not None)
        and (not filter_.statuses or bool({entry["status"] or 0, (entry["status"] or 0) // 100} & filter_.statuses))
        and (not filter_.handshake or _is_handshake(entry["handshake"], filter_.handshake))
        and (not filter_.kind or entry["kind"] == filter_.kind)
    )


def has_text(entry: Told, text: str) -> bool:
    """Whether a text, in lower case, stands anywhere in what is shown of an entry. Secrets are masked there."""
    request, answer = entry["request"], entry["answer"]
    pieces = [entry["method"], entry["path"], entry["operation"] or "", entry["response"], entry["id"]]
    pieces += [str(entry["status"]), entry.get("fault") or "", *entry["reasons"], request["body"], answer["body"]]
    pieces += [f"{name}: {value}" for side in (request, answer) for name, value in side["headers"].items()]
    return any(text in piece.lower() for piece in pieces)


T = TypeVar("T")


def between(entries: Sequence[T], told: Callable[[T], Told], filter_: Filter, page: Page) -> Sequence[T]:
    """Of the entries, the oldest first, those after ``since`` and ``after``, up to ``until``, and ``before``.

    An id that is not there was dropped long ago: all are after it, none is before it, and it is no ``until``.
    """
    if page.after is not None:
        entries = entries[_index(entries, told, page.after, -1) + 1 :]
    if page.before is not None:
        entries = entries[: _index(entries, told, page.before, 0)]
    for bound, is_since in ((filter_.since, True), (filter_.until, False)):
        if bound is None:
            continue
        if bound.id is None:
            at = bound.at
            entries = [each for each in entries if (told(each)["at"] >= at if is_since else told(each)["at"] <= at)]
        elif is_since:
            entries = entries[_index(entries, told, bound.id, -1) + 1 :]
        else:
            entries = entries[: _index(entries, told, bound.id, len(entries)) + 1]
    return entries


def cut(entries: Sequence[T], page: Page) -> Sequence[T]:
    """As many as a page has: the first ones ``after`` an entry, else the newest."""
    return entries[: page.limit] if page.after is not None else entries[-page.limit :]


def select(entries: Sequence[Told], words: Mapping[str, str]) -> list[Told]:
    """All that at once, for whoever has the entries in full. Raises ``BadFilter``."""
    filter_, page = read_filter(words), read_page(words)
    found = [each for each in between(entries, _itself, filter_, page) if fits(each, filter_)]
    return list(cut([each for each in found if not filter_.text or has_text(each, filter_.text)], page))


def _itself(entry: Told) -> Told:
    return entry


def _index(entries: Sequence[T], told: Callable[[T], Told], entry_id: str, unknown: int) -> int:
    return next((at for at, each in enumerate(entries) if told(each)["id"] == entry_id), unknown)


def _is_handshake(known: str | None, wanted: str) -> bool:
    """By the handshake's id, or by its pull_id, of which the id is the beginning."""
    return known is not None and (known == wanted or wanted.startswith(f"{known}."))


def read_statuses(text: str) -> frozenset[int]:
    """``402,5xx`` as ``{402, 5}``. Raises ``BadFilter``."""
    return frozenset(_status(each) for each in text.split(",") if each.strip())


def _status(text: str) -> int:
    found = _STATUS.match(text.strip().lower())
    if not found:
        raise BadFilter("status", f"`status` is a list such as 402,5xx, and {text.strip()[:20]!r} is neither")
    return int(found[1] or found[2])


def _bound(word: str, text: str) -> Bound:
    if _ID.match(text):
        return Bound(text)
    if _SECONDS.match(text):
        return Bound(None, float(text))
    try:
        moment = datetime.fromisoformat(_OFFSET.sub("+", text))
        return Bound(None, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        what = "an entry's id, Unix seconds, or a time such as 2026-11-24T03:49:50Z"
        raise BadFilter(word, f"`{word}` is {what}, not {text[:50]!r}") from None
