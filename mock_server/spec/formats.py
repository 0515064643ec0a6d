"""The formats that requests are held to: those with one clear standard. Every other one is an annotation.

JSON Schema 2020-12 §7.2.1 leaves it open whether a ``format`` is judged; who sends ``yesterday`` for a ``date-time``
wants to hear of it. A false refusal is worse than a lenient answer, so where clients in wide use write more than
the standard has, that is taken too; each such place says so.

jsonschema-rs judges ``date-time date idn-email uri uri-reference iri iri-reference uri-template uuid ipv4 ipv6
json-pointer relative-json-pointer``. Here are the ones it has not, or is stricter about than the standard or the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from mock_server.later import regex

RANGE: Final = "x-mock-server-range"
"""The word that stands beside a numeric ``format`` in a cleaned tree; only validators of requests know it."""

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = regex(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = regex(rf'{_ATOM}(?:\.{_ATOM})*|"(?:[ !#-\[\]-~]|\\[ -~])*"')
_LITERAL = regex(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]", re.ASCII)
_TIME = regex(r"(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))?", re.ASCII)
_DURATION = regex(
    r"P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?", re.ASCII
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_DAY_S: Final = 24 * 60


def _is_hostname(text: str) -> bool:
    """RFC 1123 §2.1. The library also refuses ``r3---sn.example.com``, which is no A-label and yet a host's name."""
    return len(text) <= 254 and _HOSTNAME.fullmatch(text) is not None


def _is_mailbox(text: str) -> bool:
    """RFC 5321 §4.1.2, §4.5.3.1. The library also refuses ``a@b.XN--P1AI``, though case does not count in a domain."""
    local, _, domain = text.rpartition("@")
    if not 0 < len(local) <= 64 or not _LOCAL_PART.fullmatch(local):
        return False
    if domain.startswith("["):
        return _LITERAL.fullmatch(domain) is not None
    return not domain.endswith(".") and _is_hostname(domain)


def _is_time(text: str) -> bool:
    """RFC 3339 §5.6 ``full-time``; the offset may be missing, for opening hours have none and are written so."""
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    hour, minute, second = (int(found[group]) for group in (1, 2, 3))
    offset = 0
    if found[4]:
        if int(found[5]) > 23 or int(found[6]) > 59:
            return False
        offset = (int(found[5]) * 60 + int(found[6])) * (1 if found[4] == "+" else -1)
    if hour > 23 or minute > 59 or second > 60:
        return False
    # A leap second is at the end of a day in UTC (RFC 3339 §5.7).
    return second < 60 or (hour * 60 + minute - offset) % _DAY_S == _DAY_S - 1


def _is_duration(text: str) -> bool:
    """RFC 3339 appendix A; also ``PT1H1S``, ``P1Y1D`` and ``PT1.5S``, which Java and .NET write (ISO 8601)."""
    return _DURATION.fullmatch(text) is not None


def _is_base64(text: str) -> bool:
    """RFC 4648 §4 and §5, padded or not; line breaks are passed over as most decoders do."""
    bare = text.replace("\r", "").replace("\n", "") if "\n" in text else text
    if _BASE64.fullmatch(bare) is None:
        return False
    return len(bare) % 4 == 0 if bare.endswith("=") else len(bare) % 4 != 1


def _anything(_: str) -> bool:
    """Which regular expressions there are depends on the engine that is meant."""
    return True


TEXTS: Final[dict[str, Callable[..., bool]]] = {
    "email": _is_mailbox,
    "hostname": _is_hostname,
    "time": _is_time,
    "duration": _is_duration,
    "byte": _is_base64,
    "base64url": _is_base64,
    "regex": _anything,
    "idn-hostname": _anything,
}
"""Format -> whether a text has it; the library asks for texts only."""

RANGES: Final[dict[str, tuple[int, int]]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
"""Smallest and greatest number of a format (OAS 3.1 §4.4). A ``float`` may be rounded, so it has no such bound."""


def mark(schema: dict[str, Any]) -> None:
    """Put :data:`RANGE` beside a numeric format, in place, so that a validator of requests meets it."""
    name = schema.get("format")
    if isinstance(name, str) and name in RANGES:
        schema[RANGE] = name


class NumericRange:
    """The keyword :data:`RANGE`."""

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        self.name = str(value)
        self.low, self.high = RANGES[self.name]

    def validate(self, instance: Any) -> None:
        """Raises ``ValueError`` for a number out of the range; of nothing else a range says anything."""
        if isinstance(instance, int | float) and not self.low <= instance <= self.high:
            raise ValueError(self.name)


WRITTEN: Final[dict[str, str]] = {
    "date-time": "2024-05-01T12:00:00Z",
    "date": "2024-05-01",
    "time": "12:00:00Z",
    "duration": "PT15M",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "email": "name@example.com",
    "idn-email": "name@example.com",
    "hostname": "api.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/path",
    "uri-reference": "/path",
    "iri": "https://example.com/path",
    "byte": "aGVsbG8=",
    "base64url": "aGVsbG8",
    "json-pointer": "/items/0",
    **{name: f"from {low} to {high}" for name, (low, high) in RANGES.items()},
}
"""What a value of a format looks like, for what is said to people."""
