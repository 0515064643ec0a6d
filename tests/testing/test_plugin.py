"""The pytest plugin, as the pytest runs of other projects have it: each test here is such a run, in a process."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from tests.support import ROOT

INI = """
[pytest]
addopts = -p no:cacheprovider -p no:schemathesis -p no:hypothesispytest
filterwarnings = error
asyncio_default_fixture_loop_scope = function
markers =
    anyio
"""
HEAD = """
import pytest
TOKEN = {"Authorization": "Bearer dev-token"}
ASK = {"datasource_id": "fb", "validity_duration": 300}
"""


def run(pytester: pytest.Pytester, test: str, *arguments: str, ini: str = "") -> pytest.RunResult:
    """pytest over one file of tests, with every warning an error."""
    pytester.makeini(INI + ini)
    pytester.makepyfile(test_it=HEAD + dedent(test))
    return pytester.runpytest_subprocess(*arguments, timeout=120)


def test_tests_of_every_kind_have_a_session_of_their_own(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        """
        import unittest
        from mock_server.testing import MockServer

        NAMES = set()

        @pytest.fixture(autouse=True)
        def fresh(mock_server):
            assert mock_server.journal == []
            assert mock_server.session not in NAMES
            NAMES.add(mock_server.session)

        @pytest.mark.parametrize("number", [1, 2])
        def test_a_client_over_the_port(mock_server: MockServer, mock_client, number):
            assert mock_client.post("/oauth2", json=ASK, headers=TOKEN).status_code == 200
            mock_server.assert_called("POST /oauth2", times=1)

        @pytest.mark.asyncio
        async def test_a_client_without_a_port_in_asyncio(mock_server, mock_async_client):
            mock_server.next("POST /oauth2", "rate-limited")
            assert (await mock_async_client.post("/oauth2", json=ASK, headers=TOKEN)).status_code == 429

        @pytest.mark.anyio
        async def test_the_same_with_anyio(mock_server, mock_async_client):
            mock_server.scenario("consent-approved")
            started = (await mock_async_client.post("/oauth2", json=ASK, headers=TOKEN)).json()
            body = {"pull_id": started["pull_id"]}
            assert (await mock_async_client.post("/oauth2/credentials", json=body, headers=TOKEN)).status_code == 200

        @pytest.mark.anyio
        async def test_the_application_by_asgi(mock_server_app, mock_server):
            import httpx2
            transport = httpx2.ASGITransport(app=mock_server_app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://a/api") as client:
                assert (await client.post("/oauth2", json=ASK, headers=TOKEN)).status_code == 200
            assert len(mock_server.journal) == 1

        @pytest.mark.anyio
        async def test_who_gives_up_leaves_nothing_behind(mock_async_client):
            import anyio
            with anyio.move_on_after(0.1) as scope:
                await mock_async_client.post("/oauth2", json=ASK, headers={**TOKEN, "Prefer": "wait=60"})
            assert scope.cancelled_caught

        @pytest.fixture(scope="session")
        def app_under_test(mock_server_url):
            '''Configured once for the whole run, and knows nothing of sessions.'''
            import httpx2
            with httpx2.Client(base_url=mock_server_url, headers=TOKEN) as client:
                yield client

        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_an_application_of_the_whole_run(mock_server, app_under_test, number):
            mock_server.next("POST /oauth2", "rate-limited")
            assert [app_under_test.post("/oauth2", json=ASK).status_code for _ in range(4)] == [429, 200, 200, 200]
            assert len(mock_server.journal) == 4

        @pytest.fixture
        def anyio_backend():
            return "asyncio"
        """,
        "-v",
    )
    done.assert_outcomes(passed=9)


def test_a_marker_says_what_is_served_and_how_the_session_begins(pytester: pytest.Pytester) -> None:
    pytester.mkdir("apis").joinpath("pets.json").write_text(
        '{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "servers": [{"url": "/v2"}],'
        ' "paths": {"/pet": {"get": {"responses": {"204": {"description": "A pet."}}}}}}'
    )
    fixtures = pytester.mkdir("mocks")
    (fixtures / "pet.yaml").write_text(
        "operation: GET /pet\nresponses: {gone: {status: 204, source: assumed, headers: {X-From: fixture}}}\n"
        "otherwise: gone\n"
    )
    done = run(
        pytester,
        """
        @pytest.mark.mock_server(scenario="consent-denied", clock="2030-01-01T00:00:00Z")
        class TestMarked:
            def test_scenario_and_clock(self, mock_server, mock_client):
                pull_id = mock_client.post("/oauth2", json=ASK, headers=TOKEN).json()["pull_id"]
                assert mock_server.handshakes()[0]["state"] == "denied"
                assert mock_server.clock.now == 1893456000.0

            @pytest.mark.mock_server(scenario="consent-approved")
            def test_the_closest_marker_wins(self, mock_server, mock_client):
                mock_client.post("/oauth2", json=ASK, headers=TOKEN)
                assert mock_server.handshakes()[0]["state"] == "granted"
                assert mock_server.clock.now == 1893456000.0

        @pytest.mark.mock_server(spec="apis/pets.json")
        def test_another_document(mock_server, mock_client):
            assert mock_client.get("/pet").status_code == 204
            assert mock_server.api.endswith("/v2")

        @pytest.mark.mock_server(spec="apis/pets.json", fixtures="mocks")
        def test_with_fixtures(mock_client):
            assert mock_client.get("/pet").headers["x-from"] == "fixture"

        @pytest.mark.mock_server(any_token=True)
        def test_a_switch_of_serve(mock_client):
            assert mock_client.post("/oauth2", json=ASK, headers={"Authorization": "Bearer x"}).status_code == 200

        def test_the_bundled_document_otherwise(mock_client):
            assert mock_client.post("/oauth2", json=ASK, headers={"Authorization": "Bearer x"}).status_code == 403
        """,
    )
    done.assert_outcomes(passed=6)


FAILING = """
def test_with_a_story(mock_server, mock_client):
    started = mock_client.post("/oauth2", json=ASK, headers=TOKEN).json()
    mock_client.post("/oauth2/credentials", json={"pull_id": started["pull_id"]}, headers=TOKEN)
    mock_client.post("/oauth2", json={"datasource_id": "fb", "validity_duration": 299}, headers=TOKEN)
    assert started["pull_id"] == "something else"

def test_that_was_not_called(mock_server, mock_client):
    mock_client.post("/oauth2", json=ASK, headers=TOKEN)
    mock_server.assert_called("POST /oauth2", where={"body.datasource_id": "google"})

@pytest.mark.mock_server(unexpected="fail")
def test_unexpected(mock_client):
    mock_client.get("/nope")
    mock_client.post("/oauth2", json={"datasource_id": "fb", "validity_duration": 299}, headers=TOKEN)

@pytest.mark.mock_server(unexpected="fail")
def test_expected(mock_server, mock_client):
    mock_client.post("/oauth2", json=ASK, headers=TOKEN)

@pytest.mark.mock_server(scenari="consent-denied")
def test_wrong_word(): pass

@pytest.mark.mock_server("openapi.yaml")
def test_no_word(): pass

@pytest.mark.mock_server(spec="nowhere.yaml")
def test_no_file(): pass

@pytest.mark.mock_server(scenario="consent-denid")
def test_no_scenario(): pass

@pytest.mark.mock_server(unexpected="explode")
def test_no_choice(): pass

@pytest.mark.mock_server(clock="noon")
def test_no_time(): pass

def test_a_mistyped_name(mock_server):
    mock_server.next("POST /oauth2", "rate-limitd")

def test_that_is_well_after_all_that(mock_client):
    assert mock_client.post("/oauth2", json=ASK, headers=TOKEN).status_code == 200
"""


def test_what_failed_is_told_with_its_journal_and_what_is_wrong_in_words(pytester: pytest.Pytester) -> None:
    done = run(pytester, FAILING, "-n", "2")
    done.assert_outcomes(passed=2, failed=4, errors=6)
    told = done.stdout.str()
    for expected in (
        "mock-server: journal of the session test_with_a_story-",
        "POST /api/oauth2  429 invalid-parameter  (body.validity_duration: ",
        "POST /api/oauth2/credentials  402 ",
        '"google" was seen 0 times, wanted at least 1 time',
        'body.datasource_id: wanted "google", was "fb"',
        "MS491: 2 request(s) that nobody expected:",
        "GET /api/nope  404  (route: no operation has the path /api/nope)",
        "MS489: the marker mock_server has no word 'scenari'; did you mean 'scenario'?",
        "MS489: the marker mock_server takes words, as spec=…, not 'openapi.yaml' alone",
        "MS489: the marker mock_server: there is no nowhere.yaml in",
        "MS409: no scenario is called 'consent-denid'; did you mean 'consent-denied'?",
        "MS489: unexpected='explode' is neither 'allow' nor 'fail'",
        "MS489: 'noon' is no time",
        "MS409: POST /oauth2 has no response called 'rate-limitd'; did you mean 'rate-limited'?",
    ):
        assert expected in told, expected
    assert "mock_server/testing/" not in told, "no traceback through our own files"
    assert told.count('validity_duration": 299') >= 1 or '"validity_duration":299' in told
    journal = told.partition("journal of the session test_with_a_story-")[2].partition("______")[0]
    assert '"pull_id":"***"' in journal
    assert "dev-token" not in journal


def test_options_say_what_is_served_by_default(pytester: pytest.Pytester) -> None:
    document = pytester.mkdir("apis").joinpath("pets.json")
    document.write_text(
        '{"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "servers": [{"url": "/v2"}],'
        ' "paths": {"/pet": {"get": {"responses": {"204": {"description": "A pet."}}}}}}'
    )
    fixtures = pytester.mkdir("mocks")
    (fixtures / "pet.yaml").write_text(
        "operation: GET /pet\nresponses: {gone: {status: 204, source: assumed, headers: {X-From: fixture}}}\n"
        "otherwise: gone\n"
    )
    test = """
        def test_it(mock_client, mock_server_url, mock_server):
            assert mock_client.get("/pet").headers.get("x-from") == EXPECTED
            assert mock_server_url == mock_server.origin + "/v2"
            mock_client.get("/nope")
    """
    ini = "mock_server_spec = apis/pets.json\nmock_server_fixtures = mocks\nmock_server_unexpected = fail\n"
    by_file = run(pytester, test.replace("EXPECTED", "'fixture'"), ini=ini)
    by_file.assert_outcomes(failed=1)
    assert "MS491: 1 request(s)" in by_file.stdout.str()
    options = ("--mock-server-spec", "apis/pets.json", "--mock-server-unexpected", "allow")
    run(pytester, test.replace("EXPECTED", "None"), *options).assert_outcomes(passed=1)
    assert "--mock-server-unexpected" in pytester.runpytest_inprocess("--help").stdout.str()
    assert "mock_server(spec=None" in pytester.runpytest_inprocess("--markers").stdout.str()


def test_a_run_that_asks_for_no_mock_imports_nothing_of_the_house() -> None:
    code = (
        "import sys, mock_server.pytest_plugin as each; print(*(n for n in sys.modules if n.startswith('mock_server')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mock_server", "mock_server.pytest_plugin"]


def test_the_handle_is_imported_without_the_house() -> None:
    """Annotations are worth no server."""
    code = "import sys, mock_server.testing; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"uvicorn", "starlette", "httpx2", "jsonschema_rs", "mock_server.world"} & set(done.stdout.split())


def test_annotations_are_checked_by_mypy(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(
        """
        from mock_server.testing import Entry, MockServer

        def test_typed(mock_server: MockServer) -> None:
            entries: list[Entry] = mock_server.requests("POST /oauth2")
            now: float = mock_server.clock.advance(hours=12)
            reveal_type(mock_server.assert_called("POST /oauth2"))
            mock_server.next("POST /oauth2", 429)
        """
    )
    command = [sys.executable, "-m", "mypy", "--strict", str(path)]  # with the cache of the checkout
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert "list[mock_server.testing.entry.Entry]" in done.stdout
    assert done.stdout.count("error:") == 1
    assert 'expected "str"' in done.stdout
