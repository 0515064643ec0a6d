"""What ``--learn`` says: what was written where, what was not and why, and the difference."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.model import Learnt
from mock_server.contract.report.terminal import printable_lines


def learnt_report(learnt: Learnt) -> str:
    """Goes to standard error, so that a report on standard output stays one."""
    return printable_lines("\n".join(_lines(learnt))) + "\n"


def _lines(learnt: Learnt) -> Iterator[str]:
    count = len(learnt.changes)
    if not learnt.folder:
        yield from learnt.hints
        return
    yield f"Learnt into {learnt.folder}: {count} response{'' if count == 1 else 's'} observed"
    yield from (f"   {each}" for each in learnt.changes)
    if learnt.kept:
        yield "Not learnt:"
        yield from (f"   {each}" for each in learnt.kept)
    for hint in learnt.hints:
        yield f"hint: {hint}"
    if learnt.diff:
        yield learnt.diff
