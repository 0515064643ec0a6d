"""Plans: one operation of the document and its fixture, compiled into what answers requests.

An operation without a fixture gets a plan made from the document alone, so the rest of the house
knows plans and nothing else. A plan is made when its operation is first asked for: a document of a
thousand operations starts as fast as a small one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from mock_server.core.answers import Answers, ReadFile, body_schema, judged, no_files
from mock_server.core.body import Way
from mock_server.core.finish import finished
from mock_server.core.headers import documented_headers
from mock_server.core.memory import Memory, memory_of
from mock_server.core.parameters import ParameterReader
from mock_server.core.refuse import Refusal
from mock_server.fixture.fault import FaultRule
from mock_server.fixture.model import CallbackFixture, OperationFixture, Provider, Response, Scenario, Token
from mock_server.named import NamedTuple
from mock_server.spec.media import best_match, is_json
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter
from mock_server.spec.schema import Schema
from mock_server.value import dataclass

if TYPE_CHECKING:
    from mock_server.core.callback import PlannedCallback
    from mock_server.core.undocumented import Find
    from mock_server.spec.resources import Role

MAX_NEGOTIATED = 256
"""``Accept`` headers remembered for one operation."""


class Pick(NamedTuple):
    """Which of an answer's media types to send; ``media_type`` when the client chose one out of a range."""

    place: int
    """Its index in ``Answers.offered``."""
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What all plans share: providers, scenarios and tokens of the fixtures, all operations, the settings."""

    providers: Mapping[str, Provider]
    scenarios: Mapping[str, Scenario]
    tokens: Mapping[str, Token] | None
    any_token: bool = False
    strict: bool = False
    jwt: bool = False
    """Whether an unlisted token is read for what it says of itself."""
    no_errors: bool = False
    """Whether violations are told in a header and answered as if there were none."""
    strict_query: bool = False
    """Whether query parameters that no operation describes are refused."""
    resources: Mapping[str, Role] = field(default_factory=dict)
    """Operation key -> what it does to a recognised resource."""
    dynamic: bool = False
    """Whether the document's answers are made anew for each request."""
    seed: int = 0
    network: tuple[FaultRule, ...] = ()
    """What goes wrong with every answer of a session that was not told otherwise (``--profile``)."""
    operations: Mapping[str, Operation] = field(default_factory=dict)
    read_file: ReadFile = no_files

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
    responses: Answers
    """The fixture's answers and the document's, by name."""
    schemas: Mapping[str, Schema | None]
    """Name of a fixture's response -> the schema of its body in the document."""
    fields: frozenset[str]
    """The body's properties that the document knows, for ``unknown_fields: refuse``."""
    openers: frozenset[str]
    """The responses whose templates ask for a handshake: what nobody can go on from opens none."""
    parameters: ParameterReader
    callbacks: tuple[PlannedCallback, ...] = ()
    refusals: dict[tuple[str, int], Refusal] = field(default_factory=dict, compare=False, repr=False)
    """Rule of a violation and place of the media type -> how the document has it answered; filled on first use."""
    may_fail: bool = False
    """Whether a fixture, a scenario or the network has faults for it."""
    limiting: bool = False
    """Whether its fixture or a scenario limits how often it may be asked."""
    memory: Memory | None = None
    """What it remembers; None = nothing, and nothing is looked up for it."""
    ways: dict[str | None, Way] = field(default_factory=dict, compare=False, repr=False)
    """Content-Type -> how such bodies are read."""
    negotiated: dict[tuple[str, str], Pick | None] = field(default_factory=dict, compare=False, repr=False)
    """What was found before for a name and an ``Accept``, at most ``MAX_NEGOTIATED``."""


class Plans(Mapping[str, Plan]):
    """Every operation's plan by its key, each made when it is first looked up."""

    __slots__ = ("_fixtures", "_house", "_made")

    def __init__(self, house: House, fixtures: Mapping[str, OperationFixture]) -> None:
        self._house = house
        self._fixtures = fixtures
        self._made: dict[str, Plan] = {}

    def __getitem__(self, key: str) -> Plan:
        plan = self._made.get(key)
        if plan is None:
            operation = self._house.operations[key]
            plan = self._made[key] = make_plan(operation, self._fixtures.get(key), self._house)
        return plan

    def __iter__(self) -> Iterator[str]:
        return iter(self._house.operations)

    def __len__(self) -> int:
        return len(self._house.operations)


_NOTHING_SAID = Response("204", 204, "assumed", None, "application/json")
"""The answer of an operation for which nobody says any: it worked, and there is nothing to show."""


def make_plan(operation: Operation, fixture: OperationFixture | None, house: House) -> Plan:
    """Put the fixture over the document. What the fixture does not say the document says."""
    memory = memory_of(house.resources.get(operation.key), fixture)
    fixture = fixture or OperationFixture(operation.key, {}, {}, {}, (), None)
    schemas = {name: body_schema(operation, response) for name, response in fixture.responses.items()}
    own = {name: _refined(operation, each, schemas[name], house) for name, each in fixture.responses.items()}
    answers = Answers(operation, own, house.operations, house.read_file, house.seed)
    if not answers:
        answers = Answers(operation, {_NOTHING_SAID.name: finished(_NOTHING_SAID)}, {})
    statuses = answers.statuses()
    own_statuses, drawn = ({name: statuses[name] for name in names} for names in (answers.own, answers.drawn))
    fixture = replace(
        fixture,
        responses=answers,
        otherwise=fixture.otherwise or _usual(own_statuses, drawn),
    )
    openers = frozenset(name for name, response in own.items() if _asks_handshake(response))
    fields = known_fields(operation) if fixture.unknown_fields == "refuse" else frozenset()
    return Plan(
        operation=operation,
        fixture=fixture,
        house=house,
        responses=answers,
        schemas=schemas,
        fields=fields,
        openers=openers,
        parameters=ParameterReader(_askable(operation), _undocumented(operation) if house.strict_query else None),
        callbacks=_callbacks(operation, fixture.callbacks),
        memory=memory,
        limiting=fixture.limit is not None or any(operation.key in each.limits for each in house.scenarios.values()),
        may_fail=bool(fixture.faults or house.network or any(each.faults for each in house.scenarios.values())),
    )


def _callbacks(operation: Operation, fixtures: Mapping[str, CallbackFixture]) -> tuple[PlannedCallback, ...]:
    if not operation.has_callbacks:
        return ()
    from mock_server.core.callback import plan_callbacks  # few documents have any

    return plan_callbacks(operation, fixtures)


def _undocumented(operation: Operation) -> Find:
    from mock_server.core.undocumented import undocumented  # only for --strict-query

    return undocumented(operation)


def _refined(operation: Operation, response: Response, schema: Schema | None, house: House) -> Response:
    """A fixture's answer, judged, with the documented headers that it does not have itself."""
    response = _described(operation, response)
    entry = operation.documented(response.status)
    said = {"www-authenticate", *(name for name, _ in response.headers)}  # the challenge is made for the request
    documented = documented_headers(operation, entry.pointer, response, house.operations, house.seed) if entry else ()
    headers = (*response.headers, *(each for each in documented if each[0] not in said))
    return finished(judged(replace(response, headers=headers), schema))


def _described(operation: Operation, response: Response) -> Response:
    """A fixture's answer in XML, a form, … is written by what the document says of that media type."""
    entry = operation.documented(response.status)
    if entry is None or response.media or response.body is None or is_json(response.media_type):
        return response
    media = best_match(entry.content, response.media_type)
    return replace(response, media=media, encoded=None) if media else response


def _askable(operation: Operation) -> tuple[Parameter, ...]:
    """Without path parameters that the path does not have (MS211): nobody could ever send them."""
    return tuple(
        each for each in operation.parameters if each.location != "path" or f"{{{each.name}}}" in operation.path
    )


def _asks_handshake(response: Response) -> bool:
    return response.body is not None and any(where[0] == "handshake" for where in response.body.wheres)


def _usual(own: Mapping[str, int], documented: Mapping[str, int]) -> str | None:
    """The usual answer: the fixture's lowest 2xx, else the document's; else the lowest of what there is."""
    for statuses in (own, documented):
        good = {name: status for name, status in statuses.items() if 200 <= status <= 299}
        if good:
            return min(good, key=lambda name: good[name])
    rest = own or documented
    return min(rest, key=lambda name: rest[name], default=None)


def known_fields(operation: Operation) -> frozenset[str]:
    """The top-level properties of the JSON body, as the document names them."""
    for media in operation.body.content if operation.body else ():
        if media.schema and is_json(media.name):
            node, at = operation.document.at(media.schema.pointer, media.schema.pointer, "#")
            node, _ = operation.document.follow(node, at)
            if isinstance(node, dict):
                return frozenset(node.get("properties") or ())
    return frozenset()
