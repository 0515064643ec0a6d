"""Chance that is the same on every machine: numbers out of a seed and a place.

``random`` and ``hash()`` differ between versions and processes; BLAKE2 (RFC 7693) and splitmix64 do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


class Draw:
    """A row of numbers for one place of one body. Seed 0 is the plain one: see :attr:`plain`."""

    __slots__ = ("_state", "plain")

    def __init__(self, seed: int, place: str) -> None:
        self._state = int.from_bytes(blake2b(f"{seed}\n{place}".encode("utf-8", "replace"), digest_size=8).digest())
        self.plain = seed == 0
        """Of several choices the first is taken, and everything optional is there."""

    def below(self, limit: int) -> int:
        """A number from 0 to ``limit - 1``; splitmix64, and more than one round where 64 bits are not enough."""
        number = self._next()
        for _ in range(limit.bit_length() // 64):
            number = number << 64 | self._next()
        return number % limit

    def between(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def digits(self, count: int, alphabet: str = "0123456789") -> str:
        """``count`` characters of the alphabet."""
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(count))

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _MASK
        return mixed ^ mixed >> 31
