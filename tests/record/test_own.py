"""Our own mock as the real API: the whole hand-shake goes through the recorder, and an API over TLS is checked."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import httpx2
import trustme

from tests.record.shop import KEY, shop
from tests.record.test_record import recording
from tests.support import ASK, ROOT, TOKEN, Server, make_app, make_client
from tests.web.walk import read_page

DOCUMENT = ("--spec", str(ROOT / "openapi.yaml"))


def ask(client: Any, base: str, path: str, body: object, **headers: str) -> httpx2.Response:
    answer: httpx2.Response = client.post(f"{base}{path}", json=body, headers={**TOKEN, **headers})
    return answer


def dance(client: Any, base: str) -> list[tuple[str, httpx2.Response]]:
    """What a client does, but for the consent: each with its name."""
    return [
        ("invalid", ask(client, base, "/oauth2", {**ASK, "validity_duration": 299})),
        ("no token", client.post(f"{base}/oauth2", json=ASK)),
        ("unknown source", ask(client, base, "/oauth2", {**ASK, "datasource_id": "mysql"})),
        ("start", ask(client, base, "/oauth2", ASK)),
    ]


def test_the_whole_hand_shake_goes_through_and_is_given_back(server: Server, tmp_path: Path) -> None:
    with recording(server.api, tmp_path / "out", *DOCUMENT) as recorder, httpx2.Client(timeout=60) as client:
        base = f"{recorder.url}/api"
        seen = dance(client, base)
        started = seen[-1][1].json()
        assert started["auth_uri"].startswith(server.url), "the consent is given at the real provider"
        pending = ask(client, base, "/oauth2/credentials", started)
        page = read_page(client.get(started["auth_uri"]).text)
        client.post(
            httpx2.URL(started["auth_uri"]).join(page.action),
            data={"ticket": page.ticket, "decision": "approve"},
            follow_redirects=True,
        ).raise_for_status()
        collected = ask(client, base, "/oauth2/credentials", started)
    assert (pending.status_code, collected.status_code) == (402, 200)
    text = "".join(path.read_text() for path in (tmp_path / "out").rglob("*.yaml"))
    for secret in (started["pull_id"], TOKEN["Authorization"].split()[1], collected.json()["access_token"]):
        assert secret not in text + recorder.output
    assert "194785639383273120" in text, "a long number keeps its digits"
    replay = make_client(make_app(ROOT / "openapi.yaml", fixtures=tmp_path / "out"))
    for (name, before), (_, now) in zip(seen, dance(replay, "/api"), strict=True):
        assert now.status_code == before.status_code, name
        assert now.json().keys() == before.json().keys(), name
    again = ask(replay, "/api", "/oauth2/credentials", {"pull_id": "any"})
    assert again.status_code == 200
    assert {**again.json(), "access_token": ""} == {**collected.json(), "access_token": ""}


def test_the_certificate_of_an_api_over_tls_is_checked(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with shop(context) as real:
        for env, status in (({}, 502), ({"SSL_CERT_FILE": str(tmp_path / "ca.pem")}, 200)):
            with recording(real.url, tmp_path / f"out-{status}", env={**os.environ, **env}) as recorder:
                answer = httpx2.get(f"{recorder.url}/api/items/7", headers={"X-Shop-Key": KEY}, timeout=60)
            assert answer.status_code == status
            assert (tmp_path / f"out-{status}").exists() is (status == 200)
            if status == 502:
                assert "its certificate is not good" in answer.json()["detail"]
