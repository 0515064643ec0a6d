"""Our mock of any document on a real socket in this process: starting a process for each would take too long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from tests.support import make_app


@contextmanager
def serving(*specs: Path, fixtures: Path | None = None, **settings: Any) -> Iterator[str]:
    """``http://127.0.0.1:PORT``"""
    config = uvicorn.Config(make_app(*specs, fixtures=fixtures, **settings), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.002)
        assert server.started
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(60)
