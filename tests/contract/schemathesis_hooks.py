"""Hooks of the self-fuzz: after operation 1 the consent page is opened and Approve is pressed.

Without consent operation 2 can never answer 200, and Schemathesis would only warn about that.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urljoin

import requests
import schemathesis

TIMEOUT_S = 30


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Walk the page of every handshake that was begun, as a browser would."""
    if response.status_code == 200 and case.operation.path == "/oauth2":
        press_approve(response.json()["auth_uri"])


def press_approve(auth_uri: str) -> None:
    """Open the page, send its form, follow the redirect to the callback."""
    with requests.Session() as session:
        page = session.get(auth_uri, timeout=TIMEOUT_S)
        page.raise_for_status()
        action = _attribute(page.text, r'<form method="post" action="([^"]+)"')
        ticket = _attribute(page.text, r'name="ticket" value="([^"]+)"')
        form = {"ticket": ticket, "decision": "approve"}
        session.post(urljoin(auth_uri, action), data=form, timeout=TIMEOUT_S).raise_for_status()


def _attribute(page: str, pattern: str) -> str:
    found = re.search(pattern, page)
    assert found, f"the consent page has nothing like {pattern}"
    return html.unescape(found[1])
