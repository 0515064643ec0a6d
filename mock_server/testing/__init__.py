"""The mock inside tests: ``running()`` for scripts and unittest, ``connect()`` for one that runs elsewhere.

With pytest nothing of this need be imported but :class:`MockServer`, for annotations: see ``pytest_plugin.py``.
"""

from mock_server.testing.ask import Refused
from mock_server.testing.entry import Entry
from mock_server.testing.handle import MockServer
from mock_server.testing.running import connect, running
from mock_server.testing.wishes import Misused

__all__ = ["Entry", "Misused", "MockServer", "Refused", "connect", "running"]
