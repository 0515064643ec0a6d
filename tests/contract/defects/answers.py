"""Wrong answers: fields that are missing, renamed, of another type, rounded, constant, or somebody else's."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable
from typing import Any

from tests.contract.defects.model import (
    COLLECT,
    START,
    Asked,
    Defect,
    Given,
    Middle,
    Send,
    Spoil,
    dumps,
    edit,
    put,
    renamed,
    spoiling,
    to,
    without,
)

GOOGLE = {
    "access_token": "ya29.mock-google-access-token",
    "refresh_token": "1//mock-google-refresh-token",
    "token_type": "Bearer",
    "expires_in": 3599,
    "message": "Google Ads Connected Successfully",
    "status": 200,
}


def aliased(name: Callable[[int, random.Random], str]) -> Callable[[random.Random], Middle]:
    """Other pull_ids than the mock's; those that it gives out keep working."""

    def make(chance: random.Random) -> Middle:
        numbers, real = itertools.count(1), dict[str, str]()

        def middle(asked: Asked, send: Send) -> Given:
            if asked.to(COLLECT) and asked.fields.get("pull_id") in real:
                asked = asked.with_json(pull_id=real[asked.fields["pull_id"]])
            given = send(asked)
            if asked.to(START) and "pull_id" in given.fields:
                alias = name(next(numbers), chance)
                real[alias] = given.fields["pull_id"]
                given = given.with_json({**given.fields, "pull_id": alias})
            return given

        return middle

    return make


def first_forever(field: str) -> Callable[[random.Random], Middle]:
    """The first value that was ever given, again and again."""

    def make(chance: random.Random) -> Middle:
        kept: list[Any] = []

        def middle(asked: Asked, send: Send) -> Given:
            given = send(asked)
            if to(START, 200)(asked, given):
                kept.append(given.fields[field])
                return given.with_json({**given.fields, field: kept[0]})
            return given

        return middle

    return make


def body(raw: bytes) -> Spoil:
    return lambda asked, given: given._replace(body=raw)


START_BODIES: tuple[tuple[str, str, Spoil], ...] = (
    ("start-without-pull-id", "the answer lacks pull_id", without("pull_id")),
    ("start-without-auth-uri", "the answer lacks auth_uri", without("auth_uri")),
    ("start-pull-id-null", "pull_id is null", put(pull_id=None)),
    ("start-pull-id-number", "pull_id is a number", put(pull_id=4711)),
    ("start-pull-id-empty", "pull_id is an empty text", put(pull_id="")),
    ("start-pull-id-renamed", "pull_id is called pullId", renamed("pull_id", "pullId")),
    ("start-auth-uri-renamed", "auth_uri is called auth_url", renamed("auth_uri", "auth_url")),
    ("start-auth-uri-null", "auth_uri is null", put(auth_uri=None)),
    ("start-auth-uri-list", "auth_uri is a list of one", edit(lambda b: {**b, "auth_uri": [b["auth_uri"]]})),
    (
        "start-auth-uri-relative",
        "auth_uri has no host",
        edit(lambda b: {**b, "auth_uri": "/" + b["auth_uri"].split("/", 3)[3]}),
    ),
    (
        "start-auth-uri-404",
        "auth_uri leads to a page that is not there",
        edit(lambda b: {**b, "auth_uri": b["auth_uri"].replace("/authorize", "/nowhere")}),
    ),
    ("start-auth-uri-dead-host", "auth_uri leads where nobody listens", put(auth_uri="http://127.0.0.1:9/authorize")),
    ("start-auth-uri-no-url", "auth_uri is no URL", put(auth_uri="see the manual")),
    ("start-auth-uri-script", "auth_uri is a javascript: URL", put(auth_uri="javascript:alert(1)")),
    (
        "start-auth-uri-without-state",
        "the state is missing in auth_uri",
        edit(lambda b: {**b, "auth_uri": b["auth_uri"].replace("state=", "s=")}),
    ),
    ("start-array", "an array instead of the object", edit(lambda b: [b])),
    ("start-json-in-a-text", "the body is JSON twice", edit(json.dumps)),
    ("start-wrapped", "the body is under the key data", edit(lambda b: {"data": b})),
    ("start-null", "the body is null", body(b"null")),
    ("start-empty-object", "the body is {}", body(b"{}")),
    ("start-empty-body", "the body is empty", body(b"")),
    ("start-body-of-collect", "credentials are the answer to the start", body(dumps({**GOOGLE}))),
    ("start-body-of-an-error", "a 200 with the body of a 403", body(b'{"status":403,"message":"no token was sent"}')),
)

COLLECT_BODIES: tuple[tuple[str, str, Spoil], ...] = (
    ("credentials-without-access-token", "access_token is missing", without("access_token")),
    ("credentials-without-message", "message is missing", without("message")),
    ("credentials-without-status", "status is missing", without("status")),
    ("credentials-without-user-id", "userId is missing", without("userId")),
    ("credentials-renamed-field", "clientId is called client_id", renamed("clientId", "client_id")),
    ("credentials-token-renamed", "access_token is called accessToken", renamed("access_token", "accessToken")),
    ("credentials-status-text", "status is a text", put(status="200")),
    ("credentials-status-other", "status is 0", put(status=0)),
    ("credentials-user-id-text", "userId is a text", edit(lambda b: {**b, "userId": str(b.get("userId"))})),
    ("credentials-user-id-int32", "userId is cut to 32 bits", put(userId=12847564034 & 0x7FFFFFFF)),
    ("credentials-client-id-rounded", "clientId has lost its last digits", put(clientId=194785639383273000)),
    ("credentials-client-id-off-by-one", "clientId is one more", put(clientId=194785639383273121)),
    ("credentials-client-id-text", "clientId is a text", put(clientId="194785639383273120")),
    ("credentials-client-id-null", "clientId is null", put(clientId=None)),
    ("credentials-message-other", "the message is another provider's", put(message=GOOGLE["message"])),
    ("credentials-message-number", "message is a number", put(message=7)),
    ("credentials-message-empty", "message is empty", put(message="")),
    ("credentials-other-provider", "they are another provider's", edit(lambda b: GOOGLE)),
    ("credentials-token-empty", "access_token is empty", put(access_token="")),
    ("credentials-token-null", "access_token is null", put(access_token=None)),
    ("credentials-token-cut", "access_token is cut", edit(lambda b: {**b, "access_token": b["access_token"][:20]})),
    (
        "credentials-token-upper",
        "access_token is in capitals",
        edit(lambda b: {**b, "access_token": b["access_token"].upper()}),
    ),
    ("credentials-wrapped", "they are under the key credentials", edit(lambda b: {"credentials": b})),
    ("credentials-array", "an array instead of the object", edit(lambda b: [b])),
    ("credentials-empty-body", "the body is empty", body(b"")),
    ("credentials-empty-object", "the body is {}", body(b"{}")),
    ("credentials-as-text", "the body is JSON twice", edit(json.dumps)),
    (
        "credentials-client-id-float",
        "clientId is written as a float",
        lambda asked, given: given._replace(body=given.body.replace(b"194785639383273120", b"1.9478563938327312e+17")),
    ),
)

ERROR_BODIES: tuple[tuple[str, str, Spoil], ...] = (
    ("error-without-message", "an error lacks message", without("message")),
    ("error-message-null", "an error's message is null", put(message=None)),
    ("error-message-object", "an error's message is an object", edit(lambda b: {**b, "message": {"text": "no"}})),
    ("error-message-renamed", "an error's message is called error", renamed("message", "error")),
    ("error-message-empty", "an error's message is empty", put(message="")),
    ("error-status-text", "an error's status is a text", edit(lambda b: {**b, "status": str(b.get("status"))})),
    ("error-status-other", "an error's body says status 200", put(status=200)),
    ("error-empty-body", "an error has no body", body(b"")),
    ("error-plain-text", "an error is plain text under a JSON type", body(b"Forbidden")),
    ("error-array", "an error is an array", edit(lambda b: [b])),
    ("error-wrapped", "an error is under the key error", edit(lambda b: {"error": b})),
)

DEFECTS = (
    *(Defect(name, "answers", says, spoiling(to(START, 200), spoil)) for name, says, spoil in START_BODIES),
    *(Defect(name, "answers", says, spoiling(to(COLLECT, 200), spoil)) for name, says, spoil in COLLECT_BODIES),
    *(
        Defect(
            f"{where}-{name}", "answers", f"{says} ({status} of {operation})", spoiling(to(operation, status), spoil)
        )
        for name, says, spoil in ERROR_BODIES
        for where, operation, status in (("start", START, 429), ("collect", COLLECT, 402), ("token", COLLECT, 403))
        if where == "start" or name in ("error-without-message", "error-message-renamed", "error-empty-body")
    ),
    Defect("pull-id-constant", "answers", "every start gives the first pull_id", first_forever("pull_id")),
    Defect("auth-uri-constant", "answers", "every start gives the first auth_uri", first_forever("auth_uri")),
    Defect("pull-id-counter", "answers", "pull_ids are counted", aliased(lambda number, _: f"pull-{number:024d}")),
    Defect("pull-id-short", "answers", "pull_ids have four digits", aliased(lambda _, c: f"{c.randrange(10**4):04d}")),
    Defect(
        "pull-id-of-time",
        "answers",
        "pull_ids are the time in milliseconds",
        aliased(lambda number, _: f"{time.time_ns() // 10**6}-{number % 10}"),
    ),
    Defect(
        "pull-id-twice-in-ten",
        "answers",
        "of ten pull_ids two are the same",
        aliased(lambda number, _: f"twice-{number - (number % 10 == 0):032x}"),
    ),
    Defect(
        "wrong-message-for-pending",
        "answers",
        "pending says that consent was denied",
        spoiling(to(COLLECT, 402, "pending"), put(message="consent was denied")),
    ),
    Defect(
        "wrong-message-for-denied",
        "answers",
        "denial says that consent is pending",
        spoiling(to(COLLECT, 402, "denied"), put(message="consent is pending")),
    ),
    Defect(
        "wrong-message-for-invalid",
        "answers",
        "an invalid parameter says too many requests",
        spoiling(to(START, 429), put(message="too many requests")),
    ),
    Defect(
        "wrong-field-in-message",
        "answers",
        "an invalid time is said to be an invalid datasource_id",
        spoiling(to(START, 429, "validity_duration"), put(message="invalid param: body.datasource_id")),
    ),
)
