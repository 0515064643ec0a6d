"""Every rule of the client lint, and how they are asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from itertools import islice

from mock_server.journal.entry import Told
from mock_server.journal.lint import digits, pace, retry, secrets, unknown
from mock_server.journal.lint.model import MAX_ENTRIES, NOTHING_KNOWN, SEVERITIES, Finding, Hit, Known, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "CL01", "polls-too-fast", "warning",
        "who polls faster than the state can change loads the API for nothing and is rate-limited there",
        "wait a second or more between two polls; the vendor's client waits two",
        "threshold ours, 1 s; a real client polls every 2 s (seen)",
        pace.polls_too_fast,
    ),
    Rule(
        "CL02", "polls-after-success", "warning",
        "the result is there; a service that hands it out once answers the second poll with an error",
        "stop at the first 2xx and keep what it gave",
        "a real client stops at the first success (seen); RFC 6749 §4.1.2 for what works once",
        pace.polls_after_success,
    ),
    Rule(
        "CL03", "retries-forbidden", "error",
        "the same credentials are refused again, and refusals are what locks accounts",
        "on 403 stop, and tell the user what is missing; try again only with other credentials",
        "RFC 9110 §15.5.4: the client SHOULD NOT automatically repeat the request with the same credentials",
        retry.retries_forbidden,
    ),
    Rule(
        "CL04", "sleeps-on-invalid", "error",
        "this 429 means an invalid parameter and no rate limit: waiting changes nothing",
        "look for `Retry-After`: without it, mend the request and do not wait",
        "the reference answers an invalid parameter with 429; the vendor's newer client sleeps 10 s on it, nine times",
        retry.sleeps_on_invalid,
    ),
    Rule(
        "CL05", "repeats-refused", "warning",
        "what is wrong with the request itself does not mend by sending it again",
        "change the request, or give up and show the message",
        "RFC 9110 §15.5: 4xx means that the client seems to have erred",
        retry.repeats_refused,
    ),
    Rule(
        "CL06", "asks-after-the-end", "warning",
        "a handshake that was denied, failed or expired never comes back",
        "start a new one, or tell the user",
        "docs/architecture.md, the table of the handshake",
        pace.asks_after_the_end,
    ),
    Rule(
        "CL07", "reuses-code", "error",
        "a code works once; a second use is an attack to the provider, which may take back every token of the first",
        "redeem each code once, and keep the tokens",
        "RFC 6749 §4.1.2: the client MUST NOT use the authorization code more than once",
        secrets.reuses_code,
    ),
    Rule(
        "CL08", "drops-state", "error",
        "without the state nobody can tell whose answer this is: anyone can slip in another account's",
        "send `state`, and hand it on unchanged",
        "RFC 6749 §10.12, RFC 9700 §4.7.1",
        secrets.drops_state,
    ),
    Rule(
        "CL09", "credentials-to-wrong-host", "error",
        "whoever gets credentials that are not for him can use them",
        "send the API's token to the API alone: bind it to the host, and drop it on redirects",
        "RFC 6750 §5.2, RFC 9700 §4.9",
        secrets.sends_to_wrong_host,
    ),
    Rule(
        "CL10", "secrets-in-urls", "warning",
        "URLs stand in logs, histories and Referer headers",
        "send it in the Authorization header or in the body",
        "RFC 6750 §5.3: don't pass bearer tokens in page URLs",
        secrets.puts_secrets_in_urls,
    ),
    Rule(
        "CL11", "loses-digits", "error",
        "the client read an integer as a double: the id that it sends is another one's",
        "read ids as big integers or texts (JSON.parse with a reviver's source text, `json-bigint`, int64)",
        "RFC 8259 §6: integers beyond 2^53-1 are not interoperable; `clientId` of the reference is one",
        digits.loses_digits,
    ),
    Rule(
        "CL12", "ignores-retry-after", "error",
        "the server said when to come again, and who comes earlier is refused for longer",
        "wait as long as `Retry-After` says before the next request",
        "RFC 9110 §10.2.3, RFC 6585 §4",
        pace.ignores_retry_after,
    ),
    Rule(
        "CL13", "sends-unknown", "notice",
        "what the document does not know is ignored, and a misspelt name does nothing without saying so",
        "leave it out, or correct its name",
        "the document; the vendor's own client sends fields besides (seen)",
        unknown.sends_unknown,
    ),
    Rule(
        "CL14", "asks-unknown-paths", "warning",
        "the document has no such operation",
        "correct the path or the method; the answer names the nearest",
        "the document",
        unknown.asks_unknown_paths,
    ),
    Rule(
        "CL15", "names-no-type", "notice",
        "without a Content-Type the server guesses, and another server guesses otherwise",
        "send `Content-Type: application/json`",
        "RFC 9110 §8.3: a sender SHOULD generate it; the vendor's own client does not (measured)",
        unknown.names_no_type,
    ),
    Rule(
        "CL16", "accepts-nothing", "warning",
        "the answer exists and the client refuses every form of it",
        "accept `application/json`, or send no Accept at all",
        "RFC 9110 §12.5.1, §15.5.7",
        unknown.accepts_nothing,
    ),
    Rule(
        "CL17", "sends-twice", "notice",
        "one press of a button too many starts two things",
        "disable the button until the answer is there, or send an idempotency key",
        "RFC 9110 §9.2.2: POST is not idempotent",
        pace.sends_twice,
    ),
)  # fmt: skip
"""In the order in which findings of one severity are told."""


MAX_HITS = 100
"""Of one rule: whoever sends a thousand unknown fields has one fault, not a thousand."""


class BadRule(ValueError):
    """A name that no rule has."""


def findings(
    entries: Sequence[Told], known: Known = NOTHING_KNOWN, only: Collection[str] = (), without: Collection[str] = ()
) -> list[Finding]:
    """What the clients of a session did wrong, the worst first; the entries are the oldest first.

    ``only`` and ``without`` name rules, by name or code. Raises ``BadRule``.
    """
    chosen = _named(only) if only else set(RULES)
    chosen -= _named(without)
    found = [
        _finding(rule, hit) for rule in RULES if rule in chosen for hit in islice(rule.find(entries, known), MAX_HITS)
    ]
    return sorted(found, key=lambda each: SEVERITIES.index(each.severity))


def _finding(rule: Rule, hit: Hit) -> Finding:
    ids = tuple(each["id"] for each in hit.entries)
    shown = ids if len(ids) <= MAX_ENTRIES else (*ids[: MAX_ENTRIES - 1], ids[-1])
    return Finding(
        rule.name, rule.code, rule.severity, hit.message, rule.why, rule.advice, rule.source, shown, len(ids)
    )


def _named(names: Collection[str]) -> set[Rule]:
    by_name = {name: rule for rule in RULES for name in (rule.name, rule.code)}
    for name in names:
        if name not in by_name:
            near = get_close_matches(name, by_name, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(rule.name for rule in RULES)}"
            raise BadRule(f"no rule is called {name[:50]!r}; {hint}")
    return {by_name[name] for name in names}
