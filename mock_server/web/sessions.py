"""The control API's ``/sessions`` and ``/session``: which worlds there are, and what is done with a whole one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from mock_server.handshake.ticket import DEFAULT_SESSION
from mock_server.state.store import (
    MAX_ALL_SNAPSHOTS_BYTES,
    MAX_SNAPSHOT_BYTES,
    MAX_SNAPSHOTS_BYTES,
    ShelvesFull,
    SnapshotsFull,
    SnapshotTooLarge,
)
from mock_server.web.asked import Refused, as_json, limit_of, read_object
from mock_server.web.live import NAME_RULE, BadSession, Live, name_of_session, session_name
from mock_server.web.within import COOKIE, NAMED_BY

USUAL_LABEL = "default"
_TOO_LARGE = (
    f"there is no room for it: a snapshot may take {MAX_SNAPSHOT_BYTES >> 20} MiB, those of {{}}"
    f" {MAX_SNAPSHOTS_BYTES >> 20} MiB, those of all sessions {MAX_ALL_SNAPSHOTS_BYTES >> 20} MiB;"
    " forget what it does not need, or a session that has snapshots"
)


class Sessions:
    """One method an endpoint. A session that nobody has used is as good as any other: it is new."""

    def __init__(self, live: Live) -> None:
        self.live = live

    async def listed(self, request: Request) -> Any:
        """``{"sessions": [{"name": "alice", "used_at": 1700000000.0, "entries": 3, …}], "total": 1}``."""
        limit = limit_of(request)
        store = self.live.store
        total = len(await store.sessions())
        found = [each._asdict() for each in await store.overview(limit)]
        return {"sessions": found, "total": max(total, len(found))}

    async def current(self, request: Request) -> Any:
        """``{"session": "alice", "named_by": "cookie"}``."""
        by = request.scope.get(NAMED_BY, "header" if "mock-session" in request.headers else "nothing")
        return {"session": session_name(request.headers), "named_by": by}

    async def choose(self, request: Request) -> Any:
        """What this browser means below ``/__mock/`` from now on: a cookie, which no operation looks at."""
        body = await read_object(request, {"session"})
        name = body.get("session")
        if "session" not in body or not (name is None or isinstance(name, str)):
            raise Refused("MS408", 400, "`session` is the name of one, or null")
        chosen = name_of_session(name if name is not None else DEFAULT_SESSION)
        response = as_json({"session": chosen, "named_by": "cookie" if name is not None else "nothing"})
        response.set_cookie(
            COOKIE, chosen, max_age=None if name is not None else 0, path="/__mock", httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return response

    async def fork(self, request: Request) -> Any:
        """``{"name": "bob"}``: bob begins as this one is, in place of whatever bob was."""
        session = _named(request)
        body = await read_object(request, {"name"})
        name = body.get("name")
        if not isinstance(name, str):
            raise Refused("MS408", 400, f"`name` is what the other session is called, not {name!r}")
        if name_of_session(name) == session:
            raise Refused("MS408", 400, f"{session} cannot be forked into itself")
        try:
            await self.live.store.fork(session, name)
        except ShelvesFull:
            raise _no_room() from None
        await self.live.forget_calls(name)
        return {"session": name, "status": "forked", "from": session}

    async def snapshot(self, request: Request) -> Any:
        """``{"label": "before"}``: as it is now, to be put back by that label."""
        session, label = _named(request), await _label(request)
        try:
            await self.live.store.snapshot(session, label)
        except SnapshotsFull:
            raise Refused("MS454", 409, f"{session} has as many snapshots as it may; give a label it has") from None
        except SnapshotTooLarge:
            raise Refused("MS454", 507, _TOO_LARGE.format(session)) from None
        return {"session": session, "status": "kept", "label": label}

    async def restore(self, request: Request) -> Any:
        """As it was at the snapshot. What was still to be sent belongs to what never happened."""
        session, label = _named(request), await _label(request)
        try:
            found = await self.live.store.restore(session, label)
        except ShelvesFull:
            raise _no_room() from None
        if not found:
            labels = await self.live.store.snapshots(session)
            raise Refused("MS409", 404, f"{session} has no snapshot called {label!r}", available=labels)
        await self.live.forget_calls(session)
        return {"session": session, "status": "restored", "label": label}

    async def forget(self, request: Request) -> Any:
        """As if it had never been."""
        return await self._reset(_named(request))

    async def reset(self, request: Request) -> Any:
        """The same of the session that the request belongs to."""
        return await self._reset(session_name(request.headers))

    async def _reset(self, session: str) -> Any:
        await self.live.forget_calls(session)
        await self.live.store.reset(session)
        return {"session": session, "status": "reset"}


def _named(request: Request) -> str:
    return name_of_session(request.path_params["name"])


async def _label(request: Request) -> str:
    body = await read_object(request, {"label"})
    label = body.get("label", USUAL_LABEL)
    if not isinstance(label, str):
        raise Refused("MS408", 400, f"`label` is a text, not {label!r}")
    try:
        return name_of_session(label)
    except BadSession:
        raise Refused("MS408", 400, f"`label` has {NAME_RULE}") from None


def _no_room() -> Refused:
    return Refused("MS435", 507, "all sessions together remember as much as they may; POST /__mock/reset forgets one")
