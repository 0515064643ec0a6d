"""Which media type a client accepts (RFC 9110 §12.5.1). What cannot be read is passed over.

Linear in the length of the header, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from mock_server.later import regex
from mock_server.named import NamedTuple

_QUALITY = regex(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z")
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  (RFC 9110 §5.6.2)
_RANGE = regex(rf"(?:\*/\*|(?!\*){_TOKEN}/(?:\*|(?!\*){_TOKEN}))\Z")
_PARTS = regex(r'(?:[^",;]|"(?:[^"\\]|\\.)*"?)+|[,;]', re.DOTALL)
MAX_PARAMETERS = 4
"""Of a documented media type, compared one by one; further ones must all be there or none."""

Parameters = frozenset[tuple[str, str]]
_NONE: Parameters = frozenset()


class MediaName(NamedTuple):
    """``application/json;v=1`` is ``MediaName("application/json", frozenset({("v", "1")}))``."""

    essence: str
    parameters: Parameters


Accepted = Mapping[str, Mapping[Parameters, float]]
"""Essence or range -> parameters -> quality: ``{"text/*": {frozenset(): 0.5}}``."""


def read_accept(header: str) -> Accepted:
    """What is accepted; empty when nothing could be read, which means anything.

    >>> read_accept("text/html;level=1, text/*;q=0.5, ;, a/b;q=x")
    {'text/html': {frozenset({('level', '1')}): 1.0}, 'text/*': {frozenset(): 0.5}}
    """
    found: dict[str, dict[Parameters, float]] = {}
    for entry in _entries(header):
        essence = entry[0].strip().lower()
        essence = "*/*" if essence == "*" else essence  # old Java clients say "*; q=.2"
        quality = _quality(entry)
        if quality is None or not _RANGE.match(essence):
            continue
        # setdefault: of two equal ranges the first counts
        found.setdefault(essence, {}).setdefault(_parameters(entry), quality)
    return found


def _entries(header: str) -> list[list[str]]:
    """``a/b;q=1, c/d`` as ``[["a/b", "q=1"], [" c/d"]]``; quoted strings are kept whole."""
    entries: list[list[str]] = [[""]]
    for part in _PARTS.findall(header):
        if part == ",":
            entries.append([""])
        elif part == ";":
            entries[-1].append("")
        else:
            entries[-1][-1] = part
    return entries


def _quality(entry: list[str]) -> float | None:
    """The weight, 1.0 without one; None when it cannot be read."""
    for part in entry[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "q":
            return float(value) if _QUALITY.match(value := value.strip()) else None
    return 1.0


def _parameters(entry: list[str]) -> Parameters:
    """Parameters of the media type. UTF-8 is what we send, so asking for it restricts nothing."""
    found = set()
    for part in entry[1:]:
        name, equals, value = part.partition("=")
        pair = (name.strip().lower(), value.strip().strip('"').lower())
        if pair[0] == "q":
            break  # RFC 9110 §12.5.1: what follows the weight is no parameter of the media type
        if equals and pair not in (("charset", "utf-8"), ("charset", "utf8")):
            found.add(pair)
    return frozenset(found)


def read_media_name(text: str) -> MediaName:
    """A media type of the document."""
    entry = (_entries(text) or [[""]])[0]
    return MediaName(entry[0].strip().lower(), _parameters(entry))


def best(accepted: Accepted, offered: Sequence[str]) -> int | None:
    """The index of the media type to send, None when none is accepted. Of equals the first wins."""
    names = [read_media_name(each) for each in offered]
    versioned = {name.essence for name in names if name.parameters}
    found: list[tuple[float, int]] = []
    for index, name in enumerate(names):
        quality = _quality_of(accepted, name, strict=name.essence in versioned)
        if quality > 0:
            found.append((-quality, index))
    if found:
        return min(found)[1]
    related = [(-_related(accepted, name), index) for index, name in enumerate(names) if _related(accepted, name) > 0]
    return min(related)[1] if related else None


def _quality_of(accepted: Accepted, name: MediaName, *, strict: bool) -> float:
    """By the most specific range that fits (RFC 9110 §12.5.1); 0 when none does.

    Where the document gives a type no parameters, those of a range are no reason to refuse it.
    """
    exact = accepted.get(name.essence)
    if exact:
        for parameters in _subsets(name.parameters):
            if parameters in exact:
                return exact[parameters]
        if not strict and (quality := max(exact.values())) > 0:
            return quality
    for wide in (f"{name.essence.partition('/')[0]}/*", "*/*"):
        if wide in accepted:
            return max(accepted[wide].values())
    return 0.0


def _subsets(parameters: Parameters) -> list[Parameters]:
    """Most specific first."""
    if len(parameters) > MAX_PARAMETERS:
        return [parameters, _NONE]
    sizes = range(len(parameters), -1, -1)
    return [frozenset(each) for size in sizes for each in combinations(sorted(parameters), size)]


def _related(accepted: Accepted, name: MediaName) -> float:
    """A reader of JSON can read ``a/b+json``, and one of ``a/b+json`` has a use for plain JSON (RFC 6839 §3.1)."""
    if name.parameters or name.essence in accepted:
        return 0.0
    if name.essence.endswith("+json"):
        return max(accepted.get("application/json", {}).values(), default=0.0)
    if name.essence == "application/json":
        each = [max(found.values()) for essence, found in accepted.items() if essence.endswith("+json")]
        return max(each, default=0.0)
    return 0.0
