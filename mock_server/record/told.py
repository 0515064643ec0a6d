"""What a recording has come to, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mock_server.record.keeper import Keeper

MAX_LISTED = 30


def summary(keeper: Keeper, folder: str) -> str:
    """What was written where, what was not and why, and how the two sides broke the document."""
    return "\n".join(_lines(keeper, folder)) + "\n"


def _lines(keeper: Keeper, folder: str) -> Iterator[str]:
    written = sorted(keeper.written.values())
    yield f"{_count(keeper.count, 'exchange')} seen, {_count(len(written), 'fixture')} written into {folder}"
    for each in written:
        rules = f", {_count(each.rules, 'rule')}" if each.rules else ""
        yield f"  {each.file}: {each.operation}, {_count(each.responses, 'response')}{rules}"
    notes = Counter(f"{key}: {note}" for key, found in keeper.notes.items() for note in found)
    yield from _listed("Not said by the fixtures:", notes, numbered=False)
    yield from _listed("Not written:", keeper.kept_back)
    yield from _listed("No operation of the document:", keeper.unmatched)
    yield from _listed("Against the document:", keeper.violations)


def _listed(title: str, found: Counter[str], *, numbered: bool = True) -> Iterator[str]:
    if not found:
        return
    yield title
    for text, times in list(found.items())[:MAX_LISTED]:
        yield f"  {text}{f' ({times} times)' if numbered and times > 1 else ''}"
    if len(found) > MAX_LISTED:
        yield f"  … and {len(found) - MAX_LISTED} more"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
