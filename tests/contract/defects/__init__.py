"""Deployments that break one thing each: the correct mock behind a front that spoils its answers or its requests.

``ALL`` has every defect by name. ``benchmarks/defects.py`` puts them before the contract command one at a time,
and counts which it finds; ``tests/contract/test_defects.py`` does so with a few.
"""

from __future__ import annotations

from tests.contract.defects import (
    answers,
    authorization,
    flakiness,
    inputs,
    places,
    protocol,
    robustness,
    secrets,
    state,
    status,
)
from tests.contract.defects.model import Defect

TABLES = (answers, protocol, status, inputs, authorization, robustness, flakiness, state, secrets, places)
ALL: dict[str, Defect] = {defect.name: defect for table in TABLES for defect in table.DEFECTS}
