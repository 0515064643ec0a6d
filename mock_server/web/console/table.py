"""Every page of the console, a row each."""

from __future__ import annotations

from typing import Final

from mock_server.web.console import entry, requests
from mock_server.web.console.page import Page

GROUPS: Final = ("Watch", "Steer", "Know")
HOME: Final = Page("/", "Requests", "Watch", "console/requests.html", requests.view)
PAGES: Final = (
    HOME,
    Page("/console/requests/{entry}", "Request", "", "console/entry.html", entry.view, under="/"),
)
