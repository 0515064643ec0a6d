"""Texts that match a pattern, made by walking its tree."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.expression import (
    Back,
    Chars,
    Edge,
    Either,
    Group,
    Look,
    Node,
    Ranges,
    Repeat,
    Sequence,
    Unreadable,
    parse,
)

MAX_TEXT = 1_000_000
"""Characters of one text; a schema that wants more has no body."""
_FEW = 20_000
_POOLS: tuple[tuple[int, int], ...] = ((97, 122), (48, 57), (65, 90), (33, 126), (32, 32), (0xA1, 0xD7FF), (0, 31))
_LONG = 200
_NATURAL = 6
"""So many more times than it must a part is repeated when nothing says how long the text should be."""


def samples(pattern: str, draw: Draw, least: int, most: int | None) -> Iterator[str]:
    """Texts of this length that should match: some natural ones, then as short, as long and as even as can be."""
    try:
        tree = parse(pattern)
    except Unreadable:
        return
    shortest = _shortest(tree)
    if shortest > MAX_TEXT:
        return
    natural = shortest + draw.below(_NATURAL + 1)
    upper = MAX_TEXT if most is None else most
    targets = dict.fromkeys(
        (min(max(natural, least), upper), max(least, shortest), min(upper, least + 8), min(upper, _LONG))
    )
    for target in targets:
        if shortest <= target <= MAX_TEXT:
            for _ in range(4):
                yield _Writer(draw, target - shortest).write(tree)


def language(pattern: str) -> Iterator[str]:
    """Every text that a pattern describes from ``^`` to ``$``, where they are few; else none.

    ``^[ab]{2}$`` gives ``aa ab ba bb``.
    """
    try:
        tree = parse(pattern)
    except Unreadable:
        return
    texts = _every(tree)
    if texts is not None:
        yield from texts


def _every(node: Node) -> list[str] | None:
    """The texts of a node, or None when they are many."""
    match node:
        case Chars(ranges):
            if sum(high - low + 1 for low, high in ranges) > _FEW:
                return None
            return [chr(point) for low, high in ranges for point in range(low, high + 1)]
        case Sequence(parts):
            return _joined([_every(part) for part in parts])
        case Either(branches):
            found = [_every(branch) for branch in branches]
            return None if None in found else list(dict.fromkeys(text for each in found for text in each or ()))
        case Repeat(part, least, most) if most is not None and most <= _FEW:
            once = _every(part)
            rows = [_joined([once] * times) for times in range(least, min(most, least + _FEW // 10) + 1)]
            return None if None in rows else [text for row in rows for text in row or ()][:_FEW]
        case Group(part, _):
            return _every(part)
        case Look() | Edge():
            return [""]
    return None


def _joined(parts: list[list[str] | None]) -> list[str] | None:
    found = [""]
    for part in parts:
        if part is None or len(found) * len(part) > _FEW:
            return None
        found = [before + after for before in found for after in part]
    return found


def _shortest(node: Node) -> int:
    match node:
        case Chars():
            return 1
        case Sequence(parts):
            return sum(map(_shortest, parts))
        case Either(branches):
            return min(map(_shortest, branches))
        case Repeat(part, least, _):
            return least * _shortest(part)
        case Group(part, _):
            return _shortest(part)
    return 0


def letter(ranges: Ranges, draw: Draw) -> str:
    """One character of the ranges, an ordinary one where there is one."""
    pools: list[tuple[int, int]] = []
    for low, high in _POOLS:
        pools = [(max(low, a), min(high, b)) for a, b in ranges if max(low, a) <= min(high, b)]
        if pools:
            break
    pools = pools or [each for each in ranges if not 0xD800 <= each[0] <= 0xDFFF]
    if not pools:
        return ""
    low, high = draw.one_of(pools)
    return chr(draw.between(low, min(high, low + 5_000)))


class _Writer:
    """Writes one text; ``spare`` characters may be spent beyond the shortest text."""

    def __init__(self, draw: Draw, spare: int) -> None:
        self.draw = draw
        self.spare = spare
        self.groups: dict[str, str] = {}

    def write(self, node: Node) -> str:
        match node:
            case Chars(ranges):
                return letter(ranges, self.draw)
            case Sequence(parts):
                return self._before(parts) + "".join([self.write(part) for part in parts]) + self._after(parts)
            case Either(branches):
                return self._either(branches)
            case Repeat(part, least, most):
                times = self._times(_shortest(part), least, most)
                return "".join([self.write(part) for _ in range(times)])
            case Group(part, name):
                self.groups[name] = self.write(part)
                return self.groups[name]
            case Back(name):
                return self.groups.get(name, "")
            case Look() | Edge():
                return ""

    def _before(self, parts: tuple[Node, ...]) -> str:
        r"""What a look-behind at the start wants to stand there: the ``$`` of ``(?<=\$)\d+``."""
        first = parts[0] if parts else None
        is_wanted = isinstance(first, Look) and not first.is_ahead and not first.is_negative
        return self.write(first.part) if isinstance(first, Look) and is_wanted else ""

    def _after(self, parts: tuple[Node, ...]) -> str:
        """What a look-ahead at the end wants to follow: the ``px`` of ``[0-9]+(?=px)``."""
        last = parts[-1] if len(parts) > 1 and parts[0] != Edge("^") else None
        is_wanted = isinstance(last, Look) and last.is_ahead and not last.is_negative
        return self.write(last.part) if isinstance(last, Look) and is_wanted else ""

    def _either(self, branches: tuple[Node, ...]) -> str:
        shortest = min(map(_shortest, branches))
        payable = [branch for branch in branches if _shortest(branch) - shortest <= self.spare]
        branch = self.draw.one_of(payable)
        self.spare -= _shortest(branch) - shortest
        return self.write(branch)

    def _times(self, size: int, least: int, most: int | None) -> int:
        if size == 0:
            return max(least, min(1, 1 if most is None else most))
        more = self.spare // size if most is None else min(most - least, self.spare // size)
        self.spare -= more * size
        return least + more
