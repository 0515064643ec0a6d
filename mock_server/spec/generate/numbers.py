"""Numbers within bounds and steps, reckoned in fractions so that 0.01 is a hundredth."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, gcd, inf, lcm, nextafter

from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.shape import Shape

_WIDTHS = {"int8": 7, "int16": 15, "int32": 31, "int64": 63, "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64}
_FLOAT = Fraction(2) ** 127
_EXACT = 2**53
_LARGEST = Fraction(sys.float_info.max)
MAX_CANDIDATES = 20_000


def common_step(steps: list[Fraction]) -> Fraction:
    """The smallest number that is a multiple of every step.

    >>> common_step([Fraction("0.5"), Fraction("0.75")])
    Fraction(3, 2)
    """
    found = Fraction(1)
    for index, step in enumerate(steps):
        if index == 0:
            found = step
        else:
            found = Fraction(lcm(found.numerator, step.numerator), gcd(found.denominator, step.denominator))
    return found


def limits(shape: Shape, *, formats: bool = True) -> tuple[Fraction | None, Fraction | None]:
    """Lowest and highest, where ``format`` may narrow them (OAS format registry)."""
    low, high = shape.low, shape.high
    for name in shape.formats if formats else ():
        if name in _WIDTHS:
            lowest = Fraction(0 if name[0] == "u" else -(2 ** _WIDTHS[name]))
            highest = Fraction(2 ** _WIDTHS[name] - 1)
        elif name == "float":
            lowest, highest = -_FLOAT, _FLOAT
        else:
            continue
        low, high = lowest if low is None else max(low, lowest), highest if high is None else min(high, highest)
    return low, high


def step_of(shape: Shape, *, whole: bool) -> Fraction | None:
    """What the number is a multiple of; None where any number will do."""
    steps = [*shape.multiples, *([Fraction(1)] if whole else [])]
    return common_step(steps) if steps and all(step > 0 for step in steps) else None


def span(shape: Shape, step: Fraction, *, formats: bool = True) -> tuple[int | None, int | None]:
    """The lowest and the highest factor of ``step`` within the bounds."""
    low, high = limits(shape, formats=formats)
    first = None if low is None else ceil(low / step)
    last = None if high is None else floor(high / step)
    if first is not None and shape.low_open and first * step == shape.low:
        first += 1
    if last is not None and shape.high_open and last * step == shape.high:
        last -= 1
    return first, last


def numbers(
    shape: Shape, draw: Draw, *, whole: bool, usual: tuple[Fraction, Fraction], places: int
) -> Iterator[int | float]:
    """Numbers of the shape; first those between ``usual`` with so many decimal ``places``."""
    if any(step <= 0 for step in shape.multiples):
        return
    step = step_of(shape, whole=whole)
    fallback = [step] if step else [Fraction(1, 10**places), Fraction(1), *_fine(shape)]
    if step is None:
        yield from _beside_a_huge_edge(shape)
    for formats in (True, False) if shape.formats else (True,):
        for size in fallback:
            first, last = span(shape, size, formats=formats)
            if first is None or last is None or first <= last:
                yield from (_plain(factor * size) for factor in _factors(first, last, size, draw, usual))


def _beside_a_huge_edge(shape: Shape) -> Iterator[float]:
    """The very next float, where floats are further apart than whole numbers."""
    if shape.low is not None and shape.low_open and _EXACT < abs(shape.low) < _LARGEST:
        yield nextafter(float(shape.low), inf)
    elif shape.high is not None and shape.high_open and _EXACT < abs(shape.high) < _LARGEST:
        yield nextafter(float(shape.high), -inf)


def _fine(shape: Shape) -> list[Fraction]:
    """Steps for a space too narrow for hundredths, and for one with a hole at its edge."""
    if shape.low is None or shape.high is None or shape.low >= shape.high:
        edge = shape.low if shape.low is not None else shape.high
        return [abs(edge), abs(edge) / 1_000_000] if edge else []
    return [(shape.high - shape.low) / 4]


def _factors(
    first: int | None, last: int | None, step: Fraction, draw: Draw, usual: tuple[Fraction, Fraction]
) -> Iterator[int]:
    low, high = ceil(usual[0] / step), floor(usual[1] / step)
    low = low if first is None else max(low, first)
    high = high if last is None else min(high, last)
    if low > high:  # what is usual is not allowed: near the bound that is there
        low = first if first is not None else (last if last is not None else 0) - 100
        high = last if last is not None else low + 100
        high = min(high, low + 10_000) if first is not None else high
    start = draw.between(low, high)
    yield start
    for offset in range(1, MAX_CANDIDATES):  # the neighbours, for items that have to differ
        around = [each for each in (start + offset, start - offset) if _inside(each, first, last)]
        if not around:
            return
        yield from around


def _inside(factor: int, first: int | None, last: int | None) -> bool:
    return (first is None or factor >= first) and (last is None or factor <= last)


def _plain(value: Fraction) -> int | float:
    """An integer where it is one: ``5``, not ``5.0``; a float that is too big becomes an integer too."""
    return int(value) if value.denominator == 1 else float(value)
