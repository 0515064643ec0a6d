"""The world: documents and fixtures compiled into what answers. Immutable; a reload makes a new one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mock_server.codec.json_text import allow_depth
from mock_server.core.answers import ReadFile, body_schema
from mock_server.core.plan import House, Plan, Plans
from mock_server.core.route import Router
from mock_server.core.sign import Sign, bears, signs_of, without_sign
from mock_server.errors import Broken, Problem
from mock_server.fixture.check import fixture_problems
from mock_server.fixture.model import Fixtures
from mock_server.fixture.read import read_fixtures
from mock_server.mask import Hidden, hide
from mock_server.model import Request
from mock_server.settings import ONLINE, Settings
from mock_server.source import Ledger, Pointer, Shown, allow_aliases, open_root
from mock_server.spec.beside import beside, called, own_bases
from mock_server.spec.document import Document, open_document
from mock_server.spec.drawn import draw
from mock_server.spec.examples import ResponseExample
from mock_server.spec.operations import Operation, read_operations, shape_of
from mock_server.spec.security import api_keys
from mock_server.value import dataclass

if TYPE_CHECKING:
    from mock_server.fixture.fault import FaultRule
    from mock_server.spec.resources import Resource


class Served:
    """What a path leads to: the operation's plan, and the base path it was found under."""

    __slots__ = ("_key", "_plans", "base", "others", "plan", "signs")
    plan: Plan

    def __init__(self, plans: Mapping[str, Plan], key: str, base: str, signs: tuple[Sign, ...] = ()) -> None:
        self._plans = plans
        self._key = key
        self.base = base
        self.signs = signs
        self.others: tuple[Served, ...] = ()
        """All that have this method and path, itself too, where several are told apart by what follows ``#``."""

    def of(self, request: Request) -> Served:
        """The one that the request bears the signs of, the most of them first; without any, this one."""
        return next((each for each in self.others if bears(request, each.signs)), self)

    def renamed(self, values: dict[str, str]) -> dict[str, str]:
        """The path's values under the names that this one gives to its templates."""
        names = re.findall(r"\{([^{}/]+)\}", without_sign(self.plan.operation.path))
        return dict(zip(names, values.values(), strict=True))

    def __getattr__(self, name: str) -> Plan:
        """The plan, made when the first request comes; from then on the slot has it and nobody comes here."""
        if name != "plan":
            raise AttributeError(name)
        self.plan = self._plans[self._key]
        return self.plan


@dataclass(frozen=True, slots=True)
class World:
    """Everything that answers, and what was noticed while it was compiled."""

    documents: tuple[Document, ...]
    fixtures: Fixtures
    house: House
    plans: Mapping[str, Plan]
    router: Router[Served]
    callbacks: Router[str]
    """Where providers send the browser back to; the target is the path below the base."""
    fixture_warnings: tuple[Problem, ...]
    hidden: Hidden
    """The names of the documents' API keys, which no journal shows."""
    names: tuple[str, str]
    """What to call the documents and the fixtures in the banner."""
    resources: tuple[Resource, ...] = ()
    """What is remembered under ``--stateful``."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """All that was noticed. The lines of a big document are looked up now: only who prints them should ask."""
        return (*self.fixture_warnings, *(each for document in self.documents for each in document.problems()))

    @property
    def warning_count(self) -> int:
        return len(self.fixture_warnings) + sum(len(document.faults) for document in self.documents)

    @property
    def operations(self) -> Mapping[str, Operation]:
        """By key, in the documents' order; ``plans`` has the same keys."""
        return self.house.operations

    def plan(self, name: str) -> Plan | None:
        """By ``POST /oauth2``, with or without a base path, or by operationId; None when that means several, too."""
        found = called(name, self.operations)
        return self.plans[found[0].key] if len(found) == 1 else None


def bundled(name: str) -> Path:
    """``openapi.yaml`` or ``fixtures`` as they came with the package (or lie in the checkout)."""
    here = Path(__file__).parent
    packaged = here / "bundled" / name
    return packaged if packaged.exists() else here.parent / name


def build_world(settings: Settings, ledger: Ledger | None = None) -> World:
    """Read and compile everything. Raises ``Broken`` with every problem of every file.

    ``ledger`` gets to know every file that is read.
    """
    if ledger is not None:
        with ledger.open():
            return build_world(settings)
    allow_depth(settings.limits.json_depth)
    allow_aliases(settings.limits.aliased_nodes)
    specs = settings.specs or (bundled("openapi.yaml"),)
    folder = settings.fixtures or (None if settings.specs else bundled("fixtures"))
    problems: list[Problem] = []
    documents = [document for spec in specs if (document := _open(spec, settings, problems))]
    operations, between = beside([read_operations(document) for document in documents])
    problems += between
    fixtures = _fixtures(folder, operations, problems, documented=not _has_error(problems))
    if fixtures is not None and not _has_error(problems):
        problems += fixture_problems(fixtures, {each.key: each for each in operations}, body_schema)
    if fixtures is None or _has_error(problems):
        raise Broken([*problems, *(each for document in documents for each in document.problems())])
    resources = _resources(operations, documents[0], problems) if settings.stateful else []
    roles = {key: role for resource in resources for key, role in resource.roles.items()}
    house = House(
        fixtures.providers,
        fixtures.scenarios,
        fixtures.tokens,
        any_token=settings.any_token,
        strict=settings.strict,
        jwt=fixtures.jwt,
        no_errors=settings.no_errors,
        strict_query=settings.strict_query,
        resources=roles,
        dynamic=settings.dynamic,
        seed=settings.seed,
        network=_network(settings.network),
        operations={each.key: each for each in operations},
        read_file=_file_reader(settings, operations),
    )
    plans = Plans(house, fixtures.operations)
    for key in fixtures.operations:
        _ = plans[key]  # what people wrote by hand is compiled at once
    return World(
        documents=tuple(documents),
        fixtures=fixtures,
        house=house,
        plans=plans,
        router=Router(_routes(house.operations, plans)),
        callbacks=Router(_callbacks(house.operations, fixtures)),
        fixture_warnings=tuple(problems),
        hidden=hide(key for document in documents for key in api_keys(document)),
        names=(
            ", ".join(str(spec) for spec in settings.specs) or "openapi.yaml (bundled)",
            str(settings.fixtures or ("none" if settings.specs else "fixtures (bundled)")),
        ),
        resources=tuple(resources),
    )


def _network(name: str) -> tuple[FaultRule, ...]:
    """The faults of ``--profile``."""
    if name == ONLINE:
        return ()
    from mock_server.fixture.network import NETWORKS

    return NETWORKS.get(name, ())


def _resources(operations: list[Operation], document: Document, problems: list[Problem]) -> list[Resource]:
    """What is remembered; most mocks remember nothing and never import this."""
    from mock_server.spec.resources import find_resources, no_resource

    found = find_resources(operations)
    if not found:
        problems.append(no_resource(document))
    return found


def _has_error(problems: list[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _open(spec: Path | str, settings: Settings, problems: list[Problem]) -> Document | None:
    try:
        loaded, uri, library = open_root(spec, settings.allow_remote, settings.allow_folders)
        document = open_document(loaded, uri, library)
    except Broken as broken:
        problems += broken.problems
        return None
    document.schemas.judges_formats = settings.formats
    return document


def _fixtures(
    folder: Path | None, operations: list[Operation], problems: list[Problem], *, documented: bool
) -> Fixtures | None:
    if folder is None:
        return Fixtures()
    try:
        fixtures, warnings = read_fixtures(folder, operations, documented=documented)
    except Broken as broken:
        problems += broken.problems
        return None
    problems += warnings
    return fixtures


def _file_reader(settings: Settings, operations: list[Operation]) -> ReadFile:
    """Reads what ``externalValue`` names; what is at an allowed address is fetched now, as references are."""
    shown = Shown(settings.allow_remote)

    def read(document: Document, at: Pointer, name: str) -> bytes:
        return shown.read(document.loaded.source.path, document.loaded.home(at)[0].source.path, name)

    for document, example in _external(operations) if settings.allow_remote else ():
        shown.fetch(document.loaded.home(example.pointer)[0].source.path, example.external or "")
    return read


def _external(operations: Iterable[Operation]) -> Iterator[tuple[Document, ResponseExample]]:
    """The examples of answers that are files of their own."""
    for operation in operations:
        for example in (offer.example for each in draw(operation).values() for offer in each.offers):
            if example and example.external is not None:
                yield operation.document, example


def example_problems(world: World) -> Iterator[Problem]:
    """Every ``externalValue`` of an answer that cannot be read (MS431). They are read when they are first asked for."""
    for document, example in _external(world.operations.values()):
        try:
            world.house.read_file(document, example.pointer, example.external or "")
        except Broken as broken:
            hint = "keep it in the document's folder, or write it as `value`; until then a body is made up"
            message, own = broken.problems[0].message, broken.problems[0].hint
            hint = f"{own}, or {hint}" if own else hint
            yield document.loaded.problem("MS431", message, example.pointer, hint, severity="warning")


def _routes(operations: Mapping[str, Operation], plans: Mapping[str, Plan]) -> Iterator[tuple[str, str, Served]]:
    """Every operation under each base path of its servers; then, where the place is free, at the root."""
    found = [(operation, base) for operation in operations.values() for base in own_bases(operation)]
    found += [(operation, "") for operation in operations.values()]
    same: dict[str, list[Served]] = {}
    for operation, base in found:
        path = base + operation.path
        served = Served(plans, operation.key, base, signs_of(path) if "#" in path or "?" in path else ())
        same.setdefault(shape_of(f"{operation.method} {without_sign(path)}"), []).append(served)
        yield operation.method, path, served
    for group in same.values():
        if any(each.signs for each in group):
            group[0].others = tuple(sorted(group, key=lambda each: -len(each.signs)))


def _callbacks(operations: Mapping[str, Operation], fixtures: Fixtures) -> Iterator[tuple[str, str, str]]:
    for key, fixture in fixtures.operations.items():
        for path in fixture.start.callbacks if fixture.start else ():
            for base in dict.fromkeys((*operations[key].bases, "")):
                yield "GET", base + path, path


def provenance_tally(world: World) -> dict[str, int]:
    """How much of the mock is known: ``{"documented": 3, "observed": 0, "assumed": 21}``.

    Counted are the responses of fixtures, the providers' credentials and, for operations without
    a fixture, the answers of the document.
    """
    tally = Counter({"documented": 0, "observed": 0, "assumed": 0})
    for key, operation in world.operations.items():
        own = world.fixtures.operations.get(key)
        answers = own.responses if own else draw(operation)
        tally.update(answer.source for answer in answers.values())
    tally.update(provider.source for provider in world.fixtures.providers.values())
    return dict(tally)
