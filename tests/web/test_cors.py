"""CORS on the operations: a front end on another port is the first user."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.support import ASK, TOKEN, make_client, start

ORIGIN = "http://localhost:3000"
PATHS = ["/api/oauth2", "/oauth2", "/api/oauth2/credentials", "/oauth2/credentials"]


def preflight(client: TestClient, path: str = "/api/oauth2", origin: str = ORIGIN, **more: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-odd",
        **more,
    }
    return client.options(path, headers=headers)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [ORIGIN, "https://app.example", "null"])
def test_a_preflight_of_any_origin_is_answered_for_the_headers_it_asks(
    client: TestClient, path: str, origin: str
) -> None:
    answer = preflight(client, path, origin)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert {"authorization", "content-type", "x-odd"} <= {
        name.strip() for name in answer.headers["access-control-allow-headers"].lower().split(",")
    }
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "headers, body, status",
    [
        (TOKEN, ASK, 200),
        ({}, ASK, 403),
        (TOKEN, {**ASK, "validity_duration": 1}, 429),
        ({"Authorization": "Bearer unpaid-token"}, ASK, 402),
        ({**TOKEN, "Prefer": "code=418"}, ASK, 400),
        ({**TOKEN, "Mock-Session": "a b"}, ASK, 400),
    ],
)
def test_every_answer_may_be_read_by_any_page_and_never_with_credentials(
    client: TestClient, headers: dict[str, str], body: dict[str, Any], status: int
) -> None:
    answer = client.post("/api/oauth2", json=body, headers={**headers, "Origin": ORIGIN, "Cookie": "a=b"})
    assert answer.status_code == status
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "*"


def test_a_refusal_of_a_path_or_a_method_may_be_read_too(client: TestClient) -> None:
    for answer in (
        client.get("/api/nothing", headers={"Origin": ORIGIN}),
        client.put("/api/oauth2", headers={"Origin": ORIGIN}),
        client.post("/api/oauth2", content=b"x" * (2 << 20), headers={"Origin": ORIGIN}),
    ):
        assert answer.status_code in (404, 405, 413)
        assert answer.headers["access-control-allow-origin"] == "*"


def test_only_a_browser_is_told_who_may_read(client: TestClient) -> None:
    from_a_page = client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Origin": ORIGIN})
    from_a_script = client.post("/api/oauth2", json=ASK, headers=TOKEN)
    assert from_a_page.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in from_a_script.headers


def test_origins_can_be_narrowed() -> None:
    client = make_client(cors=(ORIGIN,))
    allowed = client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Origin": ORIGIN})
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert "Origin" in allowed.headers["vary"]
    assert "access-control-allow-credentials" not in allowed.headers
    assert preflight(client).headers["access-control-allow-origin"] == ORIGIN
    for other in ("http://localhost:3001", "https://localhost:3000", "null", ORIGIN + ".evil.example"):
        answer = client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Origin": other})
        assert "access-control-allow-origin" not in answer.headers
        assert preflight(client, origin=other).status_code == 400


@pytest.mark.parametrize("method", ["PURGE", "", '"', "post", "POST, GET"])
def test_a_preflight_that_is_refused_is_told_so_as_any_request_is(client: TestClient, method: str) -> None:
    answer = preflight(client, **{"Access-Control-Request-Method": method})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "MS443"
    assert "method" in answer.json()["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_it_can_be_ended() -> None:
    client = make_client(cors=None)
    answer = client.post("/api/oauth2", json=ASK, headers={**TOKEN, "Origin": ORIGIN})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
    ended = preflight(client)
    assert ended.headers["allow"] == "OPTIONS, POST"
    assert not [name for name in ended.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    ["/__mock/clock", "/__mock/journal", "/__provider/fb/authorize", "/__provider/fb/token", "/api/oauthcallback/fb"],
)
def test_there_is_none_on_the_control_api_and_the_pages(client: TestClient, path: str) -> None:
    for method in ("GET", "POST"):
        answer = client.request(method, path, headers={"Origin": ORIGIN})
        if not (path.startswith("/api") and method == "POST"):
            assert not [name for name in answer.headers if name.startswith("access-control")]
    if not path.startswith("/api"):
        answer = preflight(client, path)
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_consent_page_may_not_be_read_by_another_page(client: TestClient) -> None:
    answer = client.get(start(client)["auth_uri"], headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
