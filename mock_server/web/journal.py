"""The control API's journal: read, exported and cleared; an entry explained, a claim verified, clients judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from difflib import get_close_matches
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from mock_server.journal.curl import curl
from mock_server.journal.entry import Told as Entry
from mock_server.journal.entry import finder
from mock_server.journal.explain import explain
from mock_server.journal.har import har
from mock_server.journal.hurl import hurl
from mock_server.journal.lint import SEVERITIES, BadRule, Known, findings
from mock_server.journal.select import (
    WORDS,
    BadFilter,
    Filter,
    Page,
    between,
    cut,
    fits,
    has_text,
    read_filter,
    read_page,
)
from mock_server.journal.verify import BadClaim, read_claim, verify
from mock_server.journal.verify import Known as Operations
from mock_server.mask import Hidden
from mock_server.spec.beside import ambiguous, called
from mock_server.spec.operations import host_names
from mock_server.spec.parameters import Parameter
from mock_server.state.store import Told
from mock_server.web.asked import Refused, as_json, read_any
from mock_server.web.live import Live, name_of_session, session_name

FORMATS: dict[str, str] = {
    "json": "application/json",
    "har": "application/json",
    "curl": "text/plain; charset=utf-8",
    "hurl": "text/plain; charset=utf-8",
}
AT_ONCE = 50
"""Entries that are told in full before others have their turn."""
MAX_POLL_S = 3_600.0


class JournalPages:
    """One method an endpoint."""

    def __init__(self, live: Live) -> None:
        self.live = live

    async def listed(self, request: Request) -> Any:
        """``{"entries": […], "total": 12, "matched": 3, "before": null, "after": "3fa85f-12"}``, or an export."""
        words = _words(request, (*WORDS, "format"))
        format_ = words.get("format", "json")
        if format_ not in FORMATS:
            raise Refused("MS470", 400, f"`format` is one of {', '.join(FORMATS)}, not {format_[:50]!r}")
        try:
            filter_, page = read_filter(words, self._keys), read_page(words)
        except BadFilter as error:
            raise Refused("MS470", 400, str(error), word=error.word) from None
        session, store = _session(request), self.live.store
        await self.live.settled()
        total = await store.count(session)  # first: what another process adds meanwhile is shown, and counted below
        if filter_ == Filter() and page.before is page.after is None:
            found: Sequence[Told] = await store.entries(session, page.limit)
            matched = max(total, len(found))
        else:
            every = await self._matching(session, filter_, page)
            found, matched = cut(every, page), len(every)
        shown = [each async for each in in_full(found, await self.live.hidden())]
        if format_ != "json":
            return self._exported(format_, shown, request)
        is_first = page.after is None and matched == len(shown)
        return {
            "entries": shown,
            "total": max(total, len(shown)),
            "matched": matched,
            "before": shown[0]["id"] if shown and not is_first else None,
            "after": shown[-1]["id"] if shown else page.after,
        }

    async def _matching(self, session: str, filter_: Filter, page: Page) -> list[Told]:
        hidden = await self.live.hidden()
        briefs = [(each, each.brief(hidden)) for each in await self.live.store.entries(session)]
        briefs = list(between(briefs, lambda pair: pair[1], filter_, page))
        found = [each for each, brief in briefs if fits(brief, filter_)]
        if not filter_.text:
            return found
        texts = [has_text(each, filter_.text) async for each in in_full(found, hidden)]
        return [each for each, has in zip(found, texts, strict=True) if has]

    def _exported(self, format_: str, entries: Sequence[Entry], request: Request) -> Response:
        origin = str(request.base_url.replace(path="", query="")).rstrip("/")
        if format_ == "har":
            body = orjson.dumps(har(entries, origin))
        elif format_ == "hurl":
            body = hurl(entries, origin).encode("utf-8", "surrogatepass")
        else:
            lines = [curl(each, origin) for each in entries if each["kind"] == "request"]
            body = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
        return as_json(body, 200, FORMATS[format_])

    async def clear(self, request: Request) -> Any:
        """Forget the journal alone; answers as an empty one."""
        _words(request, ())
        await self.live.settled()  # what was answered before is forgotten, too
        await self.live.store.clear(_session(request))
        return {"entries": [], "total": 0, "matched": 0, "before": None, "after": None}

    async def explain(self, request: Request) -> Any:
        """Why an entry was answered as it was; ``last`` is the newest."""
        _words(request, ())
        session, wanted = _session(request), request.path_params["entry"]
        await self.live.settled()
        entries = await self.live.store.entries(session)
        requests = [each for each in entries if each.id == wanted]
        if wanted == "last":
            hidden = await self.live.hidden()
            requests = [each for each in entries if each.brief(hidden)["kind"] == "request"][-1:]
        if not requests:
            held = f"it holds {entries[0].id} to {entries[-1].id}" if entries else "it is empty"
            raise Refused("MS471", 404, f"the journal of the session {session} has no entry {wanted[:50]!r}; {held}")
        entry = requests[0].as_json(await self.live.hidden())
        plan = self.live.world.plans.get(entry["operation"] or "")
        return explain(entry, plan)

    async def verify(self, request: Request) -> Any:
        """200 when the claim is true, else 417 with what came nearest; both say ``verified``."""
        _words(request, ())
        try:
            claim = read_claim(await read_any(request), self._operations())
        except BadClaim as error:
            raise Refused("MS472", 400, str(error)) from None
        entries, hidden = await self._every(_session(request))
        told = verify(entries, claim, finder(self.live.world.router), hidden.key)
        if told["verified"]:
            return told
        raise Refused("MS473", 417, told.pop("message"), **told)

    async def lint(self, request: Request) -> Any:
        """``{"findings": […], "counts": {"error": 1, "warning": 0, "notice": 2}, "entries": 12}``."""
        words = _words(request, ("only", "without", "severity", "poll"))
        severity = words.get("severity", SEVERITIES[-1])
        if severity not in SEVERITIES:
            raise Refused("MS470", 400, f"`severity` is one of {', '.join(SEVERITIES)}, not {severity[:50]!r}")
        entries, _ = await self._every(_session(request))
        known = lint_known(self.live)
        if "poll" in words:
            known = known._replace(poll_s=_poll(words["poll"]))
        try:
            found = findings(entries, known, _names(words.get("only")), _names(words.get("without")))
        except BadRule as error:
            raise Refused("MS470", 400, str(error)) from None
        found = [each for each in found if SEVERITIES.index(each.severity) <= SEVERITIES.index(severity)]
        counts = {each: sum(one.severity == each for one in found) for each in SEVERITIES}
        return {"findings": [each.as_json() for each in found], "counts": counts, "entries": len(entries)}

    async def _every(self, session: str) -> tuple[list[Entry], Hidden]:
        """All of the journal, what any worker has answered so far, and what its secrets are hidden with."""
        await self.live.settled()
        hidden = await self.live.hidden()
        return [each async for each in in_full(await self.live.store.entries(session), hidden)], hidden

    def _keys(self, name: str) -> Collection[str]:
        """The operations that a name means. Raises ``Refused``."""
        operations = self.live.world.operations
        found = called(name, operations)
        if not found:
            raise Refused("MS409", 404, f"no operation is called {name[:200]!r}", available=list(operations))
        if len(found) > 1:
            raise Refused("MS409", 404, ambiguous(name, found)[0], available=[each.key for each in found])
        return [each.key for each in found]

    def _operations(self) -> Operations:
        world = self.live.world
        providers = [each.id for each in world.fixtures.providers.values() if each.oauth2]

        def parameters_of(key: str) -> Sequence[Parameter]:
            return world.operations[key].parameters

        return Operations(self._keys, parameters_of, {"providers": providers})


def lint_known(live: Live) -> Known:
    """What the rules may know of this mock."""
    servers = [server for document in live.world.documents for server in document.data.get("servers") or ()]
    hosts = {host for each in servers if isinstance(each, dict) for host in host_names(each)}
    return Known(finder(live.world.router), frozenset(hosts - {"localhost", "127.0.0.1", "::1"}))


async def in_full(entries: Sequence[Told], hidden: Hidden) -> AsyncIterator[Entry]:
    """Each entry as JSON. Others have their turn in between: 16 MiB of bodies take a while to be masked."""
    for number, each in enumerate(entries, 1):
        yield each.as_json(hidden)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


def _session(request: Request) -> str:
    """Of the header, or of the query, for links."""
    name = request.query_params.get("session")
    return session_name(request.headers) if name is None else name_of_session(name)


def _words(request: Request, known: Collection[str]) -> dict[str, str]:
    """The query, with no word besides ``known`` and ``session``, none of them twice. Raises ``Refused``."""
    known = (*known, "session")
    words = dict(request.query_params)
    for word in words:
        if word not in known:
            near = get_close_matches(word, known, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
            raise Refused("MS470", 400, f"{word[:50]!r} is not known here; {hint}")
        if len(request.query_params.getlist(word)) > 1:
            raise Refused("MS470", 400, f"`{word}` is given twice; several values stand in one list, as status=402,429")
    return words


def _names(text: str | None) -> list[str]:
    return [each.strip() for each in (text or "").split(",") if each.strip()]


def _poll(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_POLL_S:
        raise Refused("MS470", 400, f"`poll` is a number of seconds from 0 to {MAX_POLL_S:g}, not {text[:50]!r}")
    return seconds
