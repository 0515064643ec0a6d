"""One exchange as the witness sees it: with what the document says of such an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.model import Exchange, Promise
from mock_server.contract.run import Run
from mock_server.fixture.model import OperationFixture
from mock_server.named import NamedTuple
from mock_server.spec.media import MediaType, best_match, is_json
from mock_server.spec.operations import DocumentedResponse, Operation

if TYPE_CHECKING:
    from mock_server.contract.walks.secrets import Genuine
    from mock_server.contract.walks.timing import Pace

NO_BODY = (204, 205, 304)
NOTHING = object()


class Seen(NamedTuple):
    """One thing that is wrong with an answer. ``shape`` says what is the same whenever it happens, else the title."""

    title: str
    promise: Promise
    detail: str = ""
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """``operation`` None = a page, or a path that the document does not know; ``value`` the JSON body if it is one."""

    run: Run
    exchange: Exchange
    operation: Operation | None
    fixture: OperationFixture | None
    entry: DocumentedResponse | None
    content_type: str
    media: MediaType | None
    value: Any
    fault: str
    """Why a body that should be JSON is none."""
    genuine: Genuine
    pace: Pace

    @property
    def status(self) -> int:
        return self.exchange.seen.status

    @property
    def path(self) -> str:
        """Without its query: that may hold secrets."""
        return self.exchange.sent.target.partition("?")[0]

    @property
    def is_api(self) -> bool:
        """Whether the deployment itself answered, not a provider somewhere else."""
        return self.exchange.origin == self.run.target.origin and "/__mock" not in self.path

    @classmethod
    def of(cls, run: Run, exchange: Exchange, genuine: Genuine, pace: Pace) -> Scene:
        """Look up what the document says."""
        operation = run.contract.operation(exchange.operation)
        seen = exchange.seen
        content_type = seen.header("content-type") or ""
        entry = operation.documented(seen.status) if operation and seen.status else None
        media = best_match(entry.content, content_type) if entry and content_type else None
        value, fault = _read(exchange, entry, content_type)
        fixture = run.contract.fixtures.operations.get(operation.key) if operation else None
        return cls(run, exchange, operation, fixture, entry, content_type, media, value, fault, genuine, pace)


Judge = Callable[[Scene], Iterator[Seen]]


def _read(exchange: Exchange, entry: DocumentedResponse | None, content_type: str) -> tuple[Any, str]:
    """The JSON body strictly read, or why it is none; ``(NOTHING, "")`` where none is expected."""
    seen = exchange.seen
    if not seen.status or seen.fault or exchange.sent.method == "HEAD" or seen.status in NO_BODY:
        return NOTHING, ""
    if (seen.header("content-encoding") or "identity").lower() != "identity":
        return NOTHING, ""
    expected = bool(entry and entry.content and all(is_json(media.name) for media in entry.content))
    looks = not content_type and seen.body[:1] in (b"{", b"[")
    if not is_json(content_type) and not looks:
        return NOTHING, ""
    if not seen.body and not expected:
        return NOTHING, ""
    try:
        return read_strictly(seen.body), ""
    except NotStrict as error:
        return NOTHING, str(error)
