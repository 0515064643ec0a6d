"""The grammar of each ``format`` as a pattern, and whether a text is of a format.

The patterns describe a part of what a format allows: every text that matches one is of the format but for
lengths (a label of a host name has 63 characters at most), which the check looks at. So a pattern of the
document and a format are two patterns to be kept at once.
"""

from __future__ import annotations

from functools import lru_cache

from mock_server.spec.generate.expression import Node, Unreadable, parse
from mock_server.spec.schema import has_format, has_match

_DAY = (
    r"(?:0[1-9]|[1-9]\d)\d\d-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31)"
)
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_HEX = "[0-9A-Fa-f]"
_QUAD = f"{_HEX}{{1,4}}"
_IPV6 = "|".join(
    (
        f"(?:{_QUAD}:){{7}}{_QUAD}",
        *(f"(?:{_QUAD}:){{1,{left}}}(?::{_QUAD}){{1,{7 - left}}}" for left in range(1, 7)),
        f"(?:{_QUAD}:){{1,7}}:",
        f":(?::{_QUAD}){{1,7}}",
        "::",
        f"::ffff:{_IPV4}",
    )
)
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_LOCAL = r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*"
_SEGMENT = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*"
_END = rf"(?:/{_SEGMENT})*(?:\?{_SEGMENT})?(?:#{_SEGMENT})?"
_URI = rf"[A-Za-z][A-Za-z0-9+.-]*:(?://{_HOST}(?::[1-9]\d{{0,3}})?{_END}|[A-Za-z0-9]{_SEGMENT}{_END}|/{_SEGMENT}{_END})"
_RELATIVE = rf"(?:[A-Za-z0-9._~-]+{_END}|/[A-Za-z0-9._~-]+{_END}|/)"
_TOKENS = r"(?:/(?:[A-Za-z0-9._ -]|~[01])*)*"
_TIME_OF = r"T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)"
_BASE64 = "[A-Za-z0-9+/]"
_BYTE = f"(?:{_BASE64}{{4}})*(?:{_BASE64}{{4}}|{_BASE64}[AQgw]==|{_BASE64}{{2}}[AEIMQUYcgkosw048]=)"
_URL_SAFE = "[A-Za-z0-9_-]"
_REAL = r"-?(?:0|[1-9]\d*)(?:\.\d+)?"
_PLAIN = "[A-Za-z0-9!#$&^_.+-]+"


def _whole(digits: int, sign: str = "-?") -> str:
    return rf"{sign}[1-9]\d{{0,{digits - 1}}}|0"


GRAMMARS: dict[str, str] = {
    "date": _DAY,
    "time": _CLOCK + _ZONE,
    "date-time": f"(?:{_DAY})T{_CLOCK}{_ZONE}",
    "date-time-local": f"(?:{_DAY})T{_CLOCK}",
    "time-local": _CLOCK,
    "year-month": r"\d{4}-(?:0[1-9]|1[0-2])",
    "duration": rf"P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)(?:{_TIME_OF})?|{_TIME_OF})",
    "email": rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})+",
    "idn-email": rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})+",
    "hostname": _HOST,
    "idn-hostname": _HOST,
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "uri": _URI,
    "url": rf"https?://{_HOST}(?::[1-9]\d{{0,3}})?{_END}",
    "iri": _URI,
    "uri-reference": rf"{_URI}|{_RELATIVE}|",
    "iri-reference": rf"{_URI}|{_RELATIVE}|",
    "uri-template": r"(?:[A-Za-z0-9._~:/?#@!$&()*+,;=-]|\{[a-z][a-z0-9_]*\})*",
    "uuid": rf"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}",
    "json-pointer": _TOKENS,
    "relative-json-pointer": rf"(?:0|[1-9]\d*)(?:#|{_TOKENS})",
    "regex": "[A-Za-z0-9 _@/-]*",
    "byte": f"{_BYTE}|",
    "base64url": f"(?:{_URL_SAFE}{{4}})*(?:{_URL_SAFE}[AQgw]|{_URL_SAFE}{{2}}[AEIMQUYcgkosw048])?",
    "char": r"[\s\S]",
    "int8": _whole(2),
    "int16": _whole(4),
    "int32": _whole(9),
    "int64": _whole(18),
    "uint8": _whole(2, ""),
    "uint16": _whole(4, ""),
    "uint32": _whole(9, ""),
    "uint64": _whole(19, ""),
    "double-int": _whole(15),
    "float": _REAL,
    "double": _REAL,
    "decimal": _REAL,
    "decimal128": _REAL,
    "media-range": rf"(?:\*/\*|{_PLAIN}/(?:\*|{_PLAIN}))(?:; ?{_PLAIN}={_PLAIN})*",
    "sf-boolean": r"\?[01]",
    "sf-integer": r"-?\d{1,15}",
    "sf-decimal": r"-?\d{1,12}\.\d{1,3}",
    "sf-token": r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*",
    "sf-string": r'"[ !#-\[\]-~]*"',
    "sf-binary": f":(?:{_BYTE})?:",
}
"""Without their ends: :func:`pattern_of` ties them to the whole text."""
LENGTHS: dict[str, tuple[int, int | None]] = {
    "date": (10, 10),
    "date-time": (20, None),
    "time": (9, None),
    "uuid": (36, 36),
    "ipv4": (7, 15),
    "ipv6": (2, 45),
    "email": (3, 320),
    "hostname": (1, 255),
    "duration": (3, None),
    "uri": (2, None),
    "char": (1, 1),
}
"""How short and how long the texts of a format can be at all; those that are left out know no such bounds."""
_OURS = frozenset(
    (
        *("byte", "base64url", "char", "date-time-local", "time-local", "media-range"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "double-int"),
        *("float", "double", "decimal", "decimal128"),
        *("sf-boolean", "sf-integer", "sf-decimal", "sf-token", "sf-string", "sf-binary"),
    )
)
"""Of the OpenAPI format registry: the validator does not know these."""
_ALIASES = {
    "datetime": "date-time",
    "full-date": "date",
    "url": "uri",
    "link": "uri",
    "href": "uri",
    "guid": "uuid",
    "ip": "ipv4",
    "domain": "hostname",
    "fqdn": "hostname",
    "base64": "byte",
}


def canonical(name: str) -> str:
    """The name that the registries have for a format: ``date_time`` and ``DateTime`` are ``date-time``."""
    name = name.lower().replace("_", "-")
    return _ALIASES.get(name, name)


def pattern_of(name: str) -> str | None:
    """The pattern of a format, or None where any text will do."""
    found = GRAMMARS.get(canonical(name))
    return None if found is None else f"^(?:{found})$"


@lru_cache(maxsize=256)
def tree_of(name: str) -> Node | None:
    pattern = pattern_of(name)
    try:
        return parse(pattern) if pattern is not None else None
    except Unreadable:
        return None


def is_of_format(name: str, text: str) -> bool:
    """Whether a text is of a format; every text is of a format that nobody defines, or that binds nobody."""
    if name in _OURS:
        return has_match(pattern_of(name) or "", text)
    return has_format(name, text)


def can_be(name: str, least: int, most: int | None) -> bool:
    """Whether a format has texts of these lengths at all; True where that is not known."""
    shortest, longest = LENGTHS.get(canonical(name), (0, None))
    return (most is None or most >= shortest) and (longest is None or least <= longest)
