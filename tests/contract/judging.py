"""A run against nobody, for what judges answers that are already there."""

from __future__ import annotations

from mock_server.contract.client import Client
from mock_server.contract.profile import read_contract
from mock_server.contract.run import Run
from mock_server.contract.target import Target, Tokens
from mock_server.record.secret import Secrets
from mock_server.settings import Settings
from mock_server.world import build_world

ORIGIN = "https://real.example"


def run_of_the_bundled_document() -> Run:
    world = build_world(Settings())
    operations = tuple(world.operations.values())
    contract = read_contract(world.documents, operations, world.fixtures, 0.0, 0)
    target = Target(ORIGIN, "/api", Tokens(), False, None, "visit", "")
    return Run(target, contract, Client(ORIGIN), Secrets(), 0, "quick")
