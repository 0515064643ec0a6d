"""``/__mock/webhooks``: the webhooks of the documents (OAS 3.1 §4.8.1), sent when somebody says so."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from mock_server.core.callback import (
    DEPTH_HEADER,
    broken_rule,
    document_body,
    encode_body,
)
from mock_server.core.sent import Unmakeable, sent_parameters, with_query
from mock_server.fixture.response import OWN_HEADERS, is_header
from mock_server.mask import mask_body, mask_headers, mask_text
from mock_server.model import MISSING, Send
from mock_server.spec.callbacks import Callback, read_webhooks
from mock_server.web.asked import Refused, read_object
from mock_server.web.caller import Received
from mock_server.web.live import Live, session_name
from mock_server.web.outgoing import Cause

_WORDS = {"url", "method", "body", "headers", "force"}
_STATUS = {"MS426": 422, "MS427": 502, "MS428": 503}
"""Not allowed; no answer; given up because the mock stops."""


class Webhooks:
    """One method an endpoint; each returns what is sent as JSON, or raises ``Refused``."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def known(self) -> dict[str, tuple[Callback, ...]]:
        """By name; of two documents that have one of the same name the first counts."""
        found: dict[str, tuple[Callback, ...]] = {}
        for document in self.live.world.documents:
            for name, callbacks in read_webhooks(document).items():
                found.setdefault(name, callbacks)
        return found

    async def listed(self, request: Request) -> Any:
        return {"webhooks": [_webhook_json(each) for callbacks in self.known().values() for each in callbacks]}

    async def fire(self, request: Request) -> Any:
        """One attempt, waited for."""
        session = session_name(request.headers)
        name = request.path_params["name"]
        known = self.known()
        if name not in known:
            raise Refused("MS409", 404, f"no webhook is called {name!r}", available=list(known))
        asked = await read_object(request, _WORDS)
        send = _send(_chosen(known[name], asked.get("method")), asked)
        result = await self.live.outgoing.once(send, Cause(None, session, None))
        if result.answer is None:
            code, message = result.error or ("MS427", "no answer")
            raise Refused(code, _STATUS.get(code, 502), message, entry=result.entry_id, webhook=name)
        return {
            "webhook": name,
            "entry": result.entry_id,
            "sent": {
                "method": send.method,
                "url": mask_text(send.url),
                "headers": mask_headers(dict(send.headers)),
                "body": mask_body(send.body),
            },
            "answer": _answer_json(result.answer),
        }


def _webhook_json(callback: Callback) -> dict[str, Any]:
    return {
        "name": callback.name,
        "method": callback.method,
        "summary": callback.summary,
        "media_type": callback.media.name if callback.media else None,
    }


def _answer_json(answer: Received) -> dict[str, Any]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
    return {
        "status": answer.status,
        "headers": mask_headers(headers),
        "body": mask_body(answer.body),
        "cut": answer.cut,
    }


def _chosen(callbacks: tuple[Callback, ...], method: Any) -> Callback:
    """The webhook's method that was asked for; the first when none was."""
    if method is None:
        return callbacks[0]
    methods = [each.method for each in callbacks]
    if not isinstance(method, str) or method.upper() not in methods:
        raise Refused("MS408", 400, f"`method` is one of {', '.join(methods)}, not {method!r}")
    return callbacks[methods.index(method.upper())]


def _send(callback: Callback, asked: dict[str, Any]) -> Send:
    url, force = asked.get("url"), asked.get("force", False)
    if not isinstance(url, str) or not url.strip():
        raise Refused("MS408", 400, "`url` says where to send it, as in http://127.0.0.1:9000/hook")
    if not isinstance(force, bool):
        raise Refused("MS408", 400, "`force` is true or false")
    try:
        value = asked["body"] if "body" in asked else document_body(callback)
        media_type = callback.media.name if callback.media and "*" not in callback.media.name else "application/json"
        body = b"" if value is MISSING else encode_body(value, media_type)
        required = sent_parameters(callback)
        headers = dict(required.headers)
    except Unmakeable as error:
        raise Refused("MS425", 422, str(error), hint="say the `body` in the request") from None
    breach = broken_rule(callback, value) if "body" in asked else ""
    if breach and not force:
        detail = f"the body breaks the document: {breach}"
        raise Refused("MS406", 422, detail, hint='send it all the same with "force": true')
    if body:
        headers["content-type"] = media_type
    headers |= _own_headers(asked.get("headers", {}))
    headers[DEPTH_HEADER] = "1"
    url = with_query(url, required.query)
    return Send(
        callback.name, callback.method, url, tuple(headers.items()), body, statuses=callback.statuses, note=breach
    )


def _own_headers(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise Refused("MS408", 400, "`headers` is an object of texts")
    for name, value in given.items():
        lower = name.lower()
        if not is_header(name, value) or lower in OWN_HEADERS or lower == "host" or lower.startswith("mock-"):
            raise Refused("MS408", 400, f"{name!r} cannot be sent as a header here")
    return {name.lower(): value for name, value in given.items()}
