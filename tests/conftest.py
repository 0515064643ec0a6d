"""Fixtures of the test suite; what they are made of is in ``tests/support.py``."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from starlette.testclient import TestClient

from tests.examples import examples
from tests.support import ROOT, Server, make_client, running
from tests.valkey import valkey

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / ".hypothesis"))
"""Where it is without this, but also for the processes that tests start: its tables are made once, and in no home."""
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Every process that a test starts would compile the house anew, which takes it longer than all else."""
settings.register_profile("no wall time", deadline=None, max_examples=examples(100))  # a busy machine is no failure
settings.load_profile("no wall time")


@pytest.fixture
def client() -> TestClient:
    """The bundled API in this process, a fresh one for every test."""
    return make_client()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The bundled API on a real socket; tests keep apart by their own ``Mock-Session``."""
    with running("--quiet") as found:
        yield found


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of this run's own (a Valkey), or the one in MOCK_SERVER_TEST_REDIS."""
    given = os.environ.get("MOCK_SERVER_TEST_REDIS")
    if given:
        yield given
        return
    with valkey() as found:
        yield found.connection_url


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no garbage collection of a test need look through it."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A skipped test is a promise that nobody checked: the run fails and names it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or exitstatus != 0:
        return
    skipped = reporter.stats.get("skipped", [])
    if skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"{len(skipped)} test(s) were skipped, which counts as a failure", red=True)
