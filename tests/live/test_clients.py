"""Clients that exist: the vendor's command line, a polling front end, Authlib."""

from __future__ import annotations

import html
import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from tests.support import ROOT, Server, running

TIMEOUT_S = 60

# -- the vendor's command line: Bearer, JSON text, no Content-Type, no second try, reads `message` ---------------------


class VendorCli:
    """What the vendor's CLI does with the network, and nothing more."""

    def __init__(self, server: Server, session: str, token: str = "dev-token") -> None:
        self.netloc = urlsplit(server.url).netloc
        self.session = session
        self.token = token
        self.tries = 0

    def call(self, path: str, body: Any) -> tuple[bool, Any]:
        """Whether it went well, and the parsed answer, or the message that the person sees."""
        self.tries += 1
        connection = HTTPConnection(self.netloc, timeout=TIMEOUT_S)
        connection.putrequest("POST", f"/api{path}", skip_accept_encoding=True)
        text = json.dumps(body).encode()
        connection.putheader("Authorization", f"Bearer {self.token}")
        connection.putheader("Mock-Session", self.session)
        connection.putheader("Content-Length", str(len(text)))
        connection.endheaders(text)
        answer = connection.getresponse()
        parsed = json.loads(answer.read())
        connection.close()
        return (True, parsed) if answer.status < 400 else (False, parsed["message"])


def test_the_vendors_cli_starts_and_is_told_to_wait(server: Server) -> None:
    cli = VendorCli(server, "vendor-cli")
    went_well, started = cli.call("/oauth2", {"datasource_id": "fb", "validity_duration": 300})
    assert went_well
    assert sorted(started) == ["auth_uri", "pull_id"]
    assert cli.call("/oauth2/credentials", started) == (False, "consent is pending")


@pytest.mark.parametrize(
    ("token", "path", "body", "shown"),
    [
        ("dev-token", "/oauth2", {"datasource_id": "fb", "validity_duration": 299}, "invalid param"),
        ("dev-token", "/oauth2", {"datasource_id": "fb", "validity_duration": "300"}, "invalid param"),
        ("dev-token", "/oauth2", {"datasource_id": "mysql"}, "invalid param"),
        ("dev-token", "/oauth2", [], "invalid param"),
        ("noscope-token", "/oauth2", {"datasource_id": "fb"}, "scope"),
        ("expired-token", "/oauth2", {"datasource_id": "fb"}, "expired"),
        ("nonsense", "/oauth2", {"datasource_id": "fb"}, "not known"),
        ("unpaid-token", "/oauth2", {"datasource_id": "fb"}, "plan"),
        ("dev-token", "/oauth2/credentials", {"pull_id": "forged"}, "no such OAuth2 process"),
        ("dev-token", "/oauth2/credentials", {}, "pull_id"),
        ("dev-token", "/no/such/path", {}, "no operation"),
    ],
)
def test_the_vendors_cli_can_show_a_message_for_every_error(
    server: Server, token: str, path: str, body: Any, shown: str
) -> None:
    cli = VendorCli(server, "vendor-cli-errors", token)
    went_well, message = cli.call(path, body)
    assert not went_well
    assert shown in message
    assert cli.tries == 1


# -- a front end that polls --------------------------------------------------------------------------------------------


class FrontEnd:
    """Sends more than is asked for, keeps only the pull_id, polls every 2 s of the mock's time."""

    def __init__(self, server: Server, session: str) -> None:
        self.url = server.url
        self.session = session

    def send(self, path: str, body: Any, method: str = "POST") -> tuple[int, Any]:
        headers = {
            "Authorization": "Bearer dev-token",
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json, text/plain, */*",
            "Mock-Session": self.session,
        }
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def start(self, **more: Any) -> str:
        status, body = self.send("/api/oauth2", {"datasource_id": "fb", "validity_duration": 300, **more})
        assert status == 200
        pull_id: str = body["pull_id"]
        return pull_id

    def poll(self, pull_id: str, at_most: int) -> list[tuple[int, Any]]:
        """Every answer up to the first success."""
        seen = []
        for _ in range(at_most):
            seen.append(self.send("/api/oauth2/credentials", {"pull_id": pull_id}))
            if seen[-1][0] == 200:
                break
            self.send("/__mock/clock", {"advance": 2})
        return seen


def test_a_front_end_that_polls_stops_at_the_first_success_of_a_slow_provider(server: Server) -> None:
    front_end = FrontEnd(server, "polling-slow")
    front_end.send("/__mock/clock", {"freeze": True})
    front_end.send("/__mock/scenario", {"scenario": "slow-provider"}, "PUT")
    pull_id = front_end.start(connection_name="My Facebook", river_cross_id="5f0", nested={"a": [1, None]})
    *pending, last = front_end.poll(pull_id, 30)
    assert [status for status, _ in pending] == [402] * 10  # 20 s of the mock's clock
    assert {body["message"] for _, body in pending} == {"consent is pending"}
    assert last[0] == 200
    assert last[1]["message"] == "Facebook Ads Connected Successfully"


def test_a_front_end_that_polls_too_long_sees_the_process_expire(server: Server) -> None:
    front_end = FrontEnd(server, "polling-expired")
    front_end.send("/__mock/clock", {"freeze": True})
    seen = front_end.poll(front_end.start(), 155)
    assert [body["message"] for _, body in seen] == ["consent is pending"] * 150 + [
        "the OAuth2 process has expired"
    ] * 5


def test_the_large_ids_arrive_to_the_last_digit(server: Server) -> None:
    front_end = FrontEnd(server, "large-ids")
    front_end.send("/__mock/scenario", {"scenario": "consent-approved"}, "PUT")
    (status, body), *_ = front_end.poll(front_end.start(), 1)
    assert status == 200
    assert (body["userId"], body["clientId"]) == (12847564034, 194785639383273120)
    response = requests.post(
        f"{server.api}/oauth2/credentials",
        json={"pull_id": front_end.start()},
        headers={"Authorization": "Bearer dev-token", "Mock-Session": "large-ids"},
        timeout=TIMEOUT_S,
    )
    assert '"userId":12847564034,' in response.text
    assert '"clientId":194785639383273120}' in response.text


# -- Authlib, a foreign OAuth2 client of the simulated provider --------------------------------------------------------

REDIRECT_URI = "https://app.example/callback?tenant=7"
CLIENTS = f"""
clients:
  - client_id: confidential
    client_secret: "s3cret: of ours"
    redirect_uris: ["{REDIRECT_URI}"]
    name: A confidential client
  - client_id: public
    redirect_uris: ["{REDIRECT_URI}"]
    name: A public client
"""
SECRET = "s3cret: of ours"
VERIFIER = "v" * 43


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The bundled fixtures with two foreign clients registered at fb."""
    fixtures = tmp_path_factory.mktemp("clients") / "fixtures"
    shutil.copytree(ROOT / "fixtures", fixtures)
    with (fixtures / "providers" / "facebook-ads.yaml").open("a") as file:
        file.write(CLIENTS)
    with running("--quiet", str(ROOT / "openapi.yaml"), "--fixtures", str(fixtures)) as found:
        yield found


class Foreign:
    """One authorization code flow of Authlib's, a step at a time."""

    def __init__(self, server: Server, method: str, scope: str = "ads_read") -> None:
        self.issuer = f"{server.url}/__provider/fb"
        found = requests.get(get_well_known_url(self.issuer, external=True), timeout=TIMEOUT_S).json()
        self.metadata = AuthorizationServerMetadata(found)
        public = method == "none"
        self.session = OAuth2Session(
            "public" if public else "confidential",
            None if public else SECRET,
            token_endpoint_auth_method=method,
            scope=scope,
            redirect_uri=REDIRECT_URI,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_S,
        )

    def ask(self) -> tuple[str, str]:
        """The consent page as a person sees it, and the state."""
        uri, state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=VERIFIER
        )
        answer = requests.get(uri, timeout=TIMEOUT_S)
        assert answer.status_code == 200, answer.text
        return answer.text, state

    def press(self, page: str, decision: str) -> str:
        """Where the browser is sent after the button."""
        ticket = re.search(r'name="ticket" value="([^"]+)"', page)
        action = re.search(r'action="([^"]+)"', page)
        assert ticket
        assert action
        answer = requests.post(
            self.issuer.partition("/__provider")[0] + html.unescape(action[1]),
            {"ticket": html.unescape(ticket[1]), "decision": decision},
            allow_redirects=False,
            timeout=TIMEOUT_S,
        )
        assert answer.status_code == 303
        location = answer.headers["Location"]
        assert location.startswith(REDIRECT_URI + "&")
        return location

    def come_back(self) -> tuple[str, str]:
        """The redirect after Approve, and the state it must carry."""
        page, state = self.ask()
        return self.press(page, "approve"), state

    def redeem(self, location: str, state: str, verifier: str = VERIFIER) -> dict[str, Any]:
        token: dict[str, Any] = self.session.fetch_token(
            self.metadata["token_endpoint"], authorization_response=location, state=state, code_verifier=verifier
        )
        return token


METHODS = ["client_secret_basic", "client_secret_post", "none"]


def test_the_metadata_is_valid_by_authlibs_judgement(provider: Server) -> None:
    metadata = Foreign(provider, "none").metadata
    # RFC 8414 wants https; a mock on this machine has none. Everything else is judged.
    https = AuthorizationServerMetadata(json.loads(json.dumps(metadata).replace("http://", "https://")))
    https.validate()
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True


@pytest.mark.parametrize("method", METHODS)
def test_authlib_walks_the_whole_code_flow(provider: Server, method: str) -> None:
    client = Foreign(provider, method)
    location, state = client.come_back()
    query = parse_qs(urlsplit(location).query)
    assert query["tenant"] == ["7"]
    assert query["state"] == [state]
    assert query["iss"] == [client.issuer]  # RFC 9207
    token = client.redeem(location, state)
    assert token["token_type"] == "Bearer"
    assert token["access_token"] == "Sksosa43ma904mnfnmaklasioewjns.akjsadiuewq"
    assert token["scope"] == "ads_read"


def test_the_page_names_the_foreign_client_and_only_the_scopes_it_asked_for(provider: Server) -> None:
    page, _ = Foreign(provider, "none").ask()
    assert "A public client" in page
    assert "ads_read" in page
    assert "ads_management" not in page


@pytest.mark.parametrize("method", METHODS)
def test_a_code_works_once(provider: Server, method: str) -> None:
    client = Foreign(provider, method)
    location, state = client.come_back()
    client.redeem(location, state)
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.redeem(location, state)


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_verifier_is_refused_and_burns_nothing(provider: Server, method: str) -> None:
    client = Foreign(provider, method)
    location, state = client.come_back()
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.redeem(location, state, "w" * 43)
    assert client.redeem(location, state)["access_token"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_wrong_secret_is_refused(provider: Server, method: str) -> None:
    client = Foreign(provider, method)
    location, state = client.come_back()
    client.session.client_secret = "wrong"
    with pytest.raises(OAuthError, match="invalid_client"):
        client.redeem(location, state)


def test_a_code_of_another_client_is_refused(provider: Server) -> None:
    location, state = Foreign(provider, "none").come_back()
    with pytest.raises(OAuthError, match="invalid_grant"):
        Foreign(provider, "client_secret_basic").redeem(location, state)


def test_a_confidential_client_cannot_pass_as_a_public_one(provider: Server) -> None:
    client = Foreign(provider, "client_secret_post")
    location, state = client.come_back()
    client.session.client_secret = ""
    with pytest.raises(OAuthError, match="invalid_client"):
        client.redeem(location, state)


@pytest.mark.parametrize(
    ("decision", "error"),
    [("deny", "access_denied"), ("fail", "server_error"), ("unavailable", "temporarily_unavailable")],
)
def test_a_foreign_client_learns_of_a_refusal(provider: Server, decision: str, error: str) -> None:
    client = Foreign(provider, "none")
    page, state = client.ask()
    query = parse_qs(urlsplit(client.press(page, decision)).query)
    assert query == {"tenant": ["7"], "error": [error], "state": [state], "iss": [client.issuer]}


def test_a_scope_that_the_provider_lacks_is_refused_by_redirect(provider: Server) -> None:
    client = Foreign(provider, "none", scope="root")
    uri, state = client.session.create_authorization_url(
        client.metadata["authorization_endpoint"], code_verifier=VERIFIER
    )
    location = requests.get(uri, allow_redirects=False, timeout=TIMEOUT_S).headers["Location"]
    query = parse_qs(urlsplit(location).query)
    assert (query["error"], query["state"], query["iss"]) == (["invalid_scope"], [state], [client.issuer])


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", REDIRECT_URI + "x", REDIRECT_URI.upper()])
def test_a_redirect_uri_that_is_not_registered_to_the_letter_never_redirects(provider: Server, elsewhere: str) -> None:
    client = Foreign(provider, "none")
    client.session.redirect_uri = elsewhere
    uri, _ = client.session.create_authorization_url(client.metadata["authorization_endpoint"], code_verifier=VERIFIER)
    answer = requests.get(uri, allow_redirects=False, timeout=TIMEOUT_S)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_foreign_grant_grants_nothing_to_the_mocked_api(provider: Server) -> None:
    front_end = FrontEnd(provider, "default")
    pull_id = front_end.start()
    client = Foreign(provider, "none")
    client.redeem(*client.come_back())
    assert front_end.send("/api/oauth2/credentials", {"pull_id": pull_id})[0] == 402
