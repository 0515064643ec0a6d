"""Every secret that a run meets, and the one function that hides them in whatever is reported."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import orjson

from mock_server.contract.model import Exchange, Sent
from mock_server.mask import MASK, SECRET_FIELDS, SECRET_HEADERS, mask_body, mask_headers, mask_text

MIN_LENGTH = 6
"""A shorter text is no secret worth the name, and hiding it everywhere would garble the report."""
MAX_KNOWN = 20_000


class Secrets:
    """Learns secrets from what is sent and seen; hides them by value, and by the names of their fields."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._lock = threading.Lock()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, *values: str) -> None:
        """Remember texts that no report may show. Of very many the oldest are left to the field names."""
        with self._lock:
            for value in values:
                if len(value) >= MIN_LENGTH and value not in self._known:
                    self._known[value] = None
                    self._pattern = None
            while len(self._known) > MAX_KNOWN:
                del self._known[next(iter(self._known))]

    def learn_json(self, value: Any) -> None:
        """The texts below fields such as ``access_token``, and the parameters of URLs in the value."""
        stack: list[Any] = [value]
        while stack:
            node = stack.pop()
            if isinstance(node, dict):
                self.learn(*(text for key, text in node.items() if _is_secret(key) and isinstance(text, str)))
                stack.extend(node.values())
            elif isinstance(node, list):
                stack.extend(node)
            elif isinstance(node, str) and "=" in node:
                self.learn_url(node)

    def learn_url(self, url: str) -> None:
        """``code``, ``state`` and their like in the query of a URL."""
        try:
            pairs = parse_qsl(urlsplit(url).query)
        except ValueError:  # no URL after all
            return
        self.learn(*(value for key, value in pairs if _is_secret(key)))

    def learn_exchange(self, exchange: Exchange) -> None:
        """What the two sides told one another."""
        sent, seen = exchange.sent, exchange.seen
        for name, value in (*sent.headers, *seen.headers):
            if name.lower() in SECRET_HEADERS:
                self.learn(value.partition(" ")[2] or value)
            elif name.lower() == "location":
                self.learn_url(value)
        self.learn_url(sent.target)
        for body in (sent.body, seen.body):
            if body[:1] in (b"{", b"["):
                try:
                    self.learn_json(orjson.loads(body))
                except orjson.JSONDecodeError:
                    continue

    def scrub(self, text: str) -> str:
        """The text without any secret that is known."""
        with self._lock:
            if self._pattern is None and self._known:
                self._pattern = _pattern_of(self._known)
            pattern = self._pattern
        return mask_text(pattern.sub(MASK, text) if pattern else text)

    def scrub_body(self, body: bytes) -> str:
        """A body as text, without secrets."""
        return self.scrub(mask_body(body))

    def curl(self, exchange: Exchange) -> str:
        """A line that sends the request again; the token is ``$TOKEN``, other secrets are ``***``."""
        return curl_line(exchange.origin, exchange.sent, self)


def _is_secret(key: str) -> bool:
    return key.lower() in SECRET_FIELDS


def _pattern_of(known: Iterable[str]) -> re.Pattern[str]:
    """Longest first, so that no rest of a longer one is left over; as written and as in a URL."""
    forms = {form for value in known for form in (value, quote(value, safe=""))}
    return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))


def curl_line(origin: str, sent: Sent, secrets: Secrets) -> str:
    """The request as a line for a shell: ``curl -i -X POST http://… -H "Authorization: Bearer $TOKEN" …``."""
    parts = ["curl", "-i", "-X", _quoted(sent.method), _quoted(origin + secrets.scrub(sent.target))]
    for name, value in sent.headers:
        if name.lower() in ("host", "content-length", "accept-encoding"):
            continue
        if name.lower() == "authorization":
            scheme, space, _ = value.partition(" ")
            parts += ["-H", f'"Authorization: {scheme} $TOKEN"' if space else '"Authorization: $TOKEN"']
        else:
            shown = mask_headers({name.lower(): value})[name.lower()]
            parts += ["-H", _quoted(f"{name}: {secrets.scrub(shown)}")]
    if sent.body:
        parts += ["--data-binary", _quoted(secrets.scrub_body(sent.body))]
    return " ".join(parts)


def _quoted(text: str) -> str:
    r"""For a POSIX shell; control characters as ``$'\x00'`` of bash.

    >>> _quoted("it's")
    "'it'\\''s'"
    """
    if text.isalnum():
        return text
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        return (
            "$'" + "".join(f"\\x{ord(char):02x}" if ord(char) < 32 or ord(char) == 127 else char for char in escaped)
            + "'"
        )  # fmt: skip
    return "'" + text.replace("'", "'\\''") + "'"
