"""A recording of a real deployment (``--recorded FILE.har``): which of its requests go to which operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mock_server.codec.har import HarEntry, read_har
from mock_server.contract.errors import CannotRun
from mock_server.contract.model import Exchange, Seen, Sent
from mock_server.core.route import Found, Router
from mock_server.errors import Broken
from mock_server.named import NamedTuple
from mock_server.source import read_bytes
from mock_server.spec.operations import Operation
from mock_server.world import Served


class Recorded(NamedTuple):
    """One recorded exchange. ``base`` is the path below which the API stood; ``whole`` = the answer's body is there."""

    exchange: Exchange
    operation: Operation
    base: str
    whole: bool
    where: str
    """``real.har, entry 3``"""


class Recording(NamedTuple):
    """All of it. ``strict``: what was only assumed of the recorded deployment counts, too."""

    exchanges: tuple[Recorded, ...]
    router: Router[Served]
    strict: bool


def read_recorded(files: Iterable[Path], router: Router[Served], bases: Iterable[str]) -> tuple[Recorded, ...]:
    """What of the recordings is of this API; everything else in them (pages, images, other hosts) is passed over.

    Raises ``CannotRun``: MS533 for a file that is no HTTP Archive, MS535 when nothing in them is of this API.
    """
    known = sorted({base.rstrip("/") for base in bases} | {""}, key=len, reverse=True)
    found: list[Recorded] = []
    hosts: dict[str, None] = {}
    for file in files:
        entries = _entries(file)
        hosts.update((each.origin, None) for each in entries)
        found += _of_api(file, entries, router, known)
    if not found:
        seen = ", ".join(list(hosts)[:5]) or "no entries"
        below = ", ".join(repr(base or "/") for base in known)
        hint = f"it has {seen}; the document's paths are looked for below {below}. Check --spec and the file"
        raise CannotRun("MS535", "nothing in the recording is of this API", hint)
    return tuple(found)


def _entries(file: Path) -> list[HarEntry]:
    hint = "record with a browser (Network, Save all as HAR), a proxy, or GET /__mock/journal?format=har"
    try:
        return read_har(read_bytes(file))
    except Broken as error:
        raise CannotRun("MS533", f"{file} cannot be read: {error.problems[0].message}", hint) from None
    except (ValueError, RecursionError) as error:
        raise CannotRun("MS533", f"{file} is no HTTP Archive: {error}", hint) from None


def _of_api(file: Path, entries: list[HarEntry], router: Router[Served], bases: list[str]) -> Iterator[Recorded]:
    for number, entry in enumerate(entries, 1):
        path = entry.target.partition("?")[0]
        for base in bases:
            found = router.find(entry.method, path[len(base) :]) if path.startswith(f"{base}/") else None
            if isinstance(found, Found):
                operation = found.target.plan.operation
                sent = Sent(entry.method, entry.target, entry.headers, entry.body)
                seen = Seen(entry.status, entry.answer_headers, entry.answer or b"", max(entry.seconds, 0.0))
                exchange = Exchange(entry.origin, operation.key, sent, seen)
                yield Recorded(exchange, operation, base, entry.answer is not None, f"{file.name}, entry {number}")
                break
