"""Live requests: what was asked, what was answered, and why in one line."""

from __future__ import annotations

from typing import Any

from mock_server.journal.select import BadFilter, Filter, fits, has_text, read_filter
from mock_server.spec.beside import called
from mock_server.web.console.page import Visit
from mock_server.web.console.sample import curl_line
from mock_server.web.journal import in_full
from mock_server.web.watch import in_short

SHOWN = 200
WORDS = ("text", "operation", "status", "handshake")
"""The words of ``GET /__mock/journal`` that the page's form has."""
STATUSES = ("2xx", "3xx", "4xx", "5xx")


async def view(visit: Visit) -> dict[str, Any]:
    live = visit.live
    words = {word: visit.asked(word) for word in WORDS}
    operations = live.world.operations
    wrong, filter_ = "", Filter()
    try:
        filter_ = read_filter(words, lambda name: [each.key for each in called(name, operations)])
    except BadFilter as error:
        wrong = str(error)
    hidden = await live.hidden()
    kept = await live.store.entries(visit.session)
    found = [each for each in reversed(kept) if filter_ == Filter() or fits(each.brief(hidden), filter_)]
    if filter_.text:
        texts = [has_text(each, filter_.text) async for each in in_full(found, hidden)]
        found = [each for each, has in zip(found, texts, strict=True) if has]
    return {
        "entries": [in_short(each) async for each in in_full(found[:SHOWN], hidden)],
        "found": len(found),
        "total": len(kept),
        "filter": words,
        "wrong": wrong,
        "filtered": any(words.values()),
        "operations": list(operations)[:500],
        "statuses": STATUSES,
        "try_this": "" if kept else curl_of_first(visit),
    }


def curl_of_first(visit: Visit) -> str:
    """A line to begin with, for whoever sees an empty page."""
    operation = next(iter(visit.live.world.operations.values()), None)
    return curl_line(visit, operation) if operation else f"curl -s {visit.url}/"
