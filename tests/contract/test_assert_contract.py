"""``assert_contract``: the contract command inside a test."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server.contract import assert_contract
from mock_server.contract.errors import CannotRun
from mock_server.errors import Broken
from tests.contract.defects.front import fronting
from tests.contract.defects.model import restatus, spoiling, to
from tests.contract.reference_deployment import Deployment
from tests.contract.test_command import GIVE_UP_S, keeps_no_secret
from tests.support import ROOT, Server

FEW = ("reasons", "collecting")


def test_a_correct_deployment_passes_and_the_result_tells_what_was_reached(server: Server) -> None:
    result = assert_contract(server.api, only=FEW)
    assert {row.state for row in result.coverage if row.kind == "status"} == {"reached"}
    assert result.seed == 0


def test_findings_are_the_message(server: Server) -> None:
    defect = spoiling(to("/oauth2/credentials", 402, "consent is pending"), restatus(403))
    with fronting(server.url, defect(random.Random())) as url, pytest.raises(AssertionError) as caught:
        assert_contract(f"{url}/api", token="dev-token", only=["collecting.pending"])
    message = str(caught.value)
    assert "breaks the contract: 1 finding" in message
    assert "1. POST /oauth2/credentials answers 403 instead of 402: collected before anybody consented" in message
    assert "   promised   402 for: the handshake is asked [assumed]" in message
    assert "   $ curl -i -X POST" in message
    assert "Bearer $TOKEN" in message
    keeps_no_secret(message)


def test_without_a_target_it_is_our_own_mock() -> None:
    assert assert_contract(only=("reasons.token",)).passed == ("reasons.token",)


def test_an_asgi_application_is_served_meanwhile() -> None:
    tokens = {"token": "dev-token", "token_other": "other-token", "token_unpaid": "unpaid-token"}
    result = assert_contract(Deployment().app, base_path="/api", only=FEW, **tokens)  # type: ignore[arg-type]
    assert "collecting.foreign" in result.passed


def test_a_broken_application_is_found() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    with pytest.raises(AssertionError, match="POST /oauth2 answers 500 instead of 200"):
        assert_contract(app, token="x", only=FEW)


def test_it_works_beside_a_running_event_loop() -> None:
    async def inside() -> tuple[int, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        direct = assert_contract(Deployment().app, base_path="/api", token="dev-token", only=("reasons",))
        before = ticks
        await asyncio.to_thread(
            assert_contract, Deployment().app, base_path="/api", token="dev-token", only=("reasons",)
        )
        ticking.cancel()
        return len(direct.passed), ticks - before

    passed, ticked = asyncio.run(inside())
    assert passed
    assert ticked > 3


async def fails_at_the_start(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: assert_contract("http://127.0.0.1:1/api", token="x"), CannotRun, "MS502"),
        (lambda: assert_contract("127.0.0.1:4010"), CannotRun, "MS501"),
        (lambda: assert_contract(spec="nothing.yaml"), Broken, "MS101"),
        (lambda: assert_contract(spec=[ROOT / "nothing.yaml"]), Broken, "MS101"),
        (lambda: assert_contract(fails_at_the_start), CannotRun, "MS534: the application does not start: it failed"),
        (lambda: assert_contract(wsgi), TypeError, "serve a WSGI application by its own server"),
        (lambda: assert_contract(7), TypeError, "an ASGI application or a URL is wanted"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_tested_is_no_assertion(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys; from mock_server.contract import assert_contract; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"schemathesis", "starlette", "uvicorn", "hypothesis", "mock_server.world", "jsonschema_rs"} & set(
        loaded
    )


def test_it_runs_under_xdist(tmp_path: Path, server: Server) -> None:
    lines = ["from mock_server.contract import assert_contract"]
    lines += [
        f"def test_{n}(): assert_contract({server.api!r}, only=['reasons.token'], seed={n})" for n in range(4)
    ]  # fmt: skip
    (tmp_path / "test_inside.py").write_text("\n".join(lines))
    # Plugins that are here by chance, and take longer to begin than the tests.
    others = ("cacheprovider", "asyncio", "schemathesis", "hypothesispytest")
    without = [word for name in others for word in ("-p", f"no:{name}")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", *without, "-W", "error"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=GIVE_UP_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
