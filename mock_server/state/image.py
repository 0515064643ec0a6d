"""A session as it was at one moment: what ``snapshot`` keeps, ``restore`` puts back and ``fork`` begins with."""

from __future__ import annotations

from mock_server.handshake.machine import Handshake
from mock_server.handshake.ticket import ID_CHARS, record_id

RESTORED = 1_000_000
"""What a restore adds to a record's version, so that it is none that anybody has looked at."""


def moved(handshake: Handshake, session: str) -> Handshake:
    """The same in a session of another name: an id tells its session, so ``ID`` becomes ``ID~session``."""
    before, after = handshake.id, record_id(handshake.id[:ID_CHARS], session)

    def of_session(text: str) -> str:
        return text.replace(f"{before}.", f"{after}.")

    return handshake._replace(
        id=after,
        session=session,
        auth_uri=of_session(handshake.auth_uri),
        pull_id=of_session(handshake.pull_id),
        state_ticket=of_session(handshake.state_ticket),
    )
