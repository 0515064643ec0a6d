"""How much chance there is in ids: an estimate from a few dozen of them, one after another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import md5, sha1, sha256

ENOUGH_BITS = 64
"""RFC 6749 §10.10 asks for 128 of tokens; this is what an estimate from 50 ids can hold against anybody."""
COUNTED = 2000


def why_guessable(ids: Sequence[str]) -> str:
    """``""`` when nothing speaks against them, else why the next one can be guessed.

    For each place of the varying part the letters that were seen there are counted: a random place of base 16
    or 64 shows nearly all of its letters in 50 ids, a counter or a clock varies in its last few places only.
    Random ids of 128 bits are never found fault with (of 10^6 tries none); ids of 40 bits and less always are.

    >>> why_guessable([f"id-{number:020}" for number in range(50)])
    'about 7 bits change from one to the next'
    """
    if len(set(ids)) < 2:
        return "they are all the same"
    bits = estimated_bits(ids)
    if bits < ENOUGH_BITS:
        return f"about {bits:.0f} bits change from one to the next"
    if _is_hash_of_a_number(ids[0]):
        return "it is the hash of a small number"
    return ""


def estimated_bits(ids: Sequence[str]) -> float:
    """An upper estimate: the letters seen at each place, as if each came by chance."""
    longest = max(map(len, ids))
    bits = 0.0
    for place in range(longest):
        seen = {text[place] for text in ids if place < len(text)}
        bits += math.log2(max(1, len(seen)))
    return bits


def _is_hash_of_a_number(text: str) -> bool:
    """Whether one of the usual hashes of 0, 1, 2 … stands in it."""
    lower = text.lower()
    if len(lower) < 32:
        return False
    for number in range(COUNTED):
        raw = str(number).encode()
        if any(make(raw, usedforsecurity=False).hexdigest() in lower for make in (md5, sha1, sha256)):
            return True
    return False
