"""The recording as it grows: what was taken, what of it is in the folder already, what could not be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import parse_qsl

from mock_server.core.refuse import is_authorization
from mock_server.fixture.scaffold import file_name
from mock_server.mask import mask_reason, printable
from mock_server.named import NamedTuple
from mock_server.record.answer import Unlearnable
from mock_server.record.arrange import Seen, arrange
from mock_server.record.exchange import Exchange
from mock_server.record.file import fixture_file
from mock_server.record.merge import merged
from mock_server.record.observe import answer_of
from mock_server.record.secret import Secrets, looks_secret
from mock_server.record.taken import Taken, take
from mock_server.source import Folder, load, read_source
from mock_server.source.write import write_all
from mock_server.spec.beside import called
from mock_server.world import World

MAX_SEEN = 200
"""Different exchanges of one operation that are kept; what comes after them is only judged."""


MAX_TOLD = 1_000


class Written(NamedTuple):
    """What is in the folder: the file of an operation, how many responses and rules it has."""

    file: str
    operation: str
    responses: int
    rules: int


class Keeper:
    """``folder`` gets the fixtures; ``origin`` is told in them. Raises ``Broken`` when the folder cannot be read."""

    def __init__(self, world: World, folder: Path, origin: str, *, force: bool = False) -> None:
        self._world = world
        self._folder = folder
        self._origin = origin
        self._force = force
        self._secrets = Secrets(looks_secret)
        self._hours: set[object] = set()
        self._seen: dict[str, list[Seen]] = {}
        self._known: dict[str, set[object]] = {}
        self._dirty: dict[str, None] = {}
        self._theirs = _files(folder, world)
        """Operation -> the file that was there before; without ``force`` it stays as it is."""
        self._before = {key: read_source(folder / name).text for key, name in self._theirs.items()}
        taken = {name.rpartition(".")[0] for name in self._theirs.values()}
        self._names = {
            key: self._theirs[key].rpartition(".")[0] if key in self._theirs else file_name(operation, taken)
            for key, operation in world.operations.items()
        }
        self.count = 0
        self.unmatched: Counter[str] = Counter()
        self.violations: Counter[str] = Counter()
        self.kept_back: Counter[str] = Counter()
        """What was not written, and why."""
        self.written: dict[str, Written] = {}
        self.notes: dict[str, tuple[str, ...]] = {}
        """By operation: what its file cannot say."""

    def take(self, exchange: Exchange, at: float, more_bases: Iterable[str] = ()) -> list[str]:
        """Keep one exchange; what there is to say of it, a line each, without secrets.

        ``at`` is its hour in Unix seconds; ``more_bases`` are paths below which the API may stand besides.
        """
        if exchange.sent.method in ("HEAD", "OPTIONS"):
            return []
        self.count += 1
        self._secrets.learn_exchange(exchange)
        self._learn_keys(exchange)
        bases = ["", *(base.rstrip("/") for base in more_bases)]
        taken = take(self._world, exchange, _hour(exchange, at), bases)
        if taken is None:
            path = exchange.sent.target.partition("?")[0]
            _tally(self.unmatched, self._shown(f"{exchange.sent.method} {path}"))
            return ["no operation of the document"]
        told = [f"request: {each.where} {each.message}" for each in taken.violations]
        told += [f"answer: {each}" for each in taken.departures]
        told = [self._shown(each) for each in told]
        for each in told:
            _tally(self.violations, f"{taken.operation.key}: {each}")
        scrub = self._secrets.scrub
        open_to_all = {where: value for where, value in taken.features.items() if scrub(str(value)) == str(value)}
        violations = taken.violations
        if exchange.seen.status < 400:  # archives leave credentials away: who was answered had them
            violations = tuple(each for each in violations if not is_authorization(each))
        self._keep(taken._replace(features=open_to_all, violations=violations))
        return told

    def _learn_keys(self, exchange: Exchange) -> None:
        hidden = self._world.hidden
        self._secrets.learn(*(value for name, value in exchange.sent.headers if name.lower() in hidden.headers))
        query = parse_qsl(exchange.sent.target.partition("?")[2]) if hidden.query else []
        self._secrets.learn(*(value for name, value in query if name in hidden.query))

    def _shown(self, text: str) -> str:
        return printable(self._secrets.scrub(mask_reason(text)))[:400]

    def _keep(self, taken: Taken) -> None:
        key = taken.operation.key
        if key in self._theirs and not self._force:
            self.kept_back[f"{key}: {self._theirs[key]} is there already (--force adds to it)"] += 1
            return
        try:
            answer = answer_of(taken, self._secrets, self._hours)
        except Unlearnable as error:
            _tally(self.kept_back, self._shown(f"{key}: {taken.exchange.seen.status}: {error}"))
            return
        seen = self._seen.setdefault(key, [])
        if len(seen) >= MAX_SEEN:
            self.kept_back[f"{key}: more than {MAX_SEEN} exchanges that tell something new"] += 1
            return
        known = self._known.setdefault(key, set())
        what = repr((taken.features, taken.violations[:1], answer))
        if what in known and seen[-1].answer == answer:
            return
        known.add(what)
        seen.append(Seen(taken, answer))
        self._dirty[key] = None

    def flush(self) -> None:
        """Write what has changed. Raises ``Broken`` when the disk does not take it; then it is tried again."""
        files: dict[str, bytes] = {}
        written: dict[str, Written] = {}
        for key in self._dirty:
            name = self._names[key]
            arranged = arrange(self._world.operations[key], self._seen[key])
            made = fixture_file(arranged, name, self._origin, self._shown)
            text = made.text
            if key in self._before:
                text = merged(self._before[key], made.data)
            target = self._theirs.get(key, f"{name}.yaml")
            files[target] = text.encode()
            files.update(made.bodies)
            written[key] = Written(target, key, len(arranged.responses), len(arranged.rules))
            self.notes[key] = arranged.notes
        if files:
            write_all(self._folder, files, force=True)
        self.written.update(written)
        self._dirty.clear()


def _tally(found: Counter[str], text: str) -> None:
    """Count it; of very many different ones the rest together."""
    found[text if text in found or len(found) < MAX_TOLD else "more that is not listed"] += 1


def _hour(exchange: Exchange, at: float) -> float:
    """By the clock of who answered, where it says so (RFC 9110 §6.6.1)."""
    try:
        return parsedate_to_datetime(exchange.seen.header("date") or "").timestamp()
    except ValueError:
        return at


def _files(folder: Path, world: World) -> dict[str, str]:
    """The files of the folder that are about an operation. Raises ``Broken`` for one that is no YAML."""
    found: dict[str, str] = {}
    if not folder.is_dir():
        return found
    for path in Folder(folder).yaml_files():
        data = load(read_source(path)).data
        name = data.get("operation") if isinstance(data, dict) else None
        for operation in called(name, world.operations) if isinstance(name, str) else ():
            found[operation.key] = path.relative_to(folder).as_posix()
    return found
