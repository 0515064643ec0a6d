"""``WWW-Authenticate``: how a client that was refused may identify itself (RFC 9110 §11.6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from mock_server.later import regex
from mock_server.model import Violation
from mock_server.spec.security import Requirement

_REALM = 'realm="mock-server"'
_TOKEN = regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_INVALID_TOKEN = frozenset(("unknown", "expired"))


def challenges(security: tuple[tuple[Requirement, ...], ...], violations: Sequence[Violation], now: float) -> list[str]:
    """One challenge for each way of asking that the document knows, in its order; each is a header of its own.

    ``['Bearer realm="mock-server", error="invalid_token", error_description="the token has expired"']``
    """
    found: dict[str, None] = {}
    for alternative in security:
        for requirement in alternative:
            text = _challenge(requirement, violations, now)
            if text:
                found[text] = None
    return list(found)


def _challenge(requirement: Requirement, violations: Sequence[Violation], now: float) -> str | None:
    match requirement.kind:
        case "unjudged":
            return None
        case "bearer":
            return f"Bearer {_REALM}{_bearer_error(requirement, violations)}"
        case "basic":  # RFC 7617 §2.1
            return f'Basic {_REALM}, charset="UTF-8"'
        case "digest":
            return _digest(now)
    if requirement.kind.startswith("apiKey:"):
        # No registered scheme: the document's own words in RFC 9110's grammar.
        location = requirement.kind.partition(":")[2]
        return f'ApiKey {_REALM}, in="{location}", name="{_quoted(requirement.parameter)}"'
    return f"{requirement.parameter} {_REALM}" if _TOKEN.match(requirement.parameter) else None


def _bearer_error(requirement: Requirement, violations: Sequence[Violation]) -> str:
    """By RFC 6750 §3: no error code when no credentials were sent."""
    for violation in violations:
        if violation.rule == "scope":
            return f', error="insufficient_scope", scope="{_quoted(str(violation.wanted))}"'
        if violation.rule in _INVALID_TOKEN:
            return f', error="invalid_token", error_description="{_quoted(violation.message)}"'
        if violation.rule == "malformed" and violation.wanted == requirement.scheme:
            return ', error="invalid_request"'
    return ""


def _digest(now: float) -> str:
    """RFC 7616 §3.3. The nonce is as good as any: nobody looks at what is made from it."""
    nonce, opaque = (sha256(f"{word} {now}".encode()).hexdigest()[:32] for word in ("nonce", "opaque"))
    return f'Digest {_REALM}, qop="auth", algorithm=SHA-256, nonce="{nonce}", opaque="{opaque}"'


def _quoted(text: str) -> str:
    """What may stand between quotation marks (RFC 9110 §5.6.4)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
