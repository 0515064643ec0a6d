"""The checks of single requests on other documents: no false alarm on a correct mock, and their defects found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.contract.good import Unmakeable, address, fits, good_request
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from mock_server.contract.write import Unwritable, write_parameter
from mock_server.errors import Broken
from mock_server.settings import Settings
from mock_server.spec.operations import Operation
from mock_server.world import build_world
from tests.conformance.case import CASES, read_case
from tests.contract.deployment import Asked, Breaker, Given, before
from tests.contract.serving import serving
from tests.contract.switches import documents_that_are_kept

SPEC = """\
openapi: 3.1.0
info: {title: a, version: "1"}
components: {securitySchemes: {k: {type: apiKey, in: header, name: X-Key}}}
security: [{k: []}]
paths:
  "/things/{id}":
    post:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 1, maximum: 9}}
        - {name: page, in: query, schema: {type: integer, minimum: 1}, example: 3}
        - {name: X-Mode, in: header, required: true, schema: {enum: [slow, fast]}}
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              required: [name]
              properties: {name: {type: string, maxLength: 5}, count: {type: integer, maximum: 3}}
      responses:
        "201": {description: made, content: {application/json: {schema: {type: object}}}}
        "401": {description: who}
        "422": {description: wrong}
  /shown:
    get:
      security: []
      responses:
        "200": {description: d, content: {application/json: {schema: {type: integer}, example: one}}}
"""
STYLES = """\
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  "/s/{simple}/{label}/{matrix}":
    get:
      parameters:
"""
STYLED = (
    "{name: simple, in: path, required: true, schema: &list {type: array, items: {type: string}, minItems: 1}}",
    "{name: label, in: path, required: true, style: label, explode: true, schema: *list}",
    "{name: matrix, in: path, required: true, style: matrix, schema: *list}",
    "{name: form, in: query, schema: *list}",
    "{name: joined, in: query, explode: false, schema: *list}",
    "{name: piped, in: query, style: pipeDelimited, explode: false, schema: *list}",
    "{name: blank, in: query, style: spaceDelimited, explode: false, schema: *list}",
    "{name: deep, in: query, style: deepObject, schema: &thing {type: object, additionalProperties: {type: string}}}",
    "{name: X-List, in: header, schema: *list}",
    "{name: cooked, in: cookie, explode: false, schema: *list}",
    "{name: json, in: query, content: {application/json: {schema: *thing}}}",
)


def operation_of(folder: Path, text: str, key: str) -> Operation:
    spec = folder / "a.yaml"
    spec.write_text(text)
    return build_world(Settings(specs=(spec,))).plans[key].operation


@pytest.fixture(scope="module")
def styled(tmp_path_factory: pytest.TempPathFactory) -> Operation:
    text = STYLES + "".join(f"        - {line}\n" for line in STYLED) + "      responses: {'200': {description: d}}\n"
    return operation_of(tmp_path_factory.mktemp("styles"), text, "GET /s/{simple}/{label}/{matrix}")


@given(texts=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4))
@settings(max_examples=40)
def test_what_is_written_in_a_style_is_read_as_the_same_or_refused(styled: Operation, texts: list[str]) -> None:
    for parameter in styled.parameters:
        value = dict.fromkeys(texts, "x") if parameter.name in ("deep", "json") else texts
        try:
            written = write_parameter(parameter, value)
        except (Unwritable, ValueError):
            # Only a header has characters that it cannot carry, and brackets and blanks mean something here and there.
            assert parameter.location == "header" or not all(text.isalnum() and text.isascii() for text in texts)
            continue
        assert (written.path or written.header or "".join(name + text for name, text in written.pairs)).isascii()


def test_a_good_request_can_be_made_for_every_operation_of_the_conformance_documents(tmp_path: Path) -> None:
    unmade = []
    for number, path in enumerate(CASES):
        specs, fixtures = read_case(path).write(tmp_path / str(number))
        try:
            world = build_world(Settings(specs=specs, fixtures=fixtures))
        except Broken:
            continue
        for plan in world.plans.values():
            try:
                request = good_request(plan.operation)
            except Unmakeable as error:
                unmade.append(f"{path.name}: {error}")
                continue
            assert fits(plan.operation.path, request.path), (path.name, request.path)
            assert address(plan.operation, request.values) == (request.path, request.query, request.headers)
    # A part that must have a header of its own: the codec does not write those.
    assert [each.partition(":")[0] for each in unmade] == ["body-multipart-encoding.yaml"]


TOLD_BY_FORMAT = "generate-format-tells-branches-apart"
"""Its answer fits one branch of a ``oneOf`` when formats are asserted, and two when they are not."""
KEPT = documents_that_are_kept()
SERVED = KEPT[5::24] + [path for path in KEPT if path.stem == TOLD_BY_FORMAT]
assert TOLD_BY_FORMAT in {path.stem for path in SERVED}


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_a_document_that_our_mock_serves_has_no_finding(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    specs, fixtures = case.write(tmp_path)
    with serving(*specs, fixtures=fixtures, **(case.data.get("settings") or {})) as url:
        result = prove(Question(url=url, specs=specs, fixtures=fixtures, seed=1, skip=("fuzz",)))
    assert [(each.title, each.promise.source) for each in result.findings] == []


def refusing(status: int, when: str) -> Breaker:
    """This status in place of the right one for requests that have this text somewhere."""

    def breaker(asked: Asked, given: Given) -> Given:
        whole = f"{asked.target} {sorted(asked.headers.items())} {asked.body.decode('latin-1')}"
        return given._replace(status=status) if when in whole and "/things/" in asked.target else given

    return breaker


@pytest.mark.parametrize(
    ("check", "breaker", "title"),
    [
        ("boundaries.parameters", refusing(201, "/things/0"), "path.id is 0"),
        ("boundaries.parameters", refusing(201, "page=0"), "query.page is 0"),
        ("boundaries.parameters", refusing(400, "'X-Mode', 'fast'"), 'header.x-mode is "fast"'),
        ("boundaries.body", refusing(201, "name=000000"), "name is a text of 6 digits"),
        ("boundaries.body", refusing(201, "count=4"), "count is 4"),
        ("examples.request", refusing(400, "page=3"), "query.page as in the example 3"),
    ],
)
def test_a_defect_of_another_document_is_found(tmp_path: Path, check: str, breaker: Breaker, title: str) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(SPEC)
    with serving(spec) as url, before(url, breaker) as front:
        result = prove(Question(url=front, specs=(spec,), tokens=Tokens("a-key"), skip=("fuzz",), only=(check,)))
    assert any(title in each.title for each in result.counted), [each.title for each in result.findings]


def test_a_key_that_nobody_asks_for_is_found_and_an_example_that_breaks_its_schema_is_told(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(SPEC)

    def open_to_all(asked: Asked, given: Given) -> Given:
        return given._replace(status=201) if given.status == 401 else given

    with serving(spec) as url, before(url, open_to_all) as front:
        checks = ("authorization.keys", "examples.response")
        result = prove(Question(url=front, specs=(spec,), tokens=Tokens("a-key"), skip=("fuzz",), only=checks))
    assert any("instead of a 4xx: no key" in each.title for each in result.counted)
    told = [each for each in result.findings if each.check == "examples.response"]
    assert [(each.severity, each.operation) for each in told] == [("warning", "GET /shown")]
