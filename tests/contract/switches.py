"""Correct deployments that are configured otherwise, or have other manners: nothing in them is a defect.

``SWITCHES`` are edits of the fixtures (every row of the page *Switches* of docs/fixtures.md among them), which the
command is told by ``--fixtures``. ``MANNERS`` are what a correct server or a proxy before it may do on the wire.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.case import CASES
from tests.contract.defects.model import Asked, Given, Middle, Send, operations
from tests.support import ROOT

Edit = tuple[str, str]
"""A file of the fixtures and a piece of YAML that is merged into it."""

_ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| (?:`([^`]+)`|a new file) \| `(.+)` \|$", re.MULTILINE)
_PAGE = (ROOT / "docs" / "fixtures.md").read_text("utf-8")
_BOTH = ("oauth2/new-credentials.yaml", "oauth2/get-credentials.yaml")
_PROVIDERS = ("providers/facebook-ads.yaml", "providers/google-ads.yaml", "providers/salesforce.yaml")
_TOKENS = ("token-missing", "token-malformed", "token-unknown", "token-expired")


def _all(files: tuple[str, ...], patch: str) -> tuple[Edit, ...]:
    return tuple((file, patch) for file in files)


# Deliberate faults, and documents that need a token or setting which nobody can guess.
_NOT_CORRECT = (
    "answer-example", "answer-fixture-has-the-documented-headers", "document-broken", "document-reference-dangling",
    "prefer-", "-no-errors", "route-no-operations", "security-scopes-of-a-jwt",
)  # fmt: skip


def documents_that_are_kept() -> list[Path]:
    """The conformance documents that our mock keeps when it is asked as the contract command asks."""
    return [path for path in CASES if not any(word in path.name for word in _NOT_CORRECT)]


SWITCHES: dict[str, tuple[Edit, ...]] = {
    "as bundled": (),
    **{
        question: ((file or "more.yaml", patch),)
        for question, file, patch in _ROW.findall(_PAGE[_PAGE.index("## Switches") :])
    },
    "401 for every bad token": _all(_BOTH, "responses: {" + ", ".join(f"{n}: {{status: 401}}" for n in _TOKENS) + "}"),
    "consent is given at once": _all(_PROVIDERS, "consent: approve"),
    "consent is refused at once": _all(_PROVIDERS, "consent: deny"),
    "the provider always fails": _all(_PROVIDERS, "consent: fail"),
    "the page is always left": _all(_PROVIDERS, "consent: abandon"),
    "unknown fields are refused by both": _all(_BOTH, "unknown_fields: refuse"),
    "pending is a 403 and so is denial": (
        (_BOTH[1], "responses: {pending: {status: 403}, denied: {status: 403}, expired: {status: 403}}"),
    ),
    "other messages": (
        (_BOTH[1], "responses: {pending: {body: {message: wait}}, denied: {body: {message: 'no'}}}"),
        (_BOTH[0], 'responses: {invalid-parameter: {body: {status: 429, message: "wrong"}}}'),
    ),
    "errors without status": _all(_BOTH, 'responses: {token-unknown: {body: {message: "who are you?", code: 17}}}'),
    "other credentials": (
        (_PROVIDERS[0], "credentials: {access_token: another, userId: 7, clientId: 9007199254740993, scope: [a, b]}"),
    ),
}  # fmt: skip


def switched(folder: Path, name: str) -> Path:
    """The bundled fixtures with a switch, below ``folder``."""
    copy = folder / "fixtures"
    shutil.copytree(ROOT / "fixtures", copy)
    for file, patch in SWITCHES[name]:
        path = copy / file
        old = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
        path.write_text(yaml.safe_dump(_merged(old, yaml.safe_load(patch)), sort_keys=False), "utf-8")
    return copy


def _merged(old: Any, new: Any) -> Any:
    """Mappings are merged; new rules come before those that are there; anything else takes the old one's place."""
    if isinstance(old, list) and isinstance(new, list) and new and isinstance(new[0], dict):
        return [*new, *old]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}


REAL = "live-"
"""What the tokens of a deployment that was not set up from our fixtures begin with."""


def own_tokens(middle: Middle) -> Middle:
    """A deployment that knows none of the fixtures' tokens, but each of them behind ``live-``."""

    def translated(asked: Asked, send: Send) -> Given:
        sent = asked.header("authorization") or ""
        scheme, _, token = sent.partition(" ")
        known = token.removeprefix(REAL) if token.startswith(REAL) else f"unknown-{token}"
        changed = asked.with_header("Authorization", f"{scheme} {known}") if token.strip() else asked
        return middle(changed, send)

    return translated


def _manner(change: Callable[[Asked, Given], Given]) -> Callable[[random.Random], Middle]:
    def make(chance: random.Random) -> Middle:
        return lambda asked, send: change(asked, send(asked)) if not asked.path.startswith("/__mock") else send(asked)

    return make


def _pretty(asked: Asked, given: Given) -> Given:
    """Other blanks, and the keys in another order."""
    fields = given.fields
    text = json.dumps(dict(sorted(fields.items(), reverse=True)), indent=4) + "\n"
    return given._replace(body=text.encode()) if fields and operations(asked) else given


def _chunked(asked: Asked, given: Given) -> Given:
    """Sent in chunks."""
    from tests.contract.defects.front import rendered

    if asked.method == "HEAD" or given.status in (204, 304) or not given.body:
        return given
    head = rendered(asked, given.with_header("Transfer-Encoding", "chunked")._replace(body=b""))
    half = len(given.body) // 2
    parts = [part for part in (given.body[:half], given.body[half:]) if part]
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    return given._replace(raw=head.replace(b"content-length: 0\r\n", b"") + body)


def _html_elsewhere(asked: Asked, given: Given) -> Given:
    """What no operation answers is the proxy's own page."""
    if operations(asked) or given.status not in (404, 405):
        return given
    return given.with_header("Content-Type", "text/html")._replace(body=b"<html><body>nginx</body></html>")


def _own_405(asked: Asked, given: Given) -> Given:
    return given.with_header("Allow", "POST")._replace(body=b"") if given.status == 405 else given


MANNERS: dict[str, Callable[[random.Random], Middle]] = {
    "nothing": _manner(lambda asked, given: given),
    "no challenge": _manner(lambda asked, given: given.with_header("WWW-Authenticate", None)),
    "charset is told": _manner(
        lambda a, g: g.with_header("Content-Type", "application/json; charset=utf-8") if operations(a) else g
    ),
    "charset in capitals": _manner(
        lambda a, g: g.with_header("Content-Type", "application/json;charset=UTF-8") if operations(a) else g
    ),
    "other blanks and order": _manner(_pretty),
    "in chunks": _manner(_chunked),
    "closes every connection": _manner(lambda asked, given: given._replace(close=True)),
    "more headers": _manner(
        lambda a, g: g.with_header("Server", "nginx/1.25").with_header("X-Request-Id", str(len(a.body))).with_header(
            "Strict-Transport-Security", "max-age=31536000"
        ).with_header("Vary", "Authorization")
    ),
    "cookies of a balancer": _manner(lambda a, g: g.with_header("Set-Cookie", "AWSALB=abc123; Path=/; HttpOnly")),
    "never to be stored": _manner(lambda a, g: g.with_header("Cache-Control", "no-store, private")),
    "pages of a proxy": _manner(_html_elsewhere),
    "405 of a proxy": _manner(_own_405),
    "40 ms each": _manner(lambda asked, given: given._replace(wait_s=0.04)),
}  # fmt: skip


@contextmanager
def reference() -> Iterator[str]:
    """The reference deployment in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.reference_deployment"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()
