"""The hooks of the fuzzing process: after an operation has begun a handshake, consent is given.

Schemathesis loads this file by its path; what to do stands in the JSON file that ``CONTRACT_HOOKS`` names:
``{"start": "POST /oauth2", "path": ["auth_uri"], "consent": "visit", "origin": "http://…"}``. Without consent
no chain is ever completed, and Schemathesis would only warn about that.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import schemathesis

from mock_server.contract.client import Client
from mock_server.contract.consent import give_consent


@cache
def _told() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(os.environ["CONTRACT_HOOKS"]).read_text("utf-8"))
    return told


@cache
def _client() -> Client:
    return Client(_told()["origin"], headers=tuple(map(tuple, _told()["headers"])), rate=_told()["rate"])


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Give consent to every handshake that was begun. What goes wrong is found by the walks, with its pages."""
    told = _told()
    operation = f"{case.operation.method.upper()} {case.operation.path}"
    if operation != told["start"] or case.method.upper() != operation.partition(" ")[0] or response.status_code != 200:
        return
    try:
        value = response.json()
    except ValueError:
        return
    for step in told["path"]:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, str):
        give_consent(_client(), told["consent"], value, ask=lambda auth_uri: None)
