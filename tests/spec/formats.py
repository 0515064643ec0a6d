"""Whether a text is of a format, written from the RFCs and apart from the package: what the tests compare it with."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime
from urllib.parse import urlsplit
from uuid import UUID

_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)(\.\d+)?", re.ASCII)
_ZONE = re.compile(r"Z|[+-](\d\d):(\d\d)", re.ASCII)


def _date(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _clock(text: str) -> bool:
    found = _CLOCK.fullmatch(text)
    return found is not None and int(found[1]) < 24 and int(found[2]) < 60 and int(found[3]) < 60


def _time(text: str) -> bool:
    clock = _CLOCK.match(text)
    zone = _ZONE.fullmatch(text, clock.end()) if clock else None
    if not clock or not zone:
        return False
    return _clock(clock[0]) and (zone[0] == "Z" or (int(zone[1]) < 24 and int(zone[2]) < 60))


def _http_date(text: str) -> bool:
    try:
        when = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")
    except ValueError:
        return False
    return when.strftime("%a, %d %b %Y %H:%M:%S GMT") == text


def _label(text: str) -> bool:
    parts = text.split("-")
    return 1 <= len(text) <= 63 and bool(parts[0] and parts[-1]) and all(c.isalnum() or c == "-" for c in text)


def _hostname(text: str) -> bool:
    return text.isascii() and len(text) <= 253 and all(map(_label, text.split(".")))


def _email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    atoms = local.split(".")
    known = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
    return bool(at) and len(local) <= 64 and all(map(known.fullmatch, atoms)) and _hostname(domain) and len(text) <= 254


def _ip(version: int) -> Callable[[str], bool]:
    def of_version(text: str) -> bool:
        try:
            return ipaddress.ip_address(text).version == version
        except ValueError:
            return False

    return of_version


def _uri_reference(text: str) -> bool:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text) or not re.fullmatch(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*", text):
        return False
    try:
        urlsplit(text).port  # noqa: B018 (raises)
    except ValueError:
        return False
    return True


def _uri(text: str) -> bool:
    return _uri_reference(text) and re.match(r"[A-Za-z][A-Za-z0-9+.-]*:.", text) is not None


def _template(text: str) -> bool:
    bare = re.sub(r"\{[+#./;?&]?[A-Za-z0-9_]+(,[A-Za-z0-9_]+)*\*?\}", "", text)
    return not set(bare) & set('{}<>"\\^`| ')


def _uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _pointer(text: str) -> bool:
    return re.fullmatch(r"(/([^~/]|~[01])*)*", text, re.DOTALL) is not None


def _relative(text: str) -> bool:
    found = re.match(r"(0|[1-9][0-9]*)", text)
    return found is not None and (text[found.end() :] == "#" or _pointer(text[found.end() :]))


def _regex(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _byte(text: str) -> bool:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except binascii.Error:
        return False


def _base64url(text: str) -> bool:
    padded = text + "=" * (-len(text) % 4)
    try:
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True)
    except binascii.Error:
        return False
    return base64.urlsafe_b64encode(decoded).decode().rstrip("=") == text


def _integer(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(r"-?(0|[1-9][0-9]*)", text) is not None and low <= int(text) <= high


def _matches(pattern: str) -> Callable[[str], bool]:
    known = re.compile(pattern, re.ASCII)
    return lambda text: known.fullmatch(text) is not None


_REAL = _matches(r"-?\d+(\.\d+)?")
_DURATION = _matches(r"P(\d+W|(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)")
_ANY = _matches(r"(?s).*")
CHECKS: dict[str, Callable[[str], bool]] = {
    "date": _date,
    "time": _time,
    "date-time": lambda text: text[10:11] == "T" and _date(text[:10]) and _time(text[11:]),
    "date-time-local": lambda text: text[10:11] == "T" and _date(text[:10]) and _clock(text[11:]),
    "time-local": _clock,
    "http-date": _http_date,
    "duration": _DURATION,
    "email": _email,
    "idn-email": _email,
    "hostname": _hostname,
    "idn-hostname": _hostname,
    "ipv4": _ip(4),
    "ipv6": _ip(6),
    "uri": _uri,
    "iri": _uri,
    "uri-reference": _uri_reference,
    "iri-reference": _uri_reference,
    "uri-template": _template,
    "uuid": _uuid,
    "json-pointer": _pointer,
    "relative-json-pointer": _relative,
    "regex": _regex,
    "byte": _byte,
    "base64url": _base64url,
    "binary": _ANY,
    "char": lambda text: len(text) == 1,
    "password": _ANY,
    "commonmark": _ANY,
    "html": _ANY,
    "media-range": _matches(r"(\*/\*|[\w.+-]+/(\*|[\w.+-]+))( ?; ?[\w.+-]+=[\w.+-]+)*"),
    "int8": _integer(-(2**7), 2**7 - 1),
    "int16": _integer(-(2**15), 2**15 - 1),
    "int32": _integer(-(2**31), 2**31 - 1),
    "int64": _integer(-(2**63), 2**63 - 1),
    "uint8": _integer(0, 2**8 - 1),
    "uint16": _integer(0, 2**16 - 1),
    "uint32": _integer(0, 2**32 - 1),
    "uint64": _integer(0, 2**64 - 1),
    "double-int": _integer(-(2**53) + 1, 2**53 - 1),
    "float": _REAL,
    "double": _REAL,
    "decimal": _REAL,
    "decimal128": _REAL,
    "sf-boolean": _matches(r"\?[01]"),
    "sf-integer": _matches(r"-?\d{1,15}"),
    "sf-decimal": _matches(r"-?\d{1,12}\.\d{1,3}"),
    "sf-token": _matches(r"[A-Za-z*][!#$%&'*+.^_`|~:/A-Za-z0-9-]*"),
    "sf-string": _matches(r'"([ !#-\[\]-~]|\\["\\])*"'),
    "sf-binary": lambda text: len(text) > 1 and text[0] == text[-1] == ":" and _byte(text[1:-1]),
}
