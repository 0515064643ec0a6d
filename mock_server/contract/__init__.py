"""Proves whether a deployment, mock or real, keeps the contract. It talks plain HTTP to a URL and nothing else.

``from mock_server.contract import assert_contract`` is for tests; importing it loads nothing heavy.
"""

from mock_server.contract.testing import assert_contract

__all__ = ["assert_contract"]
