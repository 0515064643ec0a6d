"""Texts of a format that are as long as they should be: words spliced into the part that may grow."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

from mock_server.named import NamedTuple
from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.formats import date_time, time
from mock_server.spec.generate.grammar import canonical
from mock_server.spec.generate.words import NOUNS, SENTENCES

_MAX_LABEL = 63
_MAX_LOCAL = 64
_NATURAL = 12


class Frame(NamedTuple):
    """What stands around the words, and between them: ``https://example.com/`` ``/`` and nothing."""

    before: str
    between: str
    after: str


_FRAMES: dict[str, tuple[Frame, ...]] = {
    "uri": (Frame("https://example.com/", "/", ""), Frame("https://", "-", ".io"), Frame("urn:", "-", "")),
    "uri-reference": (Frame("/", "/", ""), Frame("", "-", "")),
    "uri-template": (Frame("https://example.com/", "/", "/{id}"), Frame("/", "/", "/{id}"), Frame("/", "/", "")),
    "json-pointer": (Frame("/", "/", ""),),
    "relative-json-pointer": (Frame("0/", "/", ""),),
    "regex": (Frame("^", "-", "$"), Frame("", "-", "")),
    "html": (Frame("<p>", " ", "</p>"), Frame("", " ", "")),
    "password": (Frame("", "-", ""),),
    "commonmark": (Frame("", " ", ""),),
    "markdown": (Frame("**", " ", "**"), Frame("", " ", "")),
    "slug": (Frame("", "-", ""),),
    "hostname": (Frame("", "-", ".example.com"), Frame("", "-", ".io"), Frame("", "-", "")),
    "email": (Frame("", ".", "@example.com"), Frame("", ".", "@ex.io"), Frame("", ".", "@b.co")),
}
_FRAMES |= {"iri": _FRAMES["uri"], "iri-reference": _FRAMES["uri-reference"], "idn-email": _FRAMES["email"]}
_FRAMES |= {"idn-hostname": _FRAMES["hostname"]}


def sized(name: str, draw: Draw, least: int, most: int | None) -> Iterator[str]:
    """Texts that should be of the format and of this length, the likeliest first; the caller looks at each."""
    name = canonical(name)
    for frame in _FRAMES.get(name, ()):
        around = len(frame.before) + len(frame.after)
        target = max(least, around + _NATURAL)
        target = target if most is None else min(target, most)
        if target > around:
            yield frame.before + _words(draw, target - around, frame.between) + frame.after
    if make := _GROWING.get(name):
        yield from make(draw, least, most)


def _words(draw: Draw, size: int, between: str) -> str:
    """Words of exactly ``size`` characters together."""
    found: list[str] = []
    left = size + len(between)
    while left > 0:
        found.append(draw.one_of(NOUNS))
        left -= len(found[-1]) + len(between)
    text = between.join(found)[:size]
    return text[:-1] + "s" if between and text.endswith(between) else text


def _email(draw: Draw, least: int, most: int | None) -> Iterator[str]:
    """Beyond 64 characters before the ``@`` the domain grows (RFC 5321 §4.5.3.1)."""
    after = least - _MAX_LOCAL - 1
    if after > 4:
        yield f"{_words(draw, _MAX_LOCAL, '.')}@{_labels(draw, after)}"


def _hostname(draw: Draw, least: int, most: int | None) -> Iterator[str]:
    yield _labels(draw, least)


def _labels(draw: Draw, size: int) -> str:
    """A host name of ``size`` characters, its labels of 63 at most (RFC 1035 §2.3.4)."""
    size = max(size, 5)
    count = (size - 4) // (_MAX_LABEL + 1) + 1
    spare = size - 3 - count  # less the dots and the `com` at the end
    lengths = [spare // count + (index < spare % count) for index in range(count)]
    return ".".join([*(_words(draw, max(length, 1), "-") for length in lengths), "com"])


def _byte(draw: Draw, least: int, most: int | None) -> Iterator[str]:
    size = -(-max(least, 4) // 4) * 4
    natural = max(size, 12 if most is None else min(12, most // 4 * 4))
    text = " ".join([draw.one_of(SENTENCES)] * (natural // 24 + 1))
    yield base64.b64encode(text.encode()[: natural // 4 * 3]).decode()


def _base64url(draw: Draw, least: int, most: int | None) -> Iterator[str]:
    """Without padding: four characters for three bytes, two or three for the rest."""
    for size in range(least, least + 3):
        bytes_of = size * 3 // 4
        text = " ".join([draw.one_of(SENTENCES)] * (bytes_of // 24 + 1))
        yield base64.urlsafe_b64encode(text.encode()[:bytes_of]).decode().rstrip("=")


def _fraction(make: Callable[[Draw], str]) -> Callable[[Draw, int, int | None], Iterator[str]]:
    """Fractions of a second may have as many digits as one likes (RFC 3339 §5.6)."""

    def grown(draw: Draw, least: int, most: int | None) -> Iterator[str]:
        text = make(draw)
        yield f"{text[:-1]}+00:00"
        digits = least - len(text) - 1
        if digits > 0:
            yield f"{text[:-1]}.{draw.digits(digits)}Z"
        yield f"{text[:-1]}.{draw.digits(3)}Z"

    return grown


def _digits(draw: Draw, least: int, most: int | None) -> Iterator[str]:
    size = max(least, min(3, most if most is not None else 3), 1)
    yield draw.digits(1, "123456789") + draw.digits(size - 1)


def _duration(draw: Draw, least: int, most: int | None) -> Iterator[str]:
    if least > 3:
        yield f"PT{draw.digits(1, '123456789')}{draw.digits(least - 4)}M"
    yield f"P{draw.between(1, 9)}D"


_GROWING: dict[str, Callable[[Draw, int, int | None], Iterator[str]]] = {
    "email": _email,
    "idn-email": _email,
    "hostname": _hostname,
    "idn-hostname": _hostname,
    "byte": _byte,
    "base64url": _base64url,
    "date-time": _fraction(date_time),
    "time": _fraction(time),
    "duration": _duration,
    **dict.fromkeys(("int32", "int64", "uint32", "uint64", "double", "float", "decimal", "decimal128"), _digits),
}
