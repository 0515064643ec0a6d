"""Texts of a ``format``: JSON Schema 2020-12 Validation §7.3 and the OpenAPI format registry, and some more."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable
from uuid import UUID

from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.words import (
    ADJECTIVES,
    COLORS,
    COUNTRIES,
    CURRENCIES,
    DOMAINS,
    FIRST_NAMES,
    LANGUAGES,
    LAST_NAMES,
    LOCALES,
    NOUNS,
    SENTENCES,
    TIMEZONES,
)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEX = "0123456789abcdef"
_OPAQUE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def word(draw: Draw) -> str:
    return draw.one_of(NOUNS)


def slug(draw: Draw) -> str:
    return f"{draw.one_of(ADJECTIVES)}-{draw.one_of(NOUNS)}"


def date(draw: Draw, first: int = 2023, last: int = 2025) -> str:
    return f"{draw.between(first, last)}-{draw.between(1, 12):02}-{draw.between(1, 28):02}"


def time(draw: Draw) -> str:
    return f"{draw.between(6, 21):02}:{draw.below(60):02}:{draw.below(60):02}Z"


def date_time(draw: Draw) -> str:
    return f"{date(draw)}T{time(draw)}"


def http_date(draw: Draw) -> str:
    """RFC 9110 §5.6.7, with the right day of the week."""
    day = datetime.date.fromisoformat(date(draw))
    names = _DAYS[day.weekday()], _MONTHS[day.month - 1]
    return f"{names[0]}, {day.day:02} {names[1]} {day.year} {time(draw)[:-1]} GMT"


def email(draw: Draw) -> str:
    return f"{draw.one_of(FIRST_NAMES)}.{draw.one_of(LAST_NAMES)}@{draw.one_of(DOMAINS)}".lower()


def url(draw: Draw) -> str:
    return f"https://{draw.one_of(DOMAINS)}/{draw.one_of(NOUNS)}/{slug(draw)}"


def uuid(draw: Draw) -> str:
    """Version 4, variant 10 (RFC 9562 §5.4)."""
    return str(UUID(int=draw.below(1 << 128), version=4))


def opaque(draw: Draw) -> str:
    return draw.digits(24, _OPAQUE)


def hexadecimal(draw: Draw) -> str:
    return draw.digits(32, _HEX)


def base64_text(draw: Draw) -> str:
    return base64.b64encode(draw.one_of(SENTENCES)[:24].strip().encode()).decode()


def phone(draw: Draw) -> str:
    """E.164, out of the range that the USA keep for fiction (555-0100 to 555-0199)."""
    return f"+1{draw.between(201, 989)}55501{draw.digits(2)}"


def color(draw: Draw) -> str:
    return "#" + draw.digits(6, _HEX)


def version(draw: Draw) -> str:
    return f"{draw.between(1, 4)}.{draw.below(13)}.{draw.below(10)}"


def ipv4(draw: Draw) -> str:
    """RFC 5737, the range for documentation."""
    return f"192.0.2.{draw.between(1, 254)}"


def ipv6(draw: Draw) -> str:
    """RFC 3849, the range for documentation."""
    return f"2001:db8::{draw.between(1, 0xFFFF):x}"


def mac(draw: Draw) -> str:
    return "02:" + ":".join(draw.digits(2, _HEX) for _ in range(5))


def card(draw: Draw) -> str:
    """A number that Luhn's check digit fits, beginning like the test cards of payment providers."""
    digits = "424242424242" + draw.digits(3)
    doubled = [int(each) * (2 - index % 2) for index, each in enumerate(digits)]
    return digits + str(-sum(each - 9 * (each > 9) for each in doubled) % 10)


def iban(draw: Draw) -> str:
    """A German one with right check digits (ISO 13616, MOD 97-10)."""
    account = "37040044" + draw.digits(10)
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def isbn(draw: Draw) -> str:
    digits = "978" + draw.digits(9)
    return digits + str(-sum(int(each) * (1 + 2 * (index % 2)) for index, each in enumerate(digits)) % 10)


def hostname(draw: Draw) -> str:
    return f"{draw.one_of(NOUNS)}.{draw.one_of(DOMAINS)}"


def country_code(draw: Draw) -> str:
    return draw.one_of(COUNTRIES)[1]


def time_zone(draw: Draw) -> str:
    return draw.one_of(TIMEZONES)


def locale(draw: Draw) -> str:
    return draw.one_of(LOCALES)


def currency(draw: Draw) -> str:
    return draw.one_of(CURRENCIES)


def language(draw: Draw) -> str:
    return draw.one_of(LANGUAGES)


FORMATS: dict[str, Callable[[Draw], str]] = {
    "date-time": date_time,
    "datetime": date_time,
    "timestamp": date_time,
    "date": date,
    "time": time,
    "full-date": date,
    "partial-time": lambda draw: time(draw)[:-1],
    "http-date": http_date,
    "date-time-local": lambda draw: date_time(draw)[:-1],
    "time-local": lambda draw: time(draw)[:-1],
    "duration": lambda draw: f"PT{draw.between(1, 59)}M",
    "year-month": lambda draw: date(draw)[:7],
    "email": email,
    "idn-email": email,
    "hostname": hostname,
    "idn-hostname": hostname,
    "domain": hostname,
    "fqdn": hostname,
    "ipv4": ipv4,
    "ip": ipv4,
    "ipv6": ipv6,
    "cidr": lambda draw: "192.0.2.0/24",
    "ipv4-cidr": lambda draw: "192.0.2.0/24",
    "uri": url,
    "url": url,
    "iri": url,
    "uri-reference": lambda draw: "/" + slug(draw),
    "link": url,
    "href": url,
    "iri-reference": lambda draw: "/" + slug(draw),
    "uri-template": lambda draw: f"https://example.com/{word(draw)}/{{id}}",
    "uuid": uuid,
    "guid": uuid,
    "uuid4": uuid,
    "ulid": lambda draw: "0" + draw.digits(25, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
    "objectid": lambda draw: draw.digits(24, _HEX),
    "byte": base64_text,
    "base64": base64_text,
    "base64url": lambda draw: encoded(word(draw), "base64url"),
    "binary": word,
    "password": lambda draw: "correct-horse-" + draw.digits(4),
    "regex": lambda draw: "^[a-z]+$",
    "json-pointer": lambda draw: f"/{word(draw)}/0",
    "relative-json-pointer": lambda draw: f"0/{word(draw)}",
    "json-pointer-uri-fragment": lambda draw: f"#/{word(draw)}",
    "int8": lambda draw: str(draw.below(100)),
    "int16": lambda draw: str(draw.below(1_000)),
    "uint8": lambda draw: str(draw.below(200)),
    "uint16": lambda draw: str(draw.below(1_000)),
    "uint32": lambda draw: str(draw.below(1_000)),
    "uint64": lambda draw: str(draw.between(10**9, 10**12)),
    "double-int": lambda draw: str(draw.below(1_000)),
    "decimal128": lambda draw: f"{draw.below(999)}.{draw.digits(4)}",
    "sf-boolean": lambda draw: f"?{draw.below(2)}",
    "sf-integer": lambda draw: str(draw.below(1_000)),
    "sf-decimal": lambda draw: f"{draw.below(999)}.{draw.between(1, 9)}",
    "sf-token": word,
    "sf-string": lambda draw: f'"{word(draw)}"',
    "sf-binary": lambda draw: f":{base64_text(draw)}:",
    "int32": lambda draw: str(draw.below(1_000)),
    "int64": lambda draw: str(draw.between(10**9, 10**12)),
    "float": lambda draw: f"{draw.below(999)}.5",
    "double": lambda draw: f"{draw.below(999)}.25",
    "decimal": lambda draw: f"{draw.below(999)}.{draw.digits(2)}",
    "phone": phone,
    "phone-number": phone,
    "tel": phone,
    "e164": phone,
    "color": color,
    "hex-color": color,
    "colour": color,
    "semver": version,
    "version": version,
    "mac": mac,
    "mac-address": mac,
    "credit-card": card,
    "creditcard": card,
    "card-number": card,
    "iban": iban,
    "bic": lambda draw: "DEUTDEFF",
    "isbn": isbn,
    "isbn13": isbn,
    "slug": slug,
    "country": country_code,
    "country-code": country_code,
    "iso-3166": country_code,
    "currency": currency,
    "currency-code": currency,
    "iso-4217": currency,
    "language": language,
    "language-code": language,
    "locale": locale,
    "timezone": time_zone,
    "time-zone": time_zone,
    "hex": hexadecimal,
    "sha256": lambda draw: draw.digits(64, _HEX),
    "md5": hexadecimal,
    "jwt": lambda draw: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtb2NrIn0.",
    "char": lambda draw: "a",
    "html": lambda draw: f"<p>{draw.one_of(SENTENCES)}</p>",
    "markdown": lambda draw: f"**{draw.one_of(SENTENCES)}**",
    "commonmark": lambda draw: draw.one_of(SENTENCES),
    "media-range": lambda draw: "application/json",
    "unix-time": lambda draw: str(draw.between(1_672_531_200, 1_767_225_599)),
    "colorname": lambda draw: draw.one_of(COLORS),
}


def formatted(name: str, draw: Draw) -> str | None:
    """A text of this format; None when it is not known. ``date_time`` and ``DateTime`` are ``date-time`` too."""
    make = FORMATS.get(name) or FORMATS.get(name.lower().replace("_", "-"))
    return make(draw) if make else None


def encoded(text: str, encoding: object) -> str:
    """The text in a ``contentEncoding`` (RFC 4648; RFC 2045 §6.7)."""
    match encoding:
        case "base64":
            return base64.b64encode(text.encode()).decode()
        case "base64url":
            return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        case "base32":
            return base64.b32encode(text.encode()).decode()
        case "base16":
            return text.encode().hex().upper()
    return text
