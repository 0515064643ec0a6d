"""Recognising the hour of an answer among its values: what would be another one next time is said by a template."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

WINDOW_S = 5.0
"""So near to the answer's own hour a time is taken for now."""
_FAR = 10**15
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z")
_HTTP = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\Z")


def hour_template(value: Any, at: float) -> str | None:
    """``now.iso`` for a time of that hour, ``at`` in Unix seconds, 0 = nobody knows; None for what is none.

    >>> hour_template("2023-11-14T22:13:21.5+00:00", 1_700_000_000), hour_template(1_700_000_001, 1_700_000_000)
    ('now.iso_ms', 'now.unix')
    """
    if not at or isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        if not 0 < value < _FAR:
            return None
        if abs(value - at) <= WINDOW_S:
            return "now.unix"
        return "now.unix_ms" if abs(value / 1000 - at) <= WINDOW_S else None
    found = _INSTANT.match(value)
    try:
        if found:
            seconds = datetime.fromisoformat(value.upper()).timestamp()
            word = "now.iso_ms" if found[1] else "now.iso"
        elif _HTTP.match(value):
            seconds = datetime.strptime(value, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).timestamp()
            word = "now.http"
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return word if abs(seconds - at) <= WINDOW_S else None
