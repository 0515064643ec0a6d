"""The pytest plugin: fixtures, the marker ``mock_server``, options, and the journal below a failed test.

It is loaded in every pytest run where mock-server is installed, so it imports nothing of the house before a test asks
for a fixture. ``docs/pytest.md`` has the how-tos.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_server.testing import MockServer
    from mock_server.testing.pool import Pool

FIXTURE = "mock_server"
UNEXPECTED = ("allow", "fail")
_HANDLE = pytest.StashKey["MockServer"]()
_FAILS = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mock-server", "mock-server")
    parser.addini("mock_server_spec", "OpenAPI documents that `mock_server` serves (default: the bundled one)", "args")
    parser.addini("mock_server_fixtures", "folder of the fixtures that `mock_server` serves", default="")
    parser.addini("mock_server_unexpected", "whether unexpected requests fail a test: allow, fail", default="allow")
    group.addoption("--mock-server-spec", action="append", metavar="SPEC", help="as the ini option; may be repeated")
    group.addoption("--mock-server-fixtures", metavar="DIR", help="as the ini option")
    group.addoption("--mock-server-unexpected", choices=UNEXPECTED, help="as the ini option")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "mock_server(spec=None, fixtures=None, scenario=None, clock=None, unexpected='allow', strict=False, …): "
        "what the `mock_server` of this test serves and how its session begins",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """A test that is marked has a mock, whether it names the fixture or not."""
    names = getattr(item, "fixturenames", None)
    if names is not None and FIXTURE not in names and item.get_closest_marker(FIXTURE) is not None:
        names.append(FIXTURE)


@pytest.fixture(scope="session")
def _mock_servers(pytestconfig: pytest.Config) -> Iterator[Pool]:
    """Every mock of this run; one for each document, folder of fixtures and set of switches."""
    from mock_server.testing.pool import Pool

    pool = Pool(pytestconfig)
    yield pool
    pool.stop()


@pytest.fixture
def mock_server(request: pytest.FixtureRequest, _mock_servers: Pool) -> Iterator[MockServer]:
    """A mock server in a session of this test's own; see :class:`mock_server.testing.MockServer`."""
    node = request.node
    with _mock_servers.lodge(node) as (handle, fails):
        node.stash[_HANDLE], node.stash[_FAILS] = handle, fails
        yield handle
        del node.stash[_HANDLE]


@pytest.fixture(scope="session")
def mock_server_url(_mock_servers: Pool) -> str:
    """``http://127.0.0.1:41233/api``: the mock of the options, the same in the whole run.

    A request there that names no session belongs to the test that is running.
    """
    url: str = _mock_servers.url()
    return url


@pytest.fixture
def mock_server_app(mock_server: MockServer) -> Any:
    """The mock as an ASGI application, without a port, in this test's session."""
    return mock_server.app


@pytest.fixture
def mock_client(mock_server: MockServer) -> Iterator[Any]:
    """A ``Client`` of httpx2 or httpx for the operations, over a port."""
    from mock_server.testing.pool import for_people

    with for_people(), mock_server.client() as client:
        yield client


@pytest.fixture
def mock_async_client(mock_server: MockServer) -> Any:
    """An ``AsyncClient`` of httpx2 or httpx for the operations, without a port: no event loop need close it."""
    from mock_server.testing.pool import for_people

    with for_people():
        return mock_server.async_client_without_port()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    if item.stash.get(_FAILS, False) and (handle := item.stash.get(_HANDLE, None)) is not None:
        unexpected = [each for each in handle.journal if each.was_unexpected]
        if unexpected:
            lines = "\n".join(f"  {each.line()}" for each in unexpected)
            pytest.fail(f"MS491: {len(unexpected)} request(s) that nobody expected:\n{lines}", pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    handle = item.stash.get(_HANDLE, None)
    if report.failed and handle is not None:
        report.sections.append((f"mock-server: journal of the session {handle.session}", handle.story()))
    return report
