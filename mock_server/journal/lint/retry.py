"""What a client tries again although it can only fail again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mock_server.journal.entry import Told, header, line_of
from mock_server.journal.lint.model import RETRY_WINDOW_S, Hit, Known, requests, same_request

_FINAL = (400, 405, 406, 413, 414, 415, 422, 501)
"""What the very same request gets again, whenever it comes (RFC 9110 §15.5)."""


def retries_forbidden(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    for before, *again in _repeated(entries, lambda entry: entry["status"] == 403):
        message = f"{line_of(before)} was refused with 403 and sent again unchanged {len(again)} time(s)"
        yield Hit(message, [before, *again])


def sleeps_on_invalid(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    for before, *again in _repeated(entries, is_invalid_parameter):
        waited = float(again[-1]["at"]) - float(before["at"])
        message = (
            f"{line_of(before)} got the 429 of an invalid parameter and was sent again unchanged {len(again)} time(s)"
        )
        yield Hit(f"{message}, the last {waited:.1f} s later" if waited > 0 else message, [before, *again])


def repeats_refused(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    for before, *again in _repeated(entries, lambda entry: entry["status"] in _FINAL):
        message = f"{line_of(before)} got {before['status']} and was sent again unchanged {len(again)} time(s)"
        yield Hit(message, [before, *again])


def is_invalid_parameter(entry: Told) -> bool:
    """Whether a 429 is no rate limit: it carries no ``Retry-After``, and the request itself earned it."""
    earned = entry.get("won") in ("document", "rule")
    return entry["status"] == 429 and earned and header(entry, "retry-after", "answer") is None


def _repeated(entries: Sequence[Told], is_refused: Callable[[Told], bool]) -> Iterator[list[Told]]:
    """Each refused request with those after it that are the same, each within the window of the one before."""
    runs: dict[object, list[Told]] = {}
    for entry in requests(entries):
        if not entry["operation"]:
            continue
        key = same_request(entry)
        run = runs.get(key)
        if run and not 0 <= float(entry["at"]) - float(run[-1]["at"]) <= RETRY_WINDOW_S:
            if len(run) > 1:
                yield run
            run = None
        if run:
            run.append(entry)
        if run and not is_refused(entry):  # it was granted: the run has ended
            yield runs.pop(key)
        elif not run and is_refused(entry):
            runs[key] = [entry]
        elif not run:
            runs.pop(key, None)
    yield from (run for run in runs.values() if len(run) > 1)
