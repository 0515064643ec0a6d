"""Values that look like what their names say: ``created_at`` a date-time, ``city`` a city, ``age`` 18 to 90."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from mock_server.later import regex
from mock_server.spec.generate import formats
from mock_server.spec.generate import words as w
from mock_server.spec.generate.chance import Draw

Usual = tuple[Fraction, Fraction, int]
"""Lowest, highest, decimal places."""
_WORDS = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_DIGITS = Fraction(1, 1_000_000)


@lru_cache(maxsize=8_192)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name, whichever way they are joined.

    >>> tokens("billingFirst_name-URL")
    ('billing', 'first', 'name', 'url')
    """
    return tuple(each.lower() for each in _WORDS.findall(name[:200]))


def _person(draw: Draw) -> str:
    return f"{draw.one_of(w.FIRST_NAMES)} {draw.one_of(w.LAST_NAMES)}"


def _company(draw: Draw) -> str:
    return f"{draw.one_of(w.COMPANIES)} {draw.one_of(w.COMPANY_ENDINGS)}"


def _product(draw: Draw) -> str:
    return f"{draw.one_of(w.MATERIALS)} {draw.one_of(w.PRODUCTS)}"


def _street(draw: Draw) -> str:
    return f"{draw.between(1, 120)} {draw.one_of(w.STREETS)} Street"


def _picture(draw: Draw) -> str:
    return f"https://example.com/images/{draw.one_of(w.NOUNS)}-{draw.between(1, 99)}.png"


def _file(draw: Draw) -> str:
    return f"{formats.slug(draw)}.{draw.one_of(w.FILE_ENDINGS)}"


def _of(choices: list[str] | tuple[str, ...]) -> Callable[[Draw], str]:
    return lambda draw: draw.one_of(choices)


def _sentence(draw: Draw) -> str:
    return draw.one_of(w.SENTENCES)


def _username(draw: Draw) -> str:
    return f"{draw.one_of(w.FIRST_NAMES)}{draw.one_of(w.LAST_NAMES)[0]}{draw.digits(2)}".lower()


def _title(draw: Draw) -> str:
    return draw.one_of(w.TITLES)


def _account(draw: Draw) -> str:
    return draw.digits(10)


_TEXTS: dict[str, Callable[[Draw], str]] = {}
for _joined, _make in (
    ("email mail email-address", formats.email),
    ("url uri href link website homepage web-site html-url web-url endpoint callback-url redirect-uri", formats.url),
    (
        "avatar image picture photo icon logo thumbnail avatar-url image-url picture-url photo-url cover banner",
        _picture,
    ),
    ("uuid guid trace-id correlation-id request-id", formats.uuid),
    ("first-name given-name forename fname", _of(w.FIRST_NAMES)),
    ("last-name family-name surname lname maiden-name", _of(w.LAST_NAMES)),
    ("full-name display-name real-name contact-name customer-name author author-name owner-name created-by", _person),
    ("cardholder-name account-holder assignee contact recipient sender", _person),
    ("username user-name login nickname nick handle screen-name", _username),
    (
        "company organization organisation company-name organization-name employer vendor supplier manufacturer brand",
        _company,
    ),
    ("publisher merchant merchant-name business-name", _company),
    ("product product-name item-name", _product),
    ("phone phone-number mobile telephone tel fax cell mobile-number", formats.phone),
    ("city town locality city-name place", _of(w.CITIES)),
    ("country-code country-iso country-iso-code iso-country", formats.country_code),
    ("country country-name nationality", lambda draw: draw.one_of(w.COUNTRIES)[0]),
    ("state province region county", _of(w.STATES)),
    ("zip zipcode zip-code postal-code postcode post-code plz", lambda draw: f"{draw.between(10000, 99999)}"),
    ("street street-address address-line address line1 street-name address1 street1", _street),
    ("line2 address2 street2", lambda draw: f"Floor {draw.between(1, 9)}"),
    ("building apartment suite room", lambda draw: str(draw.between(1, 99))),
    ("currency currency-code", formats.currency),
    ("currency-name", _of(w.CURRENCY_NAMES)),
    ("language lang language-code", formats.language),
    ("locale", formats.locale),
    ("timezone time-zone tz", formats.time_zone),
    ("slug handle-slug permalink", formats.slug),
    ("status state-code", lambda draw: w.STATUSES[0] if draw.plain else draw.one_of(w.STATUSES)),
    ("description summary text content body bio about details comment comments note notes abstract", _sentence),
    ("message reason detail caption excerpt remarks feedback review", _sentence),
    ("title headline subject heading", _title),
    ("version app-version api-version", formats.version),
    ("ip ip-address ipv4 remote-addr client-ip", formats.ipv4),
    ("ipv6", formats.ipv6),
    ("mac mac-address", formats.mac),
    ("host hostname domain server fqdn", formats.hostname),
    ("user-agent", _of(w.USER_AGENTS)),
    ("color colour", formats.color),
    ("token secret access-token refresh-token api-key key client-secret nonce signature cursor etag", formats.opaque),
    ("next-page-token page-token next-cursor session-token continuation-token", formats.opaque),
    ("password passphrase", lambda draw: "correct-horse-" + draw.digits(4)),
    ("hash sha checksum digest md5 sha1 sha256 fingerprint", formats.hexadecimal),
    (
        "created-at updated-at deleted-at timestamp datetime date-time expires-at created updated modified",
        formats.date_time,
    ),
    ("last-modified last-login last-seen published expires expiration expiry created-on updated-on", formats.date_time),
    ("date birthday day due-date start-date end-date", formats.date),
    ("birth-date date-of-birth dob birthdate", lambda draw: formats.date(draw, 1950, 2005)),
    ("time start-time end-time", formats.time),
    ("duration", lambda draw: f"PT{draw.between(1, 59)}M"),
    ("file filename file-name attachment", _file),
    ("path file-path", lambda draw: f"/{draw.one_of(w.NOUNS)}/{_file(draw)}"),
    ("extension ext", _of(w.FILE_ENDINGS)),
    ("mime-type content-type media-type mimetype", _of(w.MEDIA_TYPES)),
    ("job job-title role-name occupation profession position", _of(w.JOBS)),
    ("department team", _of(w.DEPARTMENTS)),
    ("category section topic department-name group", _of(w.CATEGORIES)),
    ("genre", _of(w.GENRES)),
    ("tag label keyword tags labels keywords", _of(w.NOUNS)),
    ("gender sex", _of(["female", "male"])),
    ("role roles", _of(["admin", "editor", "viewer"])),
    ("code", lambda draw: draw.digits(3, "ABCDEFGHJKLMNPQRSTUVWXYZ") + draw.digits(3)),
    ("sku", lambda draw: f"SKU-{draw.digits(6)}"),
    ("isbn isbn13", formats.isbn),
    ("iban", formats.iban),
    ("bic swift", lambda draw: "DEUTDEFF"),
    ("card-number credit-card", formats.card),
    ("account-number order-number invoice-number serial-number reference-number number", _account),
    ("price amount total subtotal cost balance fee", lambda draw: f"{draw.between(1, 499)}.{draw.digits(2)}"),
    ("latitude lat", lambda draw: f"{draw.between(-60, 70)}.{draw.digits(4)}"),
    ("longitude lng lon", lambda draw: f"{draw.between(-179, 179)}.{draw.digits(4)}"),
    ("quantity count size", lambda draw: str(draw.between(1, 20))),
    ("level severity priority", lambda draw: draw.one_of(["low", "medium", "high"])),
    ("environment env", lambda draw: draw.one_of(["production", "staging", "test"])),
    ("jwt id-token", formats.FORMATS["jwt"]),
    ("next prev previous self next-page previous-page next-url", formats.url),
    ("apt flat unit-number", lambda draw: str(draw.between(1, 99))),
    ("last4 last-four", lambda draw: draw.digits(4)),
    ("cvc cvv pin", lambda draw: draw.digits(3)),
    ("otp verification-code", lambda draw: draw.digits(6)),
    ("ean gtin barcode", formats.isbn),
    ("upc", lambda draw: draw.digits(12)),
    ("isrc", lambda draw: f"GBAYE{draw.digits(7)}"),
    ("mcc", lambda draw: draw.digits(4)),
    ("vat-id vat-number tax-id", lambda draw: f"DE{draw.digits(9)}"),
    ("imei", lambda draw: draw.digits(15)),
    ("market", formats.country_code),
    ("continent", _of(["Africa", "Asia", "Europe", "North America", "Oceania", "South America"])),
    ("type kind", lambda draw: "standard" if draw.plain else draw.one_of(["standard", "basic", "premium"])),
    ("plan tier edition", _of(["basic", "pro", "enterprise"])),
    ("scope permission", _of(["read", "write"])),
    ("visibility privacy", _of(["public", "private"])),
    ("http-method request-method", _of(["GET", "POST", "PUT"])),
    ("protocol scheme", lambda draw: "https"),
    ("format file-format", _of(["json", "csv", "pdf"])),
    ("interval period frequency", _of(["day", "week", "month"])),
    ("weekday day-of-week", _of(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"])),
    ("os platform operating-system", _of(["Linux", "macOS", "Windows", "Android", "iOS"])),
    ("browser", _of(["Firefox", "Chrome", "Safari"])),
    ("unit units", _of(["kg", "m", "piece"])),
    ("event event-type action", _of(["created", "updated", "deleted"])),
    ("branch default-branch", _of(["main", "develop"])),
    ("commit commit-sha revision-id", lambda draw: draw.digits(40, "0123456789abcdef")),
    ("repository repo", formats.slug),
    ("license licence", _of(["MIT", "Apache-2.0", "CC-BY-4.0"])),
    ("symbol ticker", lambda draw: draw.digits(4, "ABCDEFGHKLMNPRSTVW")),
    ("enabled", lambda draw: "true"),
    ("question", _of(["How does it work?", "When does it open?", "Where can I find it?"])),
    ("creator customer employee guest member owner reviewer student teacher", _person),
):
    for _each in _joined.split():
        _TEXTS.setdefault("-".join(tokens(_each)), _make)

_NAMES = ((w.PEOPLE, _person), (w.FIRMS, _company), (w.GOODS, _product), (w.ANIMALS, _of(w.PETS)))
_PLACES = {
    "city": _of(w.CITIES),
    "town": _of(w.CITIES),
    "street": lambda draw: f"{draw.one_of(w.STREETS)} Street",
    "country": lambda draw: draw.one_of(w.COUNTRIES)[0],
    "category": _of(w.CATEGORIES),
    "file": _file,
    "tag": _of(w.NOUNS),
    "host": formats.hostname,
    "domain": formats.hostname,
    "color": _of(w.COLORS),
    "department": _of(w.DEPARTMENTS),
}


def _usual(low: float, high: float, places: int = 0) -> Usual:
    return Fraction(str(low)), Fraction(str(high)), places


_NUMBERS: dict[str, Usual] = {}
for _joined, _range in (
    ("age", _usual(18, 90)),
    ("lat latitude", _usual(-85, 85, 4)),
    ("lng lon long longitude", _usual(-175, 175, 4)),
    (
        "price amount cost total-price subtotal fee balance total-amount unit-price tax shipping salary",
        _usual(1, 500, 2),
    ),
    ("percent percentage rate discount progress", _usual(0, 100, 1)),
    ("ratio probability confidence", _usual(0, 1, 2)),
    ("rating stars", _usual(1, 5, 1)),
    ("score", _usual(0, 100, 1)),
    ("count total size length quantity qty stock total-count total-items total-results", _usual(1, 20)),
    ("page current-page page-number", _usual(1, 1)),
    ("pages total-pages page-count", _usual(1, 5)),
    ("limit per-page page-size", _usual(20, 20)),
    ("offset skip index", _usual(0, 0)),
    ("position order rank level priority", _usual(1, 10)),
    ("year", _usual(2000, 2025)),
    ("month", _usual(1, 12)),
    ("day", _usual(1, 28)),
    ("hour hours", _usual(0, 23)),
    ("minute minutes second seconds", _usual(0, 59)),
    ("port", _usual(8000, 8999)),
    ("status status-code http-status", _usual(200, 200)),
    ("timestamp created-at updated-at expires-at created updated time date", _usual(1_672_531_200, 1_767_225_599)),
    ("expires-in ttl timeout max-age", _usual(3600, 3600)),
    ("width height", _usual(64, 1920)),
    ("weight mass distance depth", _usual(1, 100, 1)),
    ("temperature temp", _usual(-10, 35, 1)),
    ("duration", _usual(1, 3600)),
    ("version revision", _usual(1, 9)),
    ("zip postal-code", _usual(10000, 99999)),
    ("seats members users followers likes views comments replies downloads visits usage", _usual(1, 200)),
    ("number-of num disc-number track-number line-number row column attempt attempts retries", _usual(1, 12)),
    ("days weeks months", _usual(1, 12)),
    ("years", _usual(1, 9)),
    ("exp-year expiry-year expiration-year", _usual(2027, 2032)),
    ("ms millis milliseconds latency", _usual(20, 5000)),
    ("bytes size-bytes file-size content-length", _usual(1024, 900_000)),
    ("rate-limit quota capacity", _usual(100, 1000)),
    ("altitude elevation speed", _usual(1, 300, 1)),
    ("humidity", _usual(20, 90)),
    ("zoom", _usual(1, 18)),
    ("exchange-rate", _usual(0.5, 1.9, 4)),
    ("tax-rate vat-rate", _usual(5, 25, 1)),
    ("popularity", _usual(0, 100)),
):
    for _each in _joined.split():
        _NUMBERS.setdefault("-".join(tokens(_each)), _range)

_ID = frozenset(("id", "ids", "ref", "number", "no"))


def text_for(name: str, owner: str, draw: Draw) -> str | None:
    """A text for a member of this name; ``owner`` is what the object around it is called."""
    parts = tokens(name)
    if not parts:
        return None
    if parts[-1] in ("name", "names") and "-".join(parts) not in _TEXTS:
        return _name(parts[:-1], owner)(draw)
    for start in range(len(parts)):
        if make := _TEXTS.get("-".join(parts[start:])) or _TEXTS.get(_singular("-".join(parts[start:]))):
            return make(draw)
    if parts[-1] in ("at", "on") and len(parts) > 1:
        return formats.date_time(draw)
    if parts[-1] in ("id", "ids", "identifier", "uid"):
        return formats.uuid(draw)
    if found := _counted(parts):
        return str(draw.between(ceil(found[0]), floor(found[1])))  # a number that is sent as a text
    return None


def _name(before: tuple[str, ...], owner: str) -> Callable[[Draw], str]:
    """What a ``name`` is a name of: the words before it say so, else the owner."""
    for around in (before[::-1], tokens(owner)[::-1]):
        for part in map(_singular, around):
            for kinds, make in _NAMES:
                if part in kinds:
                    return make
            if part in _PLACES:
                return _PLACES[part]
    return lambda draw: f"{draw.one_of(w.ADJECTIVES)} {draw.one_of(w.NOUNS)}".capitalize()


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def usual_for(name: str, *, whole: bool) -> Usual:
    """The numbers that are usual for a member of this name."""
    parts = tokens(name)
    if found := _counted(parts):
        return found
    if parts and parts[-1] in _ID:
        return _usual(1, 9_999)
    if whole and len(parts) > 1 and parts[-1] in ("at", "on"):
        return _NUMBERS["timestamp"]
    return _usual(1, 999, 0 if whole else 2)


def _counted(parts: tuple[str, ...]) -> Usual | None:
    for start in range(len(parts)):
        joined = "-".join(parts[start:])
        if found := _NUMBERS.get(joined) or _NUMBERS.get(_singular(joined)):
            return found
    return _NUMBERS["num"] if parts[:1] == ("num",) or parts[:2] == ("number", "of") else None
