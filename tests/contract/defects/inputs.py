"""How requests are read: bounds, types, encodings, and what must not break."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.contract.defects.model import COLLECT, START, Asked, Defect, Mend, error, fails, instead, mending, operations


def _json(asked: Asked) -> Any:
    try:
        return json.loads(asked.body)
    except (ValueError, RecursionError):
        return ...


def _with(operation: str, fits: Callable[[Asked], bool]) -> Callable[[Asked], bool]:
    return lambda asked: asked.to(operation) and fits(asked)


def field(name: str, fits: Callable[[Any], bool], operation: str = START) -> Callable[[Asked], bool]:
    """Requests whose field is there and fits."""
    return lambda asked: asked.to(operation) and name in asked.fields and fits(asked.fields[name])


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def time_(fits: Callable[[Any], bool]) -> Callable[[Asked], bool]:
    return field("validity_duration", fits)


def source(fits: Callable[[Any], bool]) -> Callable[[Asked], bool]:
    return field("datasource_id", fits)


def as_300(asked: Asked) -> Asked:
    return asked.with_json(validity_duration=300)


def as_fb(asked: Asked) -> Asked:
    return asked.with_json(datasource_id="fb")


def whole(asked: Asked) -> Asked:
    """The good request in place of it."""
    return asked.with_header("Content-Type", "application/json")._replace(body=b'{"datasource_id":"fb"}')


def has_text(part: str) -> Callable[[Asked], bool]:
    return lambda asked: operations(asked) and part in json.dumps(asked.fields, ensure_ascii=False)


def broken(asked: Asked) -> bool:
    return asked.to(START) and _json(asked) is ... and bool(asked.body.strip())


def longest(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return max((longest(each) for pair in value.items() for each in pair), default=0)
    return max((longest(each) for each in value), default=0) if isinstance(value, list) else 0


def kind(asked: Asked) -> str:
    return (asked.header("content-type") or "").partition(";")[0].strip().lower()


def duplicated(asked: Asked) -> bool:
    found: list[bool] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len({key for key, _ in items}) < len(items))
        return dict(items)

    try:
        json.loads(asked.body, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return False
    return any(found)


def last_wins(asked: Asked) -> Asked:
    return asked._replace(body=json.dumps(_json(asked)).encode())


def first_json(asked: Asked) -> Asked:
    """What stands behind the first JSON value is not read."""
    value, _ = json.JSONDecoder().raw_decode(asked.body.decode("utf-8", "replace").lstrip())
    return asked._replace(body=json.dumps(value).encode())


def trailing(asked: Asked) -> bool:
    if not operations(asked) or _json(asked) is not ...:
        return False
    try:
        json.JSONDecoder().raw_decode(asked.body.decode("utf-8", "replace").lstrip())
    except (ValueError, RecursionError):
        return False
    return True


ACCEPTED: tuple[tuple[str, str, Callable[[Asked], bool], Mend], ...] = (
    ("299-accepted", "a time of 299 is accepted", time_(lambda v: v == 299), as_300),
    ("43201-accepted", "a time of 43201 is accepted", time_(lambda v: v == 43201), as_300),
    ("below-accepted", "every time below 300 is accepted", time_(lambda v: is_int(v) and v < 300), as_300),
    ("above-accepted", "every time above 43200 is accepted", time_(lambda v: is_int(v) and v > 43200), as_300),
    ("zero-accepted", "a time of 0 is accepted", time_(lambda v: is_int(v) and v == 0), as_300),
    ("negative-accepted", "a negative time is accepted", time_(lambda v: is_int(v) and v < 0), as_300),
    ("huge-accepted", "a time beyond 64 bits is accepted", time_(lambda v: is_int(v) and v > 2**63), as_300),
    ("text-time-accepted", 'the time "300" is accepted', time_(lambda v: isinstance(v, str) and v.isdigit()), as_300),
    ("any-text-time-accepted", "a text as time is accepted", time_(lambda v: isinstance(v, str)), as_300),
    ("true-accepted", "the time true is accepted", time_(lambda v: v is True), as_300),
    ("false-accepted", "the time false is accepted", time_(lambda v: v is False), as_300),
    ("null-time-accepted", "the time null is accepted", time_(lambda v: v is None), as_300),
    ("fraction-cut", "the time 300.5 is cut to 300", time_(lambda v: isinstance(v, float) and v != int(v)), as_300),
    ("array-time-accepted", "a list as time is accepted", time_(lambda v: isinstance(v, list)), as_300),
    ("object-time-accepted", "an object as time is accepted", time_(lambda v: isinstance(v, dict)), as_300),
    (
        "source-missing-accepted",
        "no datasource_id is accepted",
        _with(START, lambda a: bool(a.fields) and "datasource_id" not in a.fields),
        as_fb,
    ),
    ("source-null-accepted", "the datasource_id null is accepted", source(lambda v: v is None), as_fb),
    ("source-number-accepted", "a number as datasource_id is accepted", source(is_int), as_fb),
    ("source-true-accepted", "a boolean as datasource_id is accepted", source(lambda v: isinstance(v, bool)), as_fb),
    ("source-array-accepted", 'the datasource_id ["fb"] is accepted', source(lambda v: isinstance(v, list)), as_fb),
    ("source-object-accepted", "an object as datasource_id is accepted", source(lambda v: isinstance(v, dict)), as_fb),
    ("source-empty-accepted", "an empty datasource_id is accepted", source(lambda v: v == ""), as_fb),
    (
        "source-unknown-accepted",
        "any datasource_id is accepted",
        source(lambda v: isinstance(v, str) and v not in ("fb", "mysql")),
        as_fb,
    ),
    ("source-without-oauth2-accepted", "a source without OAuth2 is accepted", source(lambda v: v == "mysql"), as_fb),
    (
        "source-capitals-accepted",
        "FB is fb",
        source(lambda v: isinstance(v, str) and v != "fb" and v.lower() == "fb"),
        as_fb,
    ),
    (
        "source-blanks-accepted",
        "blanks around datasource_id are cut",
        source(lambda v: isinstance(v, str) and v != "fb" and v.strip() == "fb"),
        as_fb,
    ),
    ("empty-object-accepted", "{} is accepted", _with(START, lambda a: _json(a) == {}), whole),
    ("empty-body-accepted", "no body is accepted", _with(START, lambda a: not a.body), whole),
    (
        "blank-body-accepted",
        "a body of blanks is accepted",
        _with(START, lambda a: bool(a.body) and not a.body.strip()),
        whole,
    ),
    (
        "array-accepted",
        "an array around the body is accepted",
        _with(START, lambda a: isinstance(_json(a), list)),
        whole,
    ),
    ("text-accepted", "a text as body is accepted", _with(START, lambda a: isinstance(_json(a), str)), whole),
    ("null-accepted", "null as body is accepted", _with(START, lambda a: _json(a) is None), whole),
    ("no-json-accepted", "what is no JSON is accepted", broken, whole),
    ("trailing-accepted", "bytes behind the JSON are not read", trailing, first_json),
    (
        "duplicate-keys-accepted",
        "of a key that stands twice the last is taken",
        lambda a: operations(a) and duplicated(a),
        last_wins,
    ),
    (
        "text-plain-accepted",
        "text/plain is read as JSON",
        lambda a: operations(a) and kind(a) == "text/plain",
        lambda a: a.with_header("Content-Type", "application/json"),
    ),
    (
        "any-type-accepted",
        "any media type is read as JSON",
        lambda a: operations(a) and kind(a) not in ("", "application/json"),
        lambda a: a.with_header("Content-Type", "application/json"),
    ),
    (
        "pull-id-missing-is-402",
        "no pull_id is like an unknown one that is pending",
        _with(COLLECT, lambda a: bool(a.fields) and "pull_id" not in a.fields),
        lambda a: a,
    ),
)

REFUSED: tuple[tuple[str, str, Callable[[Asked], bool]], ...] = (
    ("300-refused", "a time of 300 is refused", time_(lambda v: is_int(v) and v == 300)),
    ("43200-refused", "a time of 43200 is refused", time_(lambda v: v == 43200)),
    ("300.0-refused", "a time of 300.0 is refused", time_(lambda v: isinstance(v, float) and v == 300)),
    ("above-86-minutes-refused", "times above 5,200 are refused", time_(lambda v: is_int(v) and v > 5200)),
    (
        "time-missing-refused",
        "a missing time is refused",
        _with(START, lambda a: a.fields.get("datasource_id") == "fb" and "validity_duration" not in a.fields),
    ),
    (
        "extra-field-refused",
        "a field more is refused",
        _with(START, lambda a: bool(set(a.fields) - {"datasource_id", "validity_duration"})),
    ),
    ("no-type-refused", "no Content-Type is refused", lambda a: operations(a) and bool(a.body) and not kind(a)),
    (
        "blanks-refused",
        "blanks around the JSON are refused",
        lambda a: operations(a) and bool(a.fields) and a.body != a.body.strip(),
    ),
    (
        "escapes-refused",
        "an escaped letter in a text is refused",
        lambda a: operations(a) and rb"\u0066" in a.body.lower(),
    ),
)

CRASHES: tuple[tuple[str, str, Callable[[Asked], bool]], ...] = (
    (
        "emoji-500",
        "a text beyond the first plane is a 500",
        lambda a: operations(a) and any(ord(c) > 0xFFFF for c in json.dumps(a.fields, ensure_ascii=False)),
    ),
    (
        "umlaut-500",
        "a text that is not ASCII is a 500",
        lambda a: operations(a) and not json.dumps(a.fields, ensure_ascii=False).isascii(),
    ),
    ("nul-500", "a NUL in a text is a 500", has_text("\\u0000")),
    ("surrogate-500", "half a surrogate is a 500", lambda a: operations(a) and b"\\ud8" in a.body.lower()),
    (
        "long-text-500",
        "a text of more than 10,000 characters is a 500",
        lambda a: operations(a) and longest(a.fields) > 10_000,
    ),
    (
        "text-over-255-500",
        "a text of more than 255 characters is a 500",
        lambda a: operations(a) and longest(a.fields) > 255,
    ),
    (
        "deep-500",
        "deep nesting is a 500",
        lambda a: operations(a) and (b"[[[[[[[[" in a.body or b'{"a":{"a":{"a"' in a.body.replace(b" ", b"")),
    ),
    ("huge-int-500", "a number beyond 64 bits is a 500", time_(lambda v: is_int(v) and abs(v) >= 2**63)),
    ("int32-500", "a number beyond 32 bits is a 500", time_(lambda v: is_int(v) and abs(v) >= 2**31)),
    ("fraction-500", "a number with a fraction is a 500", time_(lambda v: isinstance(v, float))),
    ("text-time-500", "a text as time is a 500", time_(lambda v: isinstance(v, str))),
    ("null-time-500", "null as time is a 500", time_(lambda v: v is None)),
    ("array-time-500", "a list as time is a 500", time_(lambda v: isinstance(v, list))),
    ("source-number-500", "a number as datasource_id is a 500", source(is_int)),
    ("source-null-500", "null as datasource_id is a 500", source(lambda v: v is None)),
    ("source-array-500", "a list as datasource_id is a 500", source(lambda v: isinstance(v, list))),
    ("source-object-500", "an object as datasource_id is a 500", source(lambda v: isinstance(v, dict))),
    ("source-empty-500", "an empty datasource_id is a 500", source(lambda v: v == "")),
    (
        "source-quote-500",
        "a quotation mark in datasource_id is a 500",
        source(lambda v: isinstance(v, str) and ("'" in v or '"' in v)),
    ),
    ("empty-body-500", "no body is a 500", lambda a: operations(a) and not a.body),
    ("blank-body-500", "a body of blanks is a 500", lambda a: operations(a) and bool(a.body) and not a.body.strip()),
    ("no-json-500", "what is no JSON is a 500", lambda a: operations(a) and bool(a.body.strip()) and _json(a) is ...),
    (
        "no-utf-8-500",
        "a body that is no UTF-8 is a 500",
        lambda a: operations(a) and a.body.decode("utf-8", "replace").encode() != a.body,
    ),
    ("array-500", "an array as body is a 500", lambda a: operations(a) and isinstance(_json(a), list)),
    ("text-500", "a text as body is a 500", lambda a: operations(a) and isinstance(_json(a), str)),
    ("null-500", "null as body is a 500", lambda a: operations(a) and _json(a) is None),
    ("number-500", "a number as body is a 500", lambda a: operations(a) and is_int(_json(a))),
    ("bom-500", "a byte order mark is a 500", lambda a: operations(a) and a.body[:3] == b"\xef\xbb\xbf"),
    ("form-500", "a form is a 500", lambda a: operations(a) and kind(a) == "application/x-www-form-urlencoded"),
    ("xml-500", "another media type is a 500", lambda a: operations(a) and kind(a) not in ("", "application/json")),
    ("no-type-500", "no Content-Type is a 500", lambda a: operations(a) and bool(a.body) and not kind(a)),
    (
        "extra-field-500",
        "a field more is a 500",
        lambda a: a.to(START) and bool(set(a.fields) - {"datasource_id", "validity_duration"}),
    ),
    (
        "extra-field-collect-500",
        "a field more is a 500 (credentials)",
        lambda a: a.to(COLLECT) and bool(set(a.fields) - {"pull_id", "auth_uri"}),
    ),
    (
        "pull-id-missing-500",
        "no pull_id is a 500",
        lambda a: a.to(COLLECT) and isinstance(_json(a), dict) and "pull_id" not in a.fields,
    ),
    ("pull-id-number-500", "a number as pull_id is a 500", field("pull_id", is_int, COLLECT)),
    ("pull-id-null-500", "null as pull_id is a 500", field("pull_id", lambda v: v is None, COLLECT)),
    ("pull-id-array-500", "a list as pull_id is a 500", field("pull_id", lambda v: isinstance(v, list), COLLECT)),
    ("pull-id-empty-500", "an empty pull_id is a 500", field("pull_id", lambda v: v == "", COLLECT)),
    (
        "pull-id-long-500",
        "a long pull_id is a 500",
        field("pull_id", lambda v: isinstance(v, str) and len(v) > 500, COLLECT),
    ),
    (
        "pull-id-dotless-500",
        "a pull_id without a dot is a 500",
        field("pull_id", lambda v: isinstance(v, str) and "." not in v, COLLECT),
    ),
    ("auth-uri-null-500", "null as auth_uri is a 500", field("auth_uri", lambda v: v is None, COLLECT)),
    ("auth-uri-number-500", "a number as auth_uri is a 500", field("auth_uri", is_int, COLLECT)),
    (
        "auth-uri-no-url-500",
        "an auth_uri that is no URL is a 500",
        field("auth_uri", lambda v: isinstance(v, str) and "://" not in v, COLLECT),
    ),
)


def put_pull_id(change: Callable[[str], str]) -> Mend:
    return lambda asked: asked.with_json(pull_id=change(asked.fields["pull_id"]))


def is_text(value: Any) -> bool:
    return isinstance(value, str)


DEFECTS = (
    *(
        Defect(name, "inputs", says, mending(when, mend))
        for name, says, when, mend in ACCEPTED
        if name != "pull-id-missing-is-402"
    ),
    *(
        Defect(
            name, "inputs", says, instead(when, lambda asked: error(429 if asked.to(START) else 403, "invalid param"))
        )
        for name, says, when in REFUSED
    ),
    *(Defect(name, "inputs", says, fails(when)) for name, says, when in CRASHES),
    Defect(
        "pull-id-missing-is-402",
        "inputs",
        "without a pull_id consent is said to be pending",
        instead(
            lambda a: a.to(COLLECT) and isinstance(_json(a), dict) and "pull_id" not in a.fields,
            lambda asked: error(402, "consent is pending"),
        ),
    ),
    Defect(
        "pull-id-blanks-cut",
        "inputs",
        "blanks around a pull_id are cut",
        mending(field("pull_id", lambda v: is_text(v) and v != v.strip(), COLLECT), put_pull_id(str.strip)),
    ),
    Defect(
        "auth-uri-null-refused-never",
        "inputs",
        "an auth_uri of another type is overlooked",
        mending(field("auth_uri", lambda v: not is_text(v), COLLECT), lambda a: a.with_json(auth_uri=...)),
    ),
    Defect(
        "extra-field-collect-refused",
        "inputs",
        "a field more is refused (credentials)",
        instead(
            lambda a: a.to(COLLECT) and bool(set(a.fields) - {"pull_id", "auth_uri"}),
            lambda asked: error(403, "invalid request"),
        ),
    ),
    Defect(
        "auth-uri-refused",
        "inputs",
        "sending auth_uri along is refused",
        instead(lambda a: a.to(COLLECT) and "auth_uri" in a.fields, lambda asked: error(403, "invalid request")),
    ),
    Defect(
        "time-missing-500",
        "inputs",
        "a missing time is a 500",
        fails(lambda a: a.to(START) and "datasource_id" in a.fields and "validity_duration" not in a.fields),
    ),
)
