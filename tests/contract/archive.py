"""Recordings as a browser would save them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx


def entry(response: httpx.Response, *, keep_token: bool = True, keep_body: bool = True) -> dict[str, Any]:
    """One entry of an archive."""
    request = response.request
    sent = [
        {"name": name, "value": value}
        for name, value in request.headers.items()
        if keep_token or name != "authorization"
    ]
    content: dict[str, Any] = {"size": len(response.content), "mimeType": response.headers.get("content-type", "")}
    if keep_body:
        content["text"] = response.text
    return {
        "startedDateTime": "2026-11-24T10:00:00Z",
        "time": 12.5,
        "request": {
            "method": request.method,
            "url": str(request.url),
            "headers": [{"name": ":authority", "value": "x"}, *sent],
            "postData": {"mimeType": "application/json", "text": request.content.decode()},
        },
        "response": {
            "status": response.status_code,
            "headers": [{"name": name, "value": value} for name, value in response.headers.items()],
            "content": content,
        },
    }


def archive(path: Path, entries: Sequence[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "test"}, "entries": list(entries)}}))
    return path
