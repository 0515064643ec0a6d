"""Whether any text keeps some patterns at all: their automata walked together, over every character that matters.

A look-around, which the automata do not know, is left out. That allows more texts and never fewer, so "none" is
always true; where the walk would be long, nothing is said.
"""

from __future__ import annotations

from functools import lru_cache

from mock_server.later import regex
from mock_server.spec.generate.automaton import Automaton, automaton
from mock_server.spec.generate.expression import Unreadable, parse

MAX_VISITED = 2_000
MAX_POINTS = 200
_UNREAD = regex(r"\(\?[a-z]*[mx]|\\u[dD][89a-fA-F]")
"""Flags that change what ``^`` and a space mean, and halves of characters."""
_PROPERTY = regex(r"\\[pP]")
"""Of a property a few characters are known, which is enough for one pattern and too few for two that meet."""
_States = tuple[frozenset[int], ...]


@lru_cache(maxsize=4_096)
def no_text(patterns: tuple[str, ...], least: int, most: int | None) -> bool:
    """Whether it is certain that no text of ``least`` to ``most`` characters matches all of the patterns.

    >>> no_text(("^a$",), 2, None), no_text(("^a", "b$"), 0, 2)
    (True, False)
    """
    if any(_UNREAD.search(pattern) for pattern in patterns):
        return False
    if len(patterns) > 1 and any(_PROPERTY.search(pattern) for pattern in patterns):
        return False
    try:
        automata = [automaton(parse(pattern), is_refused=False) for pattern in patterns]
        return not _may_match(automata, least, most)
    except (Unreadable, RecursionError):
        return False


def _may_match(automata: list[Automaton], least: int, most: int | None) -> bool:
    """Breadth first, one character a round. True when a text is found, and when the walk is given up."""
    layer: set[_States] = {tuple(each.closed(frozenset((0,)), "^") for each in automata)}
    seen: set[_States] = set()
    length = visited = 0
    while layer and (most is None or length <= most):
        if length >= least:
            if any(_accepts(automata, states, length) for states in layer):
                return True
            layer -= seen  # from here on the length of the text does not matter any more
            seen |= layer
        following: set[_States] = set()
        for states in layer:
            visited += 1
            points = _points(automata, states)
            if visited > MAX_VISITED or len(points) > MAX_POINTS:
                return True
            following.update(
                tuple(each.step(mine, point) for each, mine in zip(automata, states, strict=True)) for point in points
            )
        layer = {states for states in following if all(states)}
        length += 1
    return False


def _accepts(automata: list[Automaton], states: _States, length: int) -> bool:
    return all(each.accepts(mine, at_start=length == 0) for each, mine in zip(automata, states, strict=True))


def _points(automata: list[Automaton], states: _States) -> list[int]:
    """One character out of every stretch in which all characters lead on alike."""
    edges = {0}
    for each, mine in zip(automata, states, strict=True):
        for low, high in (edge for state in mine for ranges, _ in each.steps[state] for edge in ranges):
            edges |= {low, high + 1}
    return sorted(edges)
