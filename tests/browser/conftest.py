"""A real browser that tells on every page: no request leaves the machine's own servers, no error is logged."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.support import Server

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
GIVE_UP_MS = 30_000
DESKTOP: ViewportSize = {"width": 1280, "height": 720}
expect.set_options(timeout=GIVE_UP_MS)


class Watched:
    """A page and everything that it asked for or complained of."""

    def __init__(self, page: Page, origins: set[str]) -> None:
        self.page = page
        self.origins = origins
        self.requested: list[str] = []
        self.complaints: list[str] = []
        self.expected: list[str] = []
        self._heard: list[tuple[Any, Callable[..., None]]] = []
        self.hear("request", lambda request: self.requested.append(request.url))
        self.hear("console", lambda message: self._note(message.type, message.text))
        self.hear("pageerror", lambda error: self.complaints.append(str(error)))

    def hear(self, event: Any, handler: Callable[..., None]) -> None:
        """Call this of everything of the kind that happens in the page until the test ends."""
        self.page.on(event, handler)
        self._heard.append((event, handler))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def expect(self, *patterns: str) -> None:
        """Complaints that the browser makes rightly; each must come."""
        self.expected += patterns

    def leave(self) -> None:
        """Hear no more of the page, which the next test may get."""
        for event, handler in self._heard:
            self.page.remove_listener(event, handler)

    def judge(self) -> None:
        """Fail when anything was asked of a stranger, or anything unexpected was said."""
        strangers = [url for url in self.requested if _origin(url) not in self.origins]
        assert not strangers, f"requests that leave the mock: {strangers}"
        unexpected = [text for text in self.complaints if not any(re.search(each, text) for each in self.expected)]
        assert not unexpected, f"the browser complains: {unexpected}"
        missing = [each for each in self.expected if not any(re.search(each, text) for text in self.complaints)]
        assert not missing, f"the browser should have complained of {missing}, said {self.complaints}"


class Windows:
    """Windows that are wiped and used again: a new one takes the browser as much work as three pages.

    Each has a profile of its own, so that two windows of a test share nothing.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[Page]] = {}
        self._homes: dict[Page, list[Page]] = {}

    def take(
        self,
        *,
        viewport: ViewportSize | None = None,
        color_scheme: Literal["light", "dark"] = "light",
        extra_http_headers: dict[str, str] | None = None,
        **kind: Any,
    ) -> Page:
        """An empty window; ``kind`` is what only a new profile can be given, such as ``has_touch``."""
        idle = self._idle.setdefault(repr(sorted(kind.items())), [])
        page = idle.pop() if idle else self._open(idle, kind)
        page.set_viewport_size(viewport or DESKTOP)
        page.emulate_media(color_scheme=color_scheme)
        page.set_extra_http_headers(extra_http_headers or {})
        return page

    def _open(self, idle: list[Page], kind: dict[str, Any]) -> Page:
        page = self._browser.new_context(**kind).new_page()
        page.set_default_timeout(GIVE_UP_MS)
        self._homes[page] = idle
        return page

    def give_back(self, page: Page) -> None:
        """Nothing of the test may be left: no connection, no cookie, no permission, no route, no other window."""
        context = page.context
        for other in context.pages:
            if other is not page:
                other.close()
        page.unroute_all()
        page.mouse.move(0, 0)
        page.goto("about:blank")
        context.clear_cookies()
        context.clear_permissions()
        self._homes[page].append(page)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return "data:" if parts.scheme == "data" else f"{parts.scheme}://{parts.netloc}"


@pytest.fixture(scope="package")  # its event loop must be gone before other tests run theirs
def browser() -> Iterator[Browser]:
    """The system's chromium; a test without it fails, it is not skipped."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or "/usr/bin/chromium"
        found = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield found
        found.close()


Open = Callable[..., Watched]


@pytest.fixture(scope="package")
def windows(browser: Browser) -> Windows:
    return Windows(browser)


@pytest.fixture
def open_page(windows: Windows, server: Server) -> Iterator[Open]:
    """``open_page(other_origin, viewport=…, color_scheme=…)``: a wiped window, judged when the test ends."""
    opened: list[Watched] = []

    def open_one(*origins: str, **options: Any) -> Watched:
        opened.append(Watched(windows.take(**options), {server.url, "data:", *origins}))
        return opened[-1]

    yield open_one
    for watched in opened:
        watched.leave()
        windows.give_back(watched.page)
    for watched in opened:
        watched.judge()


@pytest.fixture
def page(open_page: Open) -> Page:
    """A page of a plain desktop."""
    return open_page().page


def shoot(page: Page, name: str) -> None:
    """Keep a picture in the folder that ``MOCK_SERVER_SCREENSHOTS`` names, when it names one."""
    folder = os.environ.get("MOCK_SERVER_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


class _OnePage(BaseHTTPRequestHandler):
    def __init__(self, text: str, *args: Any) -> None:
        self._text = text.encode()
        super().__init__(*args)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self._text)))
        self.end_headers()
        self.wfile.write(self._text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def site(text: str) -> Iterator[str]:
    """A page of another origin; the origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_OnePage, text)) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()
