"""The world: documents and fixtures compiled into what answers. Immutable; a reload makes a new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mock_server.core.plan import House, Plan, body_schema, make_plan
from mock_server.core.route import Router
from mock_server.errors import Broken, Problem
from mock_server.fixture.check import fixture_problems
from mock_server.fixture.model import Fixtures
from mock_server.fixture.read import read_fixtures
from mock_server.mask import Hidden, hide
from mock_server.settings import Settings
from mock_server.source import open_root
from mock_server.spec.document import Document, open_document
from mock_server.spec.operations import Operation, read_operations
from mock_server.spec.resources import Resource, find_resources, no_resource
from mock_server.spec.security import api_keys


class Served(NamedTuple):
    """What a path leads to: the plan, and the base path it was found under."""

    plan: Plan
    base: str


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

    def plan(self, name: str) -> Plan | None:
        """By ``POST /oauth2`` or by operationId."""
        found = self.plans.get(name)
        return found or next(
            (each for each in self.plans.values() if name and each.operation.operation_id == name), None
        )


def bundled(name: str) -> Path:
    """``openapi.yaml`` or ``fixtures`` as they came with the package (or lie in the checkout)."""
    here = Path(__file__).parent
    packaged = here / "bundled" / name
    return packaged if packaged.exists() else here.parent / name


def build_world(settings: Settings) -> World:
    """Read and compile everything. Raises ``Broken`` with every problem of every file."""
    specs = settings.specs or (bundled("openapi.yaml"),)
    folder = settings.fixtures or (None if settings.specs else bundled("fixtures"))
    problems: list[Problem] = []
    documents = [document for spec in specs if (document := _open(spec, settings, problems))]
    operations = _operations(documents, problems)
    fixtures = _fixtures(folder, operations, problems, documented=not problems)
    if fixtures is not None and not any(problem.severity == "error" for problem in problems):
        problems += fixture_problems(fixtures, {each.key: each for each in operations}, body_schema)
    if fixtures is None or any(problem.severity == "error" for problem in problems):
        raise Broken([*problems, *(each for document in documents for each in document.problems())])
    resources = find_resources(operations) if settings.stateful else []
    if settings.stateful and not resources:
        problems.append(no_resource(documents[0]))
    roles = {key: role for resource in resources for key, role in resource.roles.items()}
    house = House(
        fixtures.providers,
        fixtures.scenarios,
        fixtures.tokens,
        settings.any_token,
        settings.strict,
        jwt=fixtures.jwt,
        no_errors=settings.no_errors,
        resources=roles,
    )
    plans = {each.key: make_plan(each, fixtures.operations.get(each.key), house) for each in operations}
    return World(
        documents=tuple(documents),
        fixtures=fixtures,
        house=house,
        plans=plans,
        router=Router(_routes(plans)),
        callbacks=Router(_callbacks(plans)),
        fixture_warnings=tuple(problems),
        hidden=hide(key for document in documents for key in api_keys(document)),
        names=(
            ", ".join(str(spec) for spec in settings.specs) or "openapi.yaml (bundled)",
            str(settings.fixtures or ("none" if settings.specs else "fixtures (bundled)")),
        ),
        resources=tuple(resources),
    )


def _open(spec: Path | str, settings: Settings, problems: list[Problem]) -> Document | None:
    try:
        loaded, uri, library = open_root(spec, settings.allow_remote, settings.allow_folders)
        return open_document(loaded, uri, library)
    except Broken as broken:
        problems += broken.problems
        return None


def _operations(documents: list[Document], problems: list[Problem]) -> list[Operation]:
    """The operations of all documents; of two that answer to one name the second is an error."""
    found: dict[str, Operation] = {}
    shapes: dict[str, Operation] = {}
    for document in documents:
        for operation in read_operations(document):
            twin = shapes.setdefault(operation.shape, operation)
            if twin is not operation:
                place = twin.document.loaded.place(twin.pointer, at="key")
                message = f"{operation.key} is in {place.path} too"
                hint = f"the other is at {place}; remove one, or serve the documents by two servers"
                problems.append(document.loaded.problem("MS208", message, operation.pointer, hint, at="key"))
            found.setdefault(operation.key, operation)
    return list(found.values())


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


def _routes(plans: Mapping[str, Plan]) -> Iterator[tuple[str, str, Served]]:
    """Every operation under each base path of its servers and at the root."""
    for plan in plans.values():
        for base in dict.fromkeys((*plan.operation.bases, "")):
            yield plan.operation.method, base + plan.operation.path, Served(plan, base)


def _callbacks(plans: Mapping[str, Plan]) -> Iterator[tuple[str, str, str]]:
    for plan in plans.values():
        for path in plan.fixture.start.callbacks if plan.fixture.start else ():
            for base in dict.fromkeys((*plan.operation.bases, "")):
                yield "GET", base + path, path


def provenance_tally(world: World) -> dict[str, int]:
    """How much of the mock is known: ``{"documented": 3, "observed": 0, "assumed": 21}``.

    Counted are the responses of fixtures, the providers' credentials and, for operations without
    a fixture, the answers of the document.
    """
    tally = Counter({"documented": 0, "observed": 0, "assumed": 0})
    for plan in world.plans.values():
        own = world.fixtures.operations.get(plan.operation.key)
        tally.update(response.source for response in (own or plan.fixture).responses.values())
    tally.update(provider.source for provider in world.fixtures.providers.values())
    return dict(tally)
