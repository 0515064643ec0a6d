"""Which trace a request belongs to (W3C Trace Context §3.2)."""

from __future__ import annotations

import re

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
_LATER = re.compile(r"(?!00-)(?=.{56})(.{55})-")
"""A version after 00 may have more behind another dash (§3.2.4)."""


def traceparent(value: str | None) -> str | None:
    """The header's value where it keeps the form, else None: whoever gets a bad one ignores it (§3.2.2).

    >>> traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    """
    if value is None:
        return None
    later = _LATER.match(value)
    return value if _FORM.match(later[1] if later else value) else None
