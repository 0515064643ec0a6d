"""Who may ask: forms of credentials, tokens that speak for themselves, challenges."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.challenge import challenges
from mock_server.core.credentials import basic_fault, digest_fault
from mock_server.core.jwt import read_jwt
from mock_server.fixture.model import Token
from mock_server.model import Violation
from mock_server.spec.security import Requirement


@pytest.mark.parametrize(
    "text, fault",
    [
        ("dXNlcjpwYXNz", None),
        ("Og==", None),  # both empty: RFC 7617 §2 allows it
        ("dXNlcjpwOmE6c3M=", None),  # a password may have colons
        ("dXNlcg==", "what follows `Basic` is not the base64 of user:password"),
        ("user:pass", "what follows `Basic` is not base64"),
        ("dXNlcjpwYXNzA", "what follows `Basic` is not base64"),
        ("é", "what follows `Basic` is not base64"),
        ("", "what follows `Basic` is not the base64 of user:password"),
        ("dXNlcgo6cGFzcw==", "the user or password has a control character"),
    ],
)
def test_the_form_of_basic_credentials(text: str, fault: str | None) -> None:
    assert basic_fault(text) == fault


GOOD_DIGEST = 'username="a\\"b", realm="r, s", nonce="n=", uri="/a?b=c,d", response="0aF9"'


@pytest.mark.parametrize(
    "text, fault",
    [
        (GOOD_DIGEST, None),
        (GOOD_DIGEST.replace("username", "username*"), None),
        (GOOD_DIGEST + ",qop=auth , nc=00000001", None),
        (GOOD_DIGEST.replace("0aF9", "xyz"), "the Digest response is not hexadecimal"),
        ('realm="r"', "the Digest credentials lack username, nonce, uri, response"),
        ("", "the Digest credentials lack username, realm, nonce, uri, response"),
        ("Zm9v", "what follows `Digest` is no list of name=value at character 0"),
        ('a="b" c="d"', "what follows `Digest` is no list of name=value at character 0"),
        ('a="b', "what follows `Digest` is no list of name=value at character 0"),
    ],
)
def test_the_form_of_digest_credentials(text: str, fault: str | None) -> None:
    assert digest_fault(text) == fault


@given(st.text(alphabet='a=",\\ \t', max_size=200))
def test_any_text_is_judged(text: str) -> None:
    assert digest_fault(text)
    basic_fault(text)


def jwt(claims: object, header: object = None) -> str:
    parts = (json.dumps(each).encode() for each in (header or {"alg": "none"}, claims))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + ".c2ln"


@pytest.mark.parametrize(
    "claims, account, scopes, expires_at",
    [
        ({"sub": "ann", "scope": "a b", "exp": 5}, "ann", {"a", "b"}, 5.0),
        ({"scp": ["a", "b", 7]}, "nobody", {"a", "b"}, None),
        ({"scp": "a b"}, "nobody", {"a", "b"}, None),
        ({"scopes": ["a"], "scope": "b"}, "nobody", {"a", "b"}, None),
        ({"sub": 7, "exp": 1.5}, "nobody", set(), 1.5),
        ({}, "nobody", set(), None),
    ],
)
def test_a_jwt_is_taken_at_its_word(
    claims: dict[str, Any], account: str, scopes: set[str], expires_at: float | None
) -> None:
    text = jwt(claims)
    assert read_jwt(text, "nobody") == Token(text, account, frozenset(scopes), expires_at)


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c",
        "opaque",
        "",
        jwt([]),
        jwt({}, [1]),
        jwt({"exp": "soon"}),
        jwt({"exp": True}),
        jwt({}) + ".x.y",
        jwt({}).replace(".", "="),
    ],
)
def test_what_is_no_jwt_is_none(text: str) -> None:
    assert read_jwt(text, "nobody") is None


REQUIREMENTS = {
    "bearer": Requirement("token", "bearer", "Bearer", ("read",)),
    "basic": Requirement("login", "basic", "Basic", ()),
    "digest": Requirement("digest", "digest", "Digest", ()),
    "hoba": Requirement("hoba", "hoba", "HOBA", ()),
    "odd": Requirement("odd", "two words", "two words", ()),
    "key": Requirement("key", "apiKey:query", 'a"b\\', ()),
    "cert": Requirement("cert", "unjudged", "mutualTLS", ()),
}
_AUTH_PARAM = r'[!#$%&\'*+.^_`|~0-9A-Za-z-]+=(?:"(?:[^"\\]|\\.)*"|[!#$%&\'*+.^_`|~0-9A-Za-z-]+)'
CHALLENGE = re.compile(rf"[!#$%&'*+.^_`|~0-9A-Za-z-]+ {_AUTH_PARAM}(?:, {_AUTH_PARAM})*")
"""RFC 9110 §11.3."""


@pytest.mark.parametrize("name", ["bearer", "basic", "digest", "hoba", "key"])
@pytest.mark.parametrize("rule", ["missing", "malformed", "unknown", "expired", "scope"])
def test_every_challenge_keeps_the_grammar(name: str, rule: str) -> None:
    violation = Violation("header.authorization", rule, None, 'a"b', 'quo"te \\')
    (found,) = challenges(((REQUIREMENTS[name],),), [violation], 1.0)
    assert CHALLENGE.fullmatch(found), found


def test_what_no_header_can_ask_for_has_no_challenge() -> None:
    assert challenges(((REQUIREMENTS["cert"],), (REQUIREMENTS["odd"],)), [], 1.0) == []


def test_each_way_is_named_once_in_the_documents_order() -> None:
    one, other = REQUIREMENTS["basic"], REQUIREMENTS["bearer"]
    assert [each.split()[0] for each in challenges(((other, one), (one,), (other,)), [], 1.0)] == ["Bearer", "Basic"]


def test_a_malformed_basic_is_no_error_of_the_bearer_token() -> None:
    violation = Violation("header.authorization", "malformed", None, "login", "not base64")
    basic, bearer = challenges(((REQUIREMENTS["basic"],), (REQUIREMENTS["bearer"],)), [violation], 1.0)
    assert "error" not in basic + bearer


def test_a_digest_nonce_changes_with_the_hour() -> None:
    first, second = (challenges(((REQUIREMENTS["digest"],),), [], now)[0] for now in (1.0, 2.0))
    assert first != second
    assert re.search(r'qop="auth", algorithm=SHA-256, nonce="[0-9a-f]{32}", opaque="[0-9a-f]{32}"$', first)
