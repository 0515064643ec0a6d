"""What Schemathesis cannot test is told with what is wrong, where it stands, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.contract.client import Client
from mock_server.contract.fuzz.untested import why_untested
from mock_server.contract.profile import read_contract
from mock_server.contract.run import Run
from mock_server.contract.target import Target, Tokens
from mock_server.record.secret import Secrets
from mock_server.settings import Settings
from mock_server.world import build_world

SPEC = """\
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  /own:
    post:
      parameters: [{name: q, in: query, schema: {type: integr}}]
      responses: {"200": {description: d}}
  /told:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/N"}}}}
      responses: {"200": {description: d}}
components: {schemas: {N: {type: object, properties: {n: {minimum: three}}}}}
"""
SAID = """\
Invalid `minimum` definition

Location:
    properties -> n -> minimum

Problematic definition:
    "three"

Error details:
    The provided definition doesn't match any of the expected formats or types.

Ensure that the definition complies with the OpenAPI specification"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "a.yaml").write_text(SPEC)
    world = build_world(Settings(specs=(tmp_path / "a.yaml",), fixtures=None))
    operations = tuple(plan.operation for plan in world.plans.values())
    contract = read_contract(world.documents, operations, world.fixtures, 0.0, 0)
    origin = "http://a.example"
    return Run(Target(origin, "", Tokens(), False, None, "visit", ""), contract, Client(origin), Secrets(), 0, "quick")


def test_the_place_in_the_document_is_named(run: Run) -> None:
    told = why_untested("InvalidSchema", "POST /own", [SAID.replace("-> n -> minimum", "-> q -> type")] * 2, run)
    assert told.startswith("Schemathesis could not test POST /own: ")
    assert "a.yaml:6 #/paths/~1own/post/parameters/0/schema/type: `type` must be one of array" in told
    assert told.count("`type` must be") == 1
    assert told.endswith("the walks tested the operation without that")


def test_so_is_one_that_stands_elsewhere(run: Run) -> None:
    told = why_untested("InvalidSchema", "POST /told", [SAID], run)
    assert 'a.yaml:12 #/components/schemas/N/properties/n/minimum: `minimum` must be a number, not "three".' in told


def test_where_we_know_no_place_its_own_words_are_said_in_one_line(run: Run) -> None:
    told = why_untested("InvalidSchema", "POST /told", [SAID.replace("-> n ->", "-> other ->")], run)
    said = 'InvalidSchema, Invalid `minimum` definition at properties -> other -> minimum which is "three". So mend'
    assert said in told
    assert why_untested("SchemaError", "", [""], run) == "Schemathesis could not test a part: SchemaError"
    assert len(why_untested("OSError", "POST /told", ["x" * 9000], run)) < 400
