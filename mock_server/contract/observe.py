"""What a deployment answered where something was promised: learning and drift build upon it."""

from __future__ import annotations

from mock_server.contract.model import Exchange
from mock_server.contract.profile import Wanted
from mock_server.named import NamedTuple


class Observation(NamedTuple):
    """One answer that was judged: by which check, for which operation and reason, against what.

    ``wanted.status`` is 0 where no single status is promised.

    ``Observation("collecting.pending", "POST /oauth2/credentials", "collected before anybody consented", …)``
    """

    check: str
    operation: str
    reason: str
    wanted: Wanted
    exchange: Exchange
    kept: bool
    """Whether the walk found the promise kept."""
