"""Every one of the tricky schemas has a body, with every seed, and soon."""

from __future__ import annotations

from time import process_time

import pytest

from mock_server.spec.generate import generate
from tests.spec.documents import with_schemas
from tests.spec.tricky import TRICKY

AT = ("components", "schemas", "X")
SECONDS = 2.0


@pytest.mark.parametrize("name", TRICKY)
def test_a_tricky_schema_has_a_valid_body_with_every_seed(name: str) -> None:
    node, others = TRICKY[name]
    document = with_schemas({"X": node, **others})
    start = process_time()
    for seed in range(6):
        value = generate(document, AT, seed)
        assert document.schema(AT).is_valid(value), value
    assert process_time() - start < SECONDS


def test_there_are_enough_of_them() -> None:
    assert len(TRICKY) >= 80
