"""Texts that keep several patterns at once, refuse others and look ahead, found by walking all their automata together.

A pattern becomes a nondeterministic automaton (Thompson's construction), made deterministic only where
the walk comes by. A refused pattern is one whose automaton must not accept at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.expression import (
    LAST,
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
    inverted,
    merged,
    parse,
)
from mock_server.spec.generate.sample import letter
from mock_server.value import dataclass

MAX_STATES = 3_000
MAX_WALK = 1_500
_CROWD = 16
"""So many states of the automata at once cost as much as a step of the walk."""
MAX_CHARS = 24
MAX_RANGES = 8
_ANY: Ranges = ((0, LAST),)
_ORDINARY = "a0A-_ .@/1Zz!"


@dataclass(slots=True)
class Automaton:
    """``free`` leads on without a character, if at the ``^`` or ``$`` that it asks for."""

    is_refused: bool
    free: list[list[tuple[int, str]]] = field(default_factory=list)
    steps: list[list[tuple[Ranges, int]]] = field(default_factory=list)
    end: int = 0

    def new(self) -> int:
        if len(self.free) >= MAX_STATES:
            raise Unreadable("too many states")
        self.free.append([])
        self.steps.append([])
        return len(self.free) - 1

    def add(self, node: Node, start: int) -> int:
        """The state that the node's end leads to."""
        match node:
            case Chars(ranges):
                end = self.new()
                self.steps[start].append((ranges, end))
                return end
            case Sequence(parts):
                for part in parts:
                    start = self.add(part, start)
                return start
            case Either(branches):
                end = self.new()
                for branch in branches:
                    self.free[self.add(branch, self._after(start))].append((end, ""))
                return end
            case Repeat(part, least, most):
                return self._repeat(part, least, most, start)
            case Group(part, _):
                return self.add(part, start)
            case Edge(kind) if kind in "^$":
                end = self.new()
                self.free[start].append((end, kind))
                return end
            case Back():
                raise Unreadable("a back-reference is not regular")
        return start  # a look-around or word boundary in the middle: left to the judge

    def _after(self, start: int) -> int:
        state = self.new()
        self.free[start].append((state, ""))
        return state

    def _repeat(self, part: Node, least: int, most: int | None, start: int) -> int:
        for _ in range(least):
            start = self.add(part, start)
        if most is None or most - least > 300:
            loop = self._after(start)
            self.free[self.add(part, loop)].append((loop, ""))
            return self._after(loop)
        ends = [start]
        for _ in range(most - least):
            start = self.add(part, start)
            ends.append(start)
        last = self.new()
        for end in ends:
            self.free[end].append((last, ""))
        return last

    def closed(self, states: frozenset[int], edges: str) -> frozenset[int]:
        """With all that is reached without a character."""
        found, stack = set(states), list(states)
        while stack:
            for state, edge in self.free[stack.pop()]:
                if state not in found and edge in ("", *edges):
                    found.add(state)
                    stack.append(state)
        return frozenset(found)

    def step(self, states: frozenset[int], point: int) -> frozenset[int]:
        found = {
            end
            for state in states
            for ranges, end in self.steps[state]
            if any(low <= point <= high for low, high in ranges)
        }
        after = self.closed(frozenset(found), "")
        return frozenset((self.end,)) if self.end in after else after  # a match that was found stays found

    def accepts(self, states: frozenset[int], *, at_start: bool) -> bool:
        return self.end in self.closed(states, "^$" if at_start else "$")


def automaton(node: Node, *, is_refused: bool) -> Automaton:
    """Accepts the texts with a match anywhere in them."""
    made = Automaton(is_refused)
    start = made.new()
    made.steps[start].append((_ANY, start))
    end = made.add(node, made._after(start))
    made.end = made._after(end)
    made.steps[made.end].append((_ANY, made.end))
    return made


def _split(node: Node) -> Iterator[tuple[Node, bool]]:
    """The pattern and the look-aheads at its start, which are patterns of their own: ``^(?=.*[0-9]).{8,}$``."""
    parts = list(node.parts) if isinstance(node, Sequence) else [node]
    start = 1 if parts and parts[0] == Edge("^") else 0
    while start and len(parts) > 1 and isinstance(look := parts[1], Look) and look.is_ahead:
        yield Sequence((Edge("^"), look.part)), look.is_negative
        del parts[1]
    yield Sequence(tuple(parts)), False


def matching(
    patterns: list[str], refused: list[str], least: int, most: int | None, draw: Draw, wanted: int = 3
) -> Iterator[str]:
    """The shortest texts from ``least`` characters on that keep and refuse what they should."""
    try:
        trees = [(tree, negative) for pattern in patterns for tree, negative in _split(parse(pattern))]
        trees += [(parse(pattern), True) for pattern in refused]
        automata = [automaton(tree, is_refused=negative) for tree, negative in trees]
    except (Unreadable, RecursionError):
        return
    yield from _Walk(automata, draw).texts(least, most, wanted)


States = tuple[frozenset[int], ...]


class _Walk:
    """Walks breadth first, one character a round."""

    def __init__(self, automata: list[Automaton], draw: Draw) -> None:
        self.automata = automata
        self.draw = draw
        self.known: dict[States, list[tuple[str, States]]] = {}

    def texts(self, least: int, most: int | None, wanted: int) -> Iterator[str]:
        layer: dict[States, str] = {tuple(each.closed(frozenset((0,)), "^") for each in self.automata): ""}
        length = walked = 0
        while layer and walked < MAX_WALK and (most is None or length <= most):
            if length >= least:
                for states, text in layer.items():
                    if self._accepts(states, at_start=length == 0):
                        yield text
                        wanted -= 1
                        if wanted == 0:
                            return
            following: dict[States, str] = {}
            for states, text in layer.items():
                walked += 1 + sum(map(len, states)) // _CROWD
                for char, after in self._steps(states):
                    following.setdefault(after, text + char)
            layer, length = following, length + 1

    def _accepts(self, states: States, *, at_start: bool) -> bool:
        return all(
            each.accepts(mine, at_start=at_start) != each.is_refused
            for each, mine in zip(self.automata, states, strict=True)
        )

    def _steps(self, states: States) -> list[tuple[str, States]]:
        known = self.known.get(states)
        if known is None:
            known = []
            for char in self._chars(states):
                after = tuple(a.step(s, ord(char)) for a, s in zip(self.automata, states, strict=True))
                if all(_is_open(each, mine) for each, mine in zip(self.automata, after, strict=True)):
                    known.append((char, after))
            self.known[states] = known
        return known

    def _chars(self, states: States) -> list[str]:
        """A few characters that tell the ways on from here apart."""
        ranges: dict[Ranges, None] = {}
        for each, mine in zip(self.automata, states, strict=True):
            wanted = {r: None for state in sorted(mine) for r, _ in each.steps[state] if r != _ANY}
            ranges.update(dict.fromkeys(sorted(wanted, key=_width)[:MAX_RANGES]))  # a literal is harder to meet by luck
        some = list(ranges)
        atoms = [*some, *(_common(one, other) for i, one in enumerate(some) for other in some[:i])]
        atoms += [_common(one, inverted(other)) for one in some for other in some if one != other]
        atoms += [inverted(one) for one in some] if any(each.is_refused for each in self.automata) else []
        chars = [letter(atom, self.draw) for atom in atoms if atom]
        chars += list(_ORDINARY) if len(some) < 4 else list("a0A-")
        return list(dict.fromkeys(filter(None, chars)))[:MAX_CHARS]


def _is_open(automaton: Automaton, states: frozenset[int]) -> bool:
    """Whether the text may still become what the automaton wants."""
    return automaton.end not in states if automaton.is_refused else bool(states)


def _width(ranges: Ranges) -> int:
    return sum(high - low + 1 for low, high in ranges)


def _common(one: Ranges, other: Ranges) -> Ranges:
    return merged([(max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) <= min(b, d)])
