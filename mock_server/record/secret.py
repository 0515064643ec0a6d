"""Every secret that a run meets, and the one function that hides them in whatever is reported."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import orjson

from mock_server.mask import MASK, SECRET_FIELDS, SECRET_HEADERS, mask_body, mask_headers, mask_text
from mock_server.record.exchange import Exchange, Sent

MIN_LENGTH = 6
"""A shorter text is no secret worth the name, and hiding it everywhere would garble the report."""
MIN_LETTERS = 4
"""A text of fewer different characters is a line or a blank, not a secret."""
MAX_KNOWN = 200_000
SCHEMES = frozenset(("basic", "bearer", "digest"))
"""Sent alone they are a malformed Authorization, and no secret: hidden they would be missing everywhere."""


class Secrets:
    """Learns secrets from what is sent and seen; hides them by value, and by the names of their fields."""

    def __init__(self, is_secret: Callable[[str, str], bool] | None = None) -> None:
        """``is_secret`` tells by the name of a field and its text; by default the name alone decides."""
        self.is_secret = is_secret or _by_name
        self._known: dict[str, None] = {}
        self._lock = threading.Lock()
        self._by_start: dict[str, list[str]] = {}
        """First characters -> every form (as written, as in a URL) of every secret that begins so, longest first."""

    def learn(self, *values: str) -> None:
        """Remember texts that no report may show. Of very many the oldest are left to the field names."""
        with self._lock:
            for value in values:
                if len(value) >= MIN_LENGTH and len(set(value)) >= MIN_LETTERS and value not in self._known:
                    self._known[value] = None
                    for form in {value, quote(value, safe="")}:
                        forms = self._by_start.setdefault(form[:MIN_LENGTH], [])
                        forms.append(form)
                        forms.sort(key=len, reverse=True)
            while len(self._known) > MAX_KNOWN:
                self._forget(next(iter(self._known)))

    def _forget(self, value: str) -> None:
        del self._known[value]
        for form in {value, quote(value, safe="")}:
            forms = self._by_start[form[:MIN_LENGTH]]
            forms.remove(form)
            if not forms:
                del self._by_start[form[:MIN_LENGTH]]

    def learn_json(self, value: Any) -> None:
        """The texts below fields such as ``access_token``, and the parameters of URLs in the value."""
        stack: list[Any] = [value]
        while stack:
            node = stack.pop()
            if isinstance(node, dict):
                self.learn(*(text for key, text in node.items() if isinstance(text, str) and self.is_secret(key, text)))
                stack.extend(node.values())
            elif isinstance(node, list):
                stack.extend(node)
            elif isinstance(node, str) and "=" in node:
                self.learn_url(node)

    def learn_url(self, url: str) -> None:
        """``code``, ``state`` and their like in the query of a URL."""
        if "=" not in url:  # most have no query, and parsing one to find nothing is dear
            return
        try:
            pairs = parse_qsl(urlsplit(url).query)
        except ValueError:  # no URL after all
            return
        self.learn(*(value for key, value in pairs if self.is_secret(key, value)))

    def learn_exchange(self, exchange: Exchange) -> None:
        """What the two sides told one another."""
        sent, seen = exchange.sent, exchange.seen
        for name, value in (*sent.headers, *seen.headers):
            if name.lower() in SECRET_HEADERS:
                scheme, _, secret = value.strip().partition(" ")
                self.learn(secret or ("" if scheme.lower() in SCHEMES else scheme))
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
        """The text without any secret that is known. Linear in its length, however many are known."""
        with self._lock:
            return mask_text(self._without(text))

    def _without(self, text: str) -> str:
        pieces: list[str] = []
        at = done = 0
        starts, last = self._by_start, len(text) - MIN_LENGTH
        while at <= last:
            forms = starts.get(text[at : at + MIN_LENGTH])
            found = next((form for form in forms if text.startswith(form, at)), None) if forms else None
            if found is None:
                at += 1
            else:
                pieces += (text[done:at], MASK)
                at = done = at + len(found)
        return "".join((*pieces, text[done:])) if pieces else text

    def scrub_body(self, body: bytes) -> str:
        """A body as text, without secrets."""
        return self.scrub(mask_body(body))

    def curl(self, exchange: Exchange) -> str:
        """A line that sends the request again; the token is ``$TOKEN``, other secrets are ``***``."""
        return curl_line(exchange.origin, exchange.sent, self)


def _by_name(key: str, text: str) -> bool:
    return key.lower() in SECRET_FIELDS


_EVERYDAY = frozenset(("code", "state"))
"""Names that are as often of an order or an error as of an authorization."""
_OPAQUE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9._~+/=-]{12,}\Z")


def looks_secret(key: str, text: str) -> bool:
    """By the name, and for everyday names by what the text looks like, too.

    >>> looks_secret("state", "California"), looks_secret("state", "af0ifjsldkj-83jd"), looks_secret("token", "x")
    (False, True, True)
    """
    name = key.lower()
    return name in SECRET_FIELDS and (name not in _EVERYDAY or _OPAQUE.match(text) is not None)


def curl_line(origin: str, sent: Sent, secrets: Secrets) -> str:
    """The request as a line for a shell: ``curl -i -X POST http://… -H "Authorization: Bearer $TOKEN" …``."""
    parts = ["curl", "-i", "-X", _quoted(sent.method), _quoted(origin + secrets.scrub(sent.target))]
    for name, value in sent.headers:
        if name.lower() in ("host", "content-length", "accept-encoding", "mock-session"):
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
