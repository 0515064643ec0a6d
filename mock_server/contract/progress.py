"""How far a run is: read by whoever shows it, while it is made."""

from __future__ import annotations

from collections.abc import Callable

from mock_server.contract.client import Client
from mock_server.contract.run import Ledger


class Progress:
    """Requests of the walks and of the fuzzing, and findings so far."""

    def __init__(self, client: Client, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger
        self.fuzzed: Callable[[], int] = lambda: 0
        """How many requests the fuzzing has made."""

    @property
    def requests(self) -> int:
        return self._client.sent_count + self.fuzzed()

    @property
    def found(self) -> int:
        return len(self._ledger.findings)
