"""Pages for people: server-rendered, no script, nothing from outside, everything escaped."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from mock_server.source import read_source

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).parent / "templates"


@cache
def _templates() -> Environment:
    """Jinja2 is imported when the first page is asked for, so that ``serve`` starts fast.

    All texts are read then: those of another version, installed while this one runs, would not fit.
    """
    from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape

    paths = _FOLDER.rglob("*.html")
    return Environment(
        loader=DictLoader({path.relative_to(_FOLDER).as_posix(): read_source(path).text for path in paths}),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, status: int = 200, *, form_target: str | None = None, **values: Any) -> HTMLResponse:
    """A page that cannot be framed, cached or made to load anything.

    ``form_target`` is a URL whose origin the page's form may lead to besides our own: browsers hold
    redirects after a form to the policy too.
    """
    nonce = secrets.token_urlsafe(16)
    html = _templates().get_template(template).render(nonce=nonce, **values)
    targets = "'self'"
    if form_target:
        parts = urlsplit(form_target)
        targets += f" {parts.scheme}://{parts.netloc}"
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; form-action {targets}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return HTMLResponse(html, status, {"content-security-policy": policy, **SAFE_HEADERS})


def console_page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the console: scripts and style from our own package alone, and nothing inline."""
    html = _templates().get_template(template).render(**values)
    return HTMLResponse(html, status, {"content-security-policy": _CONSOLE_POLICY, **SAFE_HEADERS, **_CONSOLE_REFERRER})


_CONSOLE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_CONSOLE_REFERRER = {"referrer-policy": "same-origin"}
"""Under ``no-referrer`` a form would send ``Origin: null`` (Fetch §3.2), which the guard refuses."""
SAFE_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""For everything that carries a code, a state or a decision (RFC 9700 §4.2.4, RFC 6749 §10.13)."""
