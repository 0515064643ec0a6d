"""Plans: one operation of the document and its fixture, compiled into what answers requests.

An operation without a fixture gets a plan made from the document alone, so the rest of the house
knows plans and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mock_server.core.callback import PlannedCallback, plan_callbacks
from mock_server.core.memory import Memory, memory_of
from mock_server.core.refuse import Refusal
from mock_server.errors import Broken
from mock_server.fixture.model import OperationFixture, Provider, Response, Scenario, Token
from mock_server.fixture.response import with_encoding
from mock_server.fixture.template import Template
from mock_server.model import PROVENANCES
from mock_server.source import pointer_text
from mock_server.spec.generate import generate
from mock_server.spec.media import MediaType, is_json
from mock_server.spec.operations import DocumentedResponse, Operation
from mock_server.spec.resources import Role
from mock_server.spec.schema import Schema

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class House:
    """What all plans share: providers, scenarios and tokens of the fixtures."""

    providers: Mapping[str, Provider]
    scenarios: Mapping[str, Scenario]
    tokens: Mapping[str, Token] | None
    any_token: bool = False
    strict: bool = False
    jwt: bool = False
    """Whether an unlisted token is read for what it says of itself."""
    no_errors: bool = False
    """Whether violations are told in a header and answered as if there were none."""
    resources: Mapping[str, Role] = field(default_factory=dict)
    """Operation key -> what it does to a recognised resource."""

    def sample_provider(self) -> Provider | None:
        """Who fills in when a tester forces an answer that needs a provider: a documented one first."""
        able = [provider for provider in self.providers.values() if provider.oauth2]
        return next((each for each in able if each.source == "documented"), able[0] if able else None)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one operation is answered."""

    operation: Operation
    fixture: OperationFixture
    house: House
    schemas: Mapping[str, Schema | None]
    """Response name -> the schema of its body in the document."""
    fields: frozenset[str]
    """The body's properties that the document knows, for ``unknown_fields: refuse``."""
    openers: frozenset[str]
    """The responses whose templates ask for a handshake: what nobody can go on from opens none."""
    callbacks: tuple[PlannedCallback, ...] = ()
    refusals: dict[str, Refusal] = field(default_factory=dict, compare=False, repr=False)
    """Rule of a violation -> how the document has it answered; filled on first use."""
    memory: Memory | None = None
    """What it remembers; None = nothing, and nothing is looked up for it."""

    @property
    def responses(self) -> Mapping[str, Response]:
        return self.fixture.responses


def make_plan(operation: Operation, fixture: OperationFixture | None, house: House) -> Plan:
    """Put the fixture over the document. What the fixture does not say the document says."""
    documented = documented_responses(operation)
    memory = memory_of(house.resources.get(operation.key), fixture)
    if fixture is None:
        fixture = _from_document(operation, documented)
    else:
        responses = {**fixture.responses, **{k: v for k, v in documented.items() if k not in fixture.responses}}
        otherwise = fixture.otherwise or _lowest_success(fixture.responses) or _lowest_success(documented)
        fixture = replace(
            fixture,
            responses=responses,
            otherwise=otherwise,
        )
    schemas = {name: body_schema(operation, response) for name, response in fixture.responses.items()}
    judged = {name: _judged(response, schemas[name]) for name, response in fixture.responses.items()}
    fixture = replace(fixture, responses=judged)
    openers = frozenset(name for name, response in fixture.responses.items() if _asks_handshake(response))
    callbacks = plan_callbacks(operation, fixture.callbacks)
    return Plan(operation, fixture, house, schemas, _known_fields(operation), openers, callbacks, memory=memory)


def _judged(response: Response, schema: Schema | None) -> Response:
    """With what is wrong with a body that is always the same: such a one is never sent silently."""
    if schema is None or response.invalid or response.body is None or not response.body.is_static:
        return response
    breach = None if schema.is_valid(response.body.tree) else next(schema.breaches(response.body.tree), None)
    return replace(response, invalid=f"{pointer_text(breach.path)} {breach.message}") if breach else response


def _asks_handshake(response: Response) -> bool:
    return response.body is not None and any(where[0] == "handshake" for where in response.body.wheres)


def _from_document(operation: Operation, documented: dict[str, Response]) -> OperationFixture:
    return OperationFixture(
        operation=operation.key,
        responses=documented,
        unauthorized={},
        invalid={},
        rules=(),
        otherwise=_lowest_success(documented),
    )


def _lowest_success(responses: Mapping[str, Response]) -> str | None:
    """The usual answer: the lowest 2xx; where there is none, the lowest of what there is."""
    numbered = [(each.status, index, name) for index, (name, each) in enumerate(responses.items())]
    good = [each for each in numbered if 200 <= each[0] <= 299 and each[2] != "default"]
    lowest = min(good or numbered, default=None)
    return lowest[2] if lowest else None


def documented_responses(operation: Operation) -> dict[str, Response]:
    """The document's own answers, named by their examples, or by their status when they have none."""
    found: dict[str, Response] = {}
    for entry in operation.responses.values():
        status = _status(entry.status)
        media = _preferred(entry)
        if status < 200:
            continue  # an interim answer is not one that can be chosen (RFC 9110 §15.2)
        if media is None:
            found.setdefault(entry.status, Response(entry.status, status, "documented", None, JSON))
            continue
        for example in media.examples:
            name = example.name or entry.status
            name = f"{name}-{entry.status}" if name in found else name
            source = next((each for each in PROVENANCES if each == example.provenance), PROVENANCES[0])
            response = Response(name, status, source, Template(example.value, frozenset()), media.name)
            found.setdefault(name, with_encoding(response))
        if not media.examples:
            found.setdefault(entry.status, _generated(operation, entry, media, status))
    return found


def _generated(operation: Operation, entry: DocumentedResponse, media: MediaType, status: int) -> Response:
    """A body made from the schema. One that cannot be made is left out, and said so in the answer."""
    if media.schema is None:
        return Response(entry.status, status, "documented", None, media.name)
    try:
        body = generate(operation.document, media.schema.pointer)
    except Broken:
        return Response(entry.status, status, "assumed", None, media.name, invalid="no body could be made")
    return with_encoding(Response(entry.status, status, "assumed", Template(body, frozenset()), media.name))


def _status(text: str) -> int:
    """A number to answer with: ``4XX`` answers 400 and ``default``, mostly an error, 500."""
    if text.isdecimal():
        return int(text)
    return int(text[0]) * 100 if text[:1].isdecimal() else 500


def _preferred(entry: DocumentedResponse) -> MediaType | None:
    return next((media for media in entry.content if is_json(media.name)), entry.content[0] if entry.content else None)


def body_schema(operation: Operation, response: Response) -> Schema | None:
    """The schema that the document has for the response's JSON body."""
    entry = operation.documented(response.status)
    if entry is None or not is_json(response.media_type):
        return None
    essence = response.media_type.partition(";")[0].strip().lower()
    exact = [media for media in entry.content if media.name.partition(";")[0].strip().lower() == essence]
    like = [media for media in entry.content if is_json(media.name)] if essence == JSON else []
    return next((media.schema for media in (*exact, *like)), None)


def _known_fields(operation: Operation) -> frozenset[str]:
    """The top-level properties of the JSON body, as the document names them."""
    for media in operation.body.content if operation.body else ():
        if media.schema and is_json(media.name):
            node, at = operation.document.at(media.schema.pointer, media.schema.pointer, "#")
            node, _ = operation.document.follow(node, at)
            if isinstance(node, dict):
                return frozenset(node.get("properties") or ())
    return frozenset()
