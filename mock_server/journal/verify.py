"""Whether what was asked is what a test wants to have been asked; and when not, what came nearest and how it differs.

A claim is ``{"operation": "POST /oauth2", "where": {"body.datasource_id": "fb"}, "times": {"at_least": 1}}``, or
``{"in_order": [{…}, {…}]}`` of such patterns. ``where`` has the words of a fixture's ``when:``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import translate
from typing import Any

from mock_server.codec.json_text import write_json
from mock_server.fixture.facts import AFTER_ANSWER, Facts, display, split_where
from mock_server.fixture.match import Matcher, MatcherError, compile_matcher
from mock_server.fixture.template import TemplateError, check_where
from mock_server.fixture.typed import ROOTS as PARAMETERS
from mock_server.fixture.typed import typed_words
from mock_server.journal.entry import Find, Told, facts_of, line_of, nothing_found, path_of
from mock_server.journal.marks import credential, mark
from mock_server.journal.select import BadFilter, read_statuses
from mock_server.mask import is_secret_where, mask_value
from mock_server.model import MISSING
from mock_server.named import NamedTuple
from mock_server.spec.parameters import Parameter

PATTERN_WORDS = ("operation", "method", "path", "status", "response", "kind", "where")
CLAIM_WORDS = (*PATTERN_WORDS, "times", "in_order")
TIMES_WORDS = ("exactly", "at_least", "at_most")
MAX_NEAREST = 5
MAX_PATTERNS = 100
MAX_TIMES = 1_000_000
MAX_SHOWN = 200
"""Characters of a value that is told."""
_BY_MARK = ("equals", "one_of", "not_in", "present")
"""What can be said of a secret, of which an entry has only the mark."""
_NOT_KEPT = ("handshake", "provider", "token", "state", "violation")


class BadClaim(ValueError):
    """A claim that cannot be read, and why."""


class Known(NamedTuple):
    """What is known of the operations: which a name means, what parameters they have, the named lists of fixtures."""

    keys_of: Callable[[str], Collection[str]] = lambda name: (name,)
    parameters_of: Callable[[str], Sequence[Parameter]] = lambda key: ()
    lists: Mapping[str, Collection[Any]] = {}


NOTHING_KNOWN = Known()


class Pattern(NamedTuple):
    """What an entry shall be. ``said`` is what somebody wrote."""

    said: Mapping[str, Any]
    operations: frozenset[str] | None
    method: str
    path: re.Pattern[str] | None
    statuses: frozenset[int]
    response: str
    kind: str
    matchers: tuple[Matcher, ...]

    def __str__(self) -> str:
        """``POST /oauth2 where body.datasource_id is "fb"``."""
        what = [str(self.said[word]) for word in ("operation", "method", "path") if word in self.said]
        what += [f"{word} {self.said[word]}" for word in ("status", "response", "kind") if word in self.said]
        where = [
            f"{display(each.where)} {'is ' if each.word == 'equals' else ''}{_wanted(each)}" for each in self.matchers
        ]
        return " ".join(what or ["any request"]) + (f" where {' and '.join(where)}" if where else "")


class Claim(NamedTuple):
    """Patterns of which one is counted, or several that come in order."""

    patterns: tuple[Pattern, ...]
    at_least: int = 1
    at_most: int | None = None
    is_order: bool = False

    @property
    def times(self) -> str:
        """``exactly 2 times``, ``at least 1 time``."""
        if self.at_least == self.at_most:
            return f"exactly {_times(self.at_least)}"
        both = [f"at least {_times(self.at_least)}"] if self.at_least or self.at_most is None else []
        both += [] if self.at_most is None else [f"at most {_times(self.at_most)}"]
        return " and ".join(both)


def read_claim(said: Any, known: Known = NOTHING_KNOWN) -> Claim:
    """Raises ``BadClaim``; and whatever ``keys_of`` raises for a name that it does not know."""
    _words(said, CLAIM_WORDS, "a claim")
    if "in_order" not in said:
        low, high = _read_times(said["times"]) if "times" in said else (1, None)
        pattern = read_pattern({key: value for key, value in said.items() if key != "times"}, known)
        return Claim((pattern,), low, high)
    if len(said) > 1:
        raise BadClaim("`in_order` stands alone: each of its patterns says what it is")
    patterns = said["in_order"]
    if not isinstance(patterns, list) or not 1 <= len(patterns) <= MAX_PATTERNS:
        raise BadClaim(f"`in_order` is a list of 1 to {MAX_PATTERNS} patterns")
    return Claim(tuple(read_pattern(each, known) for each in patterns), is_order=True)


def read_pattern(said: Any, known: Known = NOTHING_KNOWN) -> Pattern:
    """Raises ``BadClaim``."""
    _words(said, PATTERN_WORDS, "a pattern")
    for word in ("operation", "method", "path", "response", "kind"):
        if not isinstance(said.get(word, ""), str) or len(said.get(word, "")) > MAX_SHOWN:
            raise BadClaim(f"`{word}` is a text of at most {MAX_SHOWN} characters")
    kind = said.get("kind", "request")
    if kind not in ("request", "outgoing"):
        raise BadClaim(f"`kind` is request or outgoing, not {kind!r}")
    keys = frozenset(known.keys_of(said["operation"])) if said.get("operation") else None
    parameters = [each for key in keys or () for each in known.parameters_of(key)]
    where = said.get("where", {})
    if not isinstance(where, dict):
        raise BadClaim('`where` is an object such as {"body.datasource_id": "fb"}')
    try:
        status = said.get("status", "")
        statuses = read_statuses(",".join(map(str, status)) if isinstance(status, list) else str(status))
        matchers = [each for at, wanted in where.items() for each in _matchers(at, wanted, parameters, known)]
    except BadFilter as error:
        raise BadClaim(str(error)) from None
    path = re.compile(translate(said["path"])) if said.get("path") else None
    method, response = said.get("method", "").upper(), said.get("response", "")
    return Pattern(said, keys, method, path, statuses, response, kind, tuple(matchers))


def verify(entries: Sequence[Told], claim: Claim, find: Find = nothing_found, key: bytes = b"") -> dict[str, Any]:
    """``{"verified": true, "count": 2, "wanted": "at least 1 time", "matched": ["3fa85f-1", …], "nearest": [],
    "message": "…"}``; the entries are the oldest first, and ``key`` is what their marks were made with."""
    seen = [(each, facts_of(each, find)) for each in entries]
    return _in_order(seen, claim, key) if claim.is_order else _counted(seen, claim, key)


def differences(entry: Told, facts: Facts, pattern: Pattern, key: bytes = b"") -> list[str]:
    """How an entry differs from a pattern; nothing = it fits. ``body.datasource_id: wanted "fb", was "mysql"``."""
    found = []
    if entry["kind"] != pattern.kind:
        found.append(f"kind: wanted {pattern.kind}, was {entry['kind']}")
    if pattern.operations is not None and entry["operation"] not in pattern.operations:
        found.append(f"operation: wanted {' or '.join(sorted(pattern.operations))}, was {entry['operation'] or 'none'}")
    if pattern.method and entry["method"] != pattern.method:
        found.append(f"method: wanted {pattern.method}, was {entry['method']}")
    if pattern.path and not pattern.path.match(path_of(entry)):
        found.append(f"path: wanted {pattern.said['path']}, was {path_of(entry)}")
    status = entry["status"] or 0
    if pattern.statuses and not {status, status // 100} & pattern.statuses:
        found.append(f"status: wanted {pattern.said['status']}, was {entry['status']}")
    if pattern.response and entry["response"] != pattern.response:
        found.append(f"response: wanted {pattern.response}, was {entry['response'] or 'none'}")
    for matcher in pattern.matchers:
        difference = _difference(entry, facts, matcher, key)
        if difference:
            found.append(f"{display(matcher.where)}: {difference}")
    return found


Seen = tuple[Told, Facts]


def _counted(seen: list[Seen], claim: Claim, key: bytes) -> dict[str, Any]:
    pattern = claim.patterns[0]
    judged = [(each, differences(each, facts, pattern, key)) for each, facts in seen]
    matched = [each for each, found in judged if not found]
    count = len(matched)
    verified = count >= claim.at_least and (claim.at_most is None or count <= claim.at_most)
    nearest = _nearest(judged, pattern) if count < claim.at_least else []
    message = f"{pattern} was seen {_times(count)}, wanted {claim.times}"
    if not verified and not seen:
        message += "; the journal is empty"
    return _told(verified, count, claim.times, matched, nearest, message)


def _in_order(seen: list[Seen], claim: Claim, key: bytes) -> dict[str, Any]:
    """Each pattern after the one before; others may come between."""
    at = 0
    matched: list[Told] = []
    for number, pattern in enumerate(claim.patterns, 1):
        judged = [(each, differences(each, facts, pattern, key)) for each, facts in seen]
        index = next((index for index in range(at, len(judged)) if not judged[index][1]), None)
        if index is None:
            earlier = [each["id"] for each, found in judged[:at] if not found]
            why = f"it was seen only before, as {', '.join(earlier[:3])}" if earlier else "it was not seen"
            after = f" after {matched[-1]['id']}" if matched else ""
            message = f"number {number} of the order is missing{after}: {pattern}; {why}"
            nearest = _nearest(judged[at:], pattern)
            return _told(False, len(matched), f"{len(claim.patterns)} in order", matched, nearest, message)
        matched.append(judged[index][0])
        at = index + 1
    message = f"{len(matched)} were seen in order"
    return _told(True, len(matched), f"{len(claim.patterns)} in order", matched, [], message)


def _told(
    verified: bool, count: int, wanted: str, matched: Sequence[Told], nearest: list[dict[str, Any]], message: str
) -> dict[str, Any]:
    if nearest and not verified:
        first = nearest[0]
        message += f"; nearest: {first['entry']} {first['request']}: {'; '.join(first['differences'])}"
    return {
        "verified": verified,
        "count": count,
        "wanted": wanted,
        "matched": [each["id"] for each in matched[:1_000]],
        "nearest": nearest,
        "message": message,
    }


def _nearest(judged: Sequence[tuple[Told, list[str]]], pattern: Pattern) -> list[dict[str, Any]]:
    """Those that differ least; of the same operation first, then the newest."""

    def rank(item: tuple[int, tuple[Told, list[str]]]) -> tuple[bool, int, int]:
        at, (entry, found) = item
        other = pattern.operations is not None and entry["operation"] not in pattern.operations
        return other, len(found), -at

    ranked = sorted(((at, each) for at, each in enumerate(judged) if each[1]), key=rank)
    return [
        {
            "entry": each["id"],
            "request": line_of(each),
            "status": each["status"],
            "at": each["at"],
            "differences": found,
        }
        for _, (each, found) in ranked[:MAX_NEAREST]
    ]


def _difference(entry: Told, facts: Facts, matcher: Matcher, key: bytes) -> str:
    where = display(matcher.where)
    known = (entry.get("marks") or {}).get(where)
    if known is not None or is_secret_where(where):
        return _hidden_difference(matcher, where, known, key)
    seen = facts.get(matcher.where)
    if matcher.test(seen) or (
        matcher.where[0] in PARAMETERS and isinstance(seen, int | float) and matcher.test(_text(seen))
    ):
        return ""
    was = "was not there" if seen is MISSING else f"was {_shown(seen)}"
    return f"wanted {_wanted(matcher)}, {was}"


def _hidden_difference(matcher: Matcher, where: str, known: str | None, key: bytes) -> str:
    """Secrets are compared by their marks, and never told."""
    if matcher.word not in _BY_MARK:
        return f"is hidden in the journal: only {', '.join(_BY_MARK)} can be verified of it"
    if matcher.word == "present":
        fits = (known is not None) is matcher.wanted
        return (
            ""
            if fits
            else f"wanted {'something' if matcher.wanted else 'nothing'}, was {'not ' if known is None else ''}there"
        )
    if not key:
        return "is hidden in the journal, and cannot be compared without the store's key"
    texts = matcher.wanted if isinstance(matcher.wanted, list) else [matcher.wanted]
    wanted = {mark(key, credential(each) if where == "header.authorization" else each) for each in texts}
    if (known in wanted) is (matcher.word != "not_in"):
        return ""
    return f"is not what is wanted, it {'was not there' if known is None else 'is another one (hidden)'}"


def _matchers(at: str, wanted: Any, parameters: Sequence[Parameter], known: Known) -> list[Matcher]:
    """A bare value equals; an object holds words of the closed list, all of which must fit."""
    where = split_where(at)
    words = wanted if isinstance(wanted, dict) else {"equals": wanted}
    try:
        check_where(where, (AFTER_ANSWER,))
        if where[0] in _NOT_KEPT or where[0] == "cookie":
            raise MatcherError(f"the journal does not keep `{where[0]}`; {_INSTEAD}")
        if not words:
            raise MatcherError("a matcher is missing")
        if is_secret_where(at) and (bad := [word for word in words if word not in _BY_MARK]):
            raise MatcherError(f"it is hidden in the journal: only {', '.join(_BY_MARK)} work there, not `{bad[0]}`")
        if parameters:
            words = typed_words(where, words, parameters)
        return [compile_matcher(where, word, value, dict(known.lists)) for word, value in words.items()]
    except (MatcherError, TemplateError) as error:
        raise BadClaim(f"`{at[:MAX_SHOWN]}`: {error}") from None


_INSTEAD = "there are body, query, header, path, request and response"


def _words(said: Any, allowed: tuple[str, ...], what: str) -> None:
    if not isinstance(said, dict):
        raise BadClaim(f"{what} is an object")
    for word in said:
        if word not in allowed:
            near = get_close_matches(str(word), allowed, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(allowed)}"
            raise BadClaim(f"{str(word)[:MAX_SHOWN]!r} is not a word of {what}; {hint}")


def _read_times(said: Any) -> tuple[int, int | None]:
    if isinstance(said, int):
        said = {"exactly": said}
    if not isinstance(said, dict) or not said:
        raise BadClaim('`times` is a number, or an object such as {"at_least": 1, "at_most": 3}')
    _words(said, TIMES_WORDS, "times")
    for word, number in said.items():
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MAX_TIMES:
            raise BadClaim(f"`{word}` is a whole number from 0 to {MAX_TIMES}")
    if "exactly" in said and len(said) > 1:
        raise BadClaim("`exactly` stands alone")
    if "exactly" in said:
        return said["exactly"], said["exactly"]
    low, high = said.get("at_least", 0), said.get("at_most")
    if high is not None and low > high:
        raise BadClaim(f"at least {low} and at most {high} is never true")
    return low, high


def _wanted(matcher: Matcher) -> str:
    """``"fb"`` for what shall be equal, else ``below 300``; a secret is not told."""
    shown = "***" if is_secret_where(display(matcher.where)) and matcher.word != "present" else _shown(matcher.wanted)
    return shown if matcher.word == "equals" else f"{matcher.word} {shown}"


def _shown(value: Any) -> str:
    text = write_json(mask_value(value)).decode()
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _text(value: float) -> str:
    return write_json(value).decode()


def _times(count: int) -> str:
    return f"{count} time{'' if count == 1 else 's'}"
