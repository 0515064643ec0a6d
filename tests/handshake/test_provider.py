"""The simulated provider's rules: RFC 6749, RFC 7636 (PKCE), RFC 9207 (iss), RFC 9700."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mock_server.fixture.model import Client, Provider
from mock_server.handshake.machine import Handshake
from mock_server.handshake.provider import (
    CHOICES,
    CODE_LIVES_S,
    Choice,
    Grant,
    Redirect,
    Refusal,
    TokenAnswer,
    authorize,
    choose,
    metadata,
    redeem,
)
from mock_server.handshake.start import code_challenge, open_handshake, opening
from tests.support import FakeChance

NOW = 1_700_000_000.0
ISSUER = "http://127.0.0.1:4010/__provider/fb"
CALLBACK = "http://127.0.0.1:4010/api/oauthcallback/fb"
# RFC 7636 appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

PUBLIC = Client("data-integration", None, (CALLBACK, "http://127.0.0.1:4010/cb?keep=1"), "Data Integration")
SECRET = Client("with-secret", "s3cret:/é", (CALLBACK,), "With Secret")
CLIENTS = (PUBLIC, SECRET)
PROVIDER = Provider("fb", "Facebook Ads", "documented", scopes=("ads_read", "ads_management"), credentials={
    "access_token": "the-access-token", "userId": 12847564034,
})  # fmt: skip
OTHER = replace(PROVIDER, id="google_ads")

QUERY = {
    "response_type": "code",
    "client_id": "data-integration",
    "redirect_uri": CALLBACK,
    "scope": "ads_read",
    "state": "st&te=1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def listed(values: dict[str, str | None]) -> dict[str, list[str]]:
    return {name: [value] for name, value in values.items() if value is not None}


def ask(**changes: str | None) -> Grant | Redirect | Refusal:
    return authorize(listed({**QUERY, **changes}), PROVIDER, CLIENTS, "default", ISSUER, NOW, FakeChance())


def granted(**changes: str | None) -> Grant:
    asked = ask(**changes)
    assert isinstance(asked, Grant), asked
    return asked


def coded(choice: Choice = "approve", **changes: str | None) -> Grant:
    grant, _ = choose(granted(**changes), choice, ISSUER, NOW, FakeChance())
    return grant


def form(grant: Grant, **changes: str | None) -> dict[str, list[str]]:
    values: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": grant.code,
        "redirect_uri": grant.redirect_uri,
        "client_id": grant.client_id,
        "code_verifier": VERIFIER,
    }
    return listed({**values, **changes})


def exchange(
    grant: Grant | None,
    given: dict[str, list[str]],
    basic: tuple[str, str] | None = None,
    now: float = NOW + 1,
    provider: Provider = PROVIDER,
) -> tuple[Grant | None, TokenAnswer]:
    return redeem(given, basic, grant, CLIENTS, provider, now)


def query_of(redirect: Redirect | None) -> dict[str, str]:
    assert redirect is not None
    return {name: values[0] for name, values in parse_qs(urlsplit(redirect.uri).query, strict_parsing=True).items()}


def test_the_vector_of_rfc_7636_appendix_b() -> None:
    assert code_challenge(VERIFIER) == CHALLENGE


# Authorization request


def test_a_good_request_becomes_a_grant_that_waits_for_the_person() -> None:
    grant = granted()
    assert (grant.stage, grant.code, grant.version) == ("asked", "", 0)
    assert (grant.client_name, grant.scope, grant.state) == ("Data Integration", "ads_read", "st&te=1")
    assert grant.page_ticket.startswith(grant.id + ".")


def test_without_a_scope_all_scopes_are_asked_for() -> None:
    assert granted(scope=None).scope == "ads_read ads_management"


@pytest.mark.parametrize("client_id", [None, "", "nobody", "DATA-INTEGRATION", "data-integration "])
def test_an_unknown_client_is_told_to_the_person_and_never_redirected(client_id: str | None) -> None:
    asked = ask(client_id=client_id)
    assert isinstance(asked, Refusal)
    assert "client_id" in asked.message


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        CALLBACK + "/",
        CALLBACK + "?",
        CALLBACK + "?x=1",
        CALLBACK + "#x",
        CALLBACK.replace("oauthcallback", "OAuthCallback"),
        CALLBACK.replace("http://", "HTTP://"),
        CALLBACK.replace("http://", "https://"),
        CALLBACK.replace(":4010", ""),
        CALLBACK.replace(":4010", ":4011"),
        CALLBACK.replace("127.0.0.1", "localhost"),
        CALLBACK.replace("127.0.0.1", "127.0.0.1@evil.example"),
        CALLBACK.replace("/api/", "/api/../api/"),
        CALLBACK.replace("/fb", "/google_ads"),
        CALLBACK + "\r\nlocation: http://evil.example",
        " " + CALLBACK,
        "http://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "http://127.0.0.1:4010/cb",
        "http://127.0.0.1:4010/cb?keep=2",
    ],
)
@pytest.mark.parametrize("also", [{}, {"response_type": "token"}, {"code_challenge": None}, {"scope": "nothing"}])
def test_a_redirect_uri_that_differs_at_all_is_never_redirected_to(
    redirect_uri: str | None, also: dict[str, str | None]
) -> None:
    """RFC 9700 §4.1.3: to the letter; RFC 6749 §4.1.2.1: whatever else is wrong besides."""
    assert isinstance(ask(redirect_uri=redirect_uri, **also), Refusal)


@pytest.mark.parametrize("name", sorted(QUERY))
def test_a_repeated_parameter_is_refused_even_when_both_say_the_same(name: str) -> None:
    """RFC 6749 §3.1."""
    query = {**listed({**QUERY}), name: [QUERY[name]] * 2}
    asked = authorize(query, PROVIDER, CLIENTS, "default", ISSUER, NOW, FakeChance())
    assert isinstance(asked, Refusal)
    assert name in asked.message


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "x" * 42}, "invalid_request"),
        ({"code_challenge": "x" * 129}, "invalid_request"),
        ({"code_challenge": "x" * 42 + "!"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"scope": "ads_read everything"}, "invalid_scope"),
    ],
)
def test_other_errors_go_back_to_the_client_with_state_and_iss(changes: dict[str, str | None], error: str) -> None:
    asked = ask(**changes)
    assert isinstance(asked, Redirect)
    assert asked.uri.startswith(CALLBACK + "?")
    query = query_of(asked)
    assert (query["error"], query["state"], query["iss"]) == (error, "st&te=1", ISSUER)
    assert "code" not in query


def test_a_state_that_was_not_sent_does_not_come_back() -> None:
    assert "state" not in query_of(choose(granted(state=None), "approve", ISSUER, NOW, FakeChance())[1])
    refused = ask(state=None, response_type="token")
    assert isinstance(refused, Redirect)
    assert "state" not in query_of(refused)


def test_the_query_of_a_registered_redirect_uri_is_kept() -> None:
    """RFC 6749 §3.1.2."""
    redirect = choose(
        granted(redirect_uri="http://127.0.0.1:4010/cb?keep=1"), "approve", ISSUER, NOW, FakeChance()
    )[1]  # fmt: skip
    assert query_of(redirect)["keep"] == "1"
    assert redirect is not None
    assert redirect.uri.startswith("http://127.0.0.1:4010/cb?keep=1&code=")


# The person's choice


def test_approving_sends_code_state_and_iss_back() -> None:
    grant, redirect = choose(granted(), "approve", ISSUER, NOW, FakeChance())
    assert query_of(redirect) == {"code": grant.code, "state": "st&te=1", "iss": ISSUER}
    assert (grant.stage, grant.expires_at) == ("coded", NOW + CODE_LIVES_S)


@pytest.mark.parametrize(
    "choice, error",
    [("deny", "access_denied"), ("fail", "server_error"), ("unavailable", "temporarily_unavailable")],
)
def test_every_failure_sends_its_error_state_and_iss_back(choice: Choice, error: str) -> None:
    grant, redirect = choose(granted(), choice, ISSUER, NOW, FakeChance())
    assert query_of(redirect) == {"error": error, "state": "st&te=1", "iss": ISSUER}
    assert (grant.stage, grant.code) == ("closed", "")


def test_walking_away_sends_nobody_anywhere() -> None:
    grant, redirect = choose(granted(), "abandon", ISSUER, NOW, FakeChance())
    assert redirect is None
    assert grant.stage == "closed"


def test_every_choice_of_the_page_is_covered_here() -> None:
    assert set(CHOICES) == {"approve", "deny", "fail", "unavailable", "fail-token", "slow", "abandon"}


# Token request


def test_a_code_is_redeemed_for_the_access_token_of_the_credentials() -> None:
    changed, answer = exchange(coded(), form(coded()))
    assert answer == TokenAnswer(
        200, {"access_token": "the-access-token", "token_type": "Bearer", "expires_in": 3600, "scope": "ads_read"}
    )
    assert changed is not None
    assert changed.stage == "redeemed"


def test_a_code_works_once() -> None:
    changed, _ = exchange(coded(), form(coded()))
    again, answer = exchange(changed, form(coded()))
    assert (again, answer.status, answer.body["error"]) == (None, 400, "invalid_grant")


@pytest.mark.parametrize("after_s, status", [(0, 200), (59.999, 200), (60, 400), (61, 400)])
def test_a_code_lives_sixty_seconds(after_s: float, status: int) -> None:
    assert exchange(coded(), form(coded()), now=NOW + after_s)[1].status == status


@pytest.mark.parametrize(
    "changes",
    [
        {"code": None},
        {"code": ""},
        {"code": "forged"},
        {"code_verifier": None},
        {"code_verifier": ""},
        {"code_verifier": CHALLENGE},
        {"code_verifier": VERIFIER[:-1]},
        {"code_verifier": VERIFIER + "A"},
        {"code_verifier": "x" * 42},
        {"redirect_uri": None},
        {"redirect_uri": CALLBACK + "/"},
    ],
)
def test_a_request_that_does_not_fit_the_code_is_an_invalid_grant_and_burns_nothing(
    changes: dict[str, str | None],
) -> None:
    grant = coded()
    changed, answer = exchange(grant, form(grant, **changes))
    assert (changed, answer.status, answer.body["error"]) == (None, 400, "invalid_grant")
    assert exchange(grant, form(grant))[1].status == 200


def test_the_code_of_another_client_is_an_invalid_grant() -> None:
    stolen = form(coded(), client_id="with-secret", client_secret=SECRET.secret)
    assert exchange(coded(), stolen)[1].body["error"] == "invalid_grant"


def test_the_code_of_another_provider_is_an_invalid_grant() -> None:
    assert exchange(coded(), form(coded()), provider=OTHER)[1].body["error"] == "invalid_grant"


def test_a_code_that_nobody_gave_is_an_invalid_grant() -> None:
    assert exchange(None, form(coded()))[1].body["error"] == "invalid_grant"
    for waiting in (granted(), coded("deny"), coded("abandon")):
        # Nobody has a code yet: the empty one must not fit the empty one.
        assert exchange(waiting, form(waiting, code=""))[1].body["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "grant_type, error",
    [
        (None, "invalid_request"),
        ("", "unsupported_grant_type"),
        ("password", "unsupported_grant_type"),
        ("client_credentials", "unsupported_grant_type"),
        ("refresh_token", "unsupported_grant_type"),
    ],
)
def test_another_grant_type_is_refused(grant_type: str | None, error: str) -> None:
    changed, answer = exchange(coded(), form(coded(), grant_type=grant_type))
    assert (changed, answer.status, answer.body["error"]) == (None, 400, error)


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "client_id", "code_verifier"])
def test_a_repeated_parameter_of_the_token_request_is_refused(name: str) -> None:
    given = form(coded())
    _, answer = exchange(coded(), {**given, name: given[name] * 2})
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "basic, given, status",
    [
        ((SECRET.id, "s3cret:/é"), {"client_id": None}, 200),
        ((SECRET.id, "s3cret:/é"), {"client_id": SECRET.id}, 200),
        (None, {"client_id": SECRET.id, "client_secret": "s3cret:/é"}, 200),
        ((SECRET.id, "wrong"), {"client_id": None}, 401),
        ((SECRET.id, ""), {"client_id": None}, 401),
        (("", ""), {"client_id": None}, 401),
        (("nobody", "s3cret:/é"), {"client_id": None}, 401),
        (None, {"client_id": SECRET.id}, 401),
        (None, {"client_id": SECRET.id, "client_secret": "wrong"}, 401),
        (None, {"client_id": None}, 401),
        # RFC 6749 §2.3: not more than one way of authentication.
        ((SECRET.id, "s3cret:/é"), {"client_secret": "s3cret:/é"}, 401),
    ],
)
def test_a_client_with_a_secret_proves_it(
    basic: tuple[str, str] | None, given: dict[str, str | None], status: int
) -> None:
    grant = coded(client_id=SECRET.id)
    _, answer = exchange(grant, form(grant, **given), basic)
    assert answer.status == status
    if status == 401:
        assert answer.body["error"] == "invalid_client"


def test_a_public_client_has_no_secret_that_fits() -> None:
    assert exchange(coded(), form(coded(), client_secret="anything"))[1].status == 401


def test_a_failing_token_endpoint_says_so_and_closes_the_grant() -> None:
    grant = coded("fail-token")
    changed, answer = exchange(grant, form(grant))
    assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")
    assert changed is not None
    assert changed.stage == "closed"


@pytest.mark.parametrize("credentials", [None, "text", [1], {"access_token": 7}, {}])
def test_odd_credentials_still_make_a_token(credentials: Any) -> None:
    _, answer = exchange(coded(), form(coded()), provider=replace(PROVIDER, credentials=credentials))
    assert isinstance(answer.body["access_token"], str)


def test_the_metadata_promises_what_the_rules_keep() -> None:
    found = metadata(ISSUER, PROVIDER)
    assert found["issuer"] == ISSUER
    assert found["response_types_supported"] == ["code"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["token_endpoint"] == ISSUER + "/token"


# Opening


def opened(chance: FakeChance, decision: str | None = None, decide_after_s: float = 0.0) -> Handshake:
    way = opening("fb", PROVIDER.scopes, "data-integration", "http://127.0.0.1:4010", "/api/oauthcallback/{provider}")
    return open_handshake(
        way,
        NOW,
        chance,
        session="default",
        account="acme",
        valid_for_s=300.0,
        decision=decision,
        decide_after_s=decide_after_s,
    )


def test_the_auth_uri_is_a_request_that_the_provider_takes() -> None:
    handshake = opened(FakeChance())
    query = parse_qs(urlsplit(handshake.auth_uri).query)
    grant = authorize(query, PROVIDER, CLIENTS, "default", ISSUER, NOW, FakeChance())
    assert isinstance(grant, Grant)
    assert grant.state == handshake.state_ticket
    assert grant.challenge == code_challenge(handshake.code_verifier)
    assert handshake.code_verifier not in handshake.auth_uri


def test_no_secret_of_a_handshake_is_in_another_and_none_is_short() -> None:
    chance = FakeChance()
    seen: set[str] = set()
    for _ in range(50):
        handshake = opened(chance)
        secrets = {handshake.pull_id, handshake.state_ticket, handshake.code_verifier, handshake.id}
        assert len(secrets) == 4
        assert not secrets & seen
        # RFC 6749 §10.10: at least 128 bits; base64url carries 6 a character.
        assert all(len(text.rpartition(".")[2]) * 6 >= 128 for text in secrets - {handshake.id})
        assert 43 <= len(handshake.code_verifier) <= 128
        seen |= secrets


@pytest.mark.parametrize(
    "decision, after_s, state",
    [(None, 0, "asked"), ("approve", 0, "granted"), ("deny", 0, "denied"), ("approve", 20, "asked")],
)
def test_a_decision_that_is_due_at_once_is_taken_at_once(decision: str | None, after_s: float, state: str) -> None:
    assert opened(FakeChance(), decision, after_s).state == state
