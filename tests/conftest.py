"""Fixtures of the test suite; what they are made of is in ``tests/support.py``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.support import Server, make_client, running


@pytest.fixture
def client() -> TestClient:
    """The bundled API in this process, a fresh one for every test."""
    return make_client()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The bundled API on a real socket; tests keep apart by their own ``Mock-Session``."""
    with running("--quiet") as found:
        yield found
