"""How one server was told to behave."""

from __future__ import annotations

from pathlib import Path

from mock_server.value import dataclass

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4010
DEFAULT_STATE = "memory:"
MAX_BODY_BYTES = 1024 * 1024
MAX_HANDSHAKES = 10_000
MAX_ENTRIES = 1_000
MAX_JOURNAL_BYTES = 16 * 1024 * 1024
CALLBACK_TIMEOUT_S = 5.0
SESSION_IDLE_S = 7 * 24 * 3600.0
PROXY_TIMEOUT_S = 30.0
ONLINE = "none"
"""The network of ``--profile`` that is no profile at all."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may have the server keep, and how long it may keep it waiting. Sizes in bytes, times in seconds."""

    connections: int = 2_000
    target_bytes: int = 8 * 1024
    header_bytes: int = 64 * 1024
    header_lines: int = 100
    header_s: float = 10.0
    body_s: float = 30.0
    idle_s: float = 5.0
    """Between two requests of a connection."""
    stop_s: float = 5.0
    """For answers that are under way when the server is told to stop."""
    journal_bytes: int = MAX_JOURNAL_BYTES
    """Of one session's journal."""
    json_depth: int = 64
    aliased_nodes: int = 100_000
    """Of the YAML of documents and fixtures. These two are of the process: of two mocks in one the later counts."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``cors`` None = no CORS at all; ``("*",)`` = any origin. ``specs`` empty = the bundled document."""

    specs: tuple[Path | str, ...] = ()
    """Files, or addresses of http and https."""
    fixtures: Path | None = None
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    tls: bool = False
    workers: int = 1
    """Processes that answer; more than one need a store that all of them see."""
    ready_file: Path | None = None
    """Holds the address while the mock answers."""
    state: str = DEFAULT_STATE
    """Where the state is kept, as ``state.choose.read_state`` gives it: ``sqlite:mock.db``."""
    cert: Path | None = None
    """None under ``tls`` = a certificate made for this machine."""
    key: Path | None = None
    cors: tuple[str, ...] | None = ("*",)
    any_token: bool = False
    strict: bool = False
    no_errors: bool = False
    """Answer as if every request were right, and tell in a header what is wrong with it."""
    strict_query: bool = False
    """Whether query parameters that are not described are refused."""
    formats: bool = True
    """Whether the ``format`` of what comes in is judged."""
    stateful: bool = False
    """Whether resources are recognised in the documents and remembered."""
    watch: bool = False
    """Whether the world is made again when its files change."""
    max_body_bytes: int = MAX_BODY_BYTES
    max_handshakes: int = MAX_HANDSHAKES
    max_entries: int = MAX_ENTRIES
    """Of one session's journal."""
    session_idle_s: float = SESSION_IDLE_S
    """A session that nobody uses for so long is forgotten."""
    limits: Limits = Limits()
    quiet: bool = False
    log_format: str = "text"
    """``text`` for people, ``json`` for machines."""
    allow_callbacks: tuple[str, ...] = ()
    """Whom callbacks and webhooks may call besides this machine; ``core/target.py`` reads them."""
    callback_timeout_s: float = CALLBACK_TIMEOUT_S
    control_token: str | None = None
    """Opens the control API to clients that are not on this machine."""
    allow_remote: tuple[str, ...] = ()
    """``HOST`` or ``HOST:PORT`` from which documents may be fetched."""
    allow_folders: tuple[Path, ...] = ()
    """Folders beside the document's own in which its other files may lie."""
    network: str = ONLINE
    """A name of ``fixture.network.NETWORKS``: what every answer has to go through."""
    dynamic: bool = False
    """Make the document's answers from their schemas, anew for each request, in place of their examples."""
    seed: int = 0
    """What made-up bodies are made from."""
    proxy: str | None = None
    """The URL of the real API, which gets every request of which no fixture speaks."""
    proxy_timeout_s: float = PROXY_TIMEOUT_S
    proxy_headers: tuple[tuple[str, str], ...] = ()
    """Sent to it with every request, in place of the client's of that name."""
    proxy_all: bool = False
    """Whether it gets those of which fixtures speak, too: recording."""
