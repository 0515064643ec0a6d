"""Every page of the console, a row each."""

from __future__ import annotations

from typing import Final

from mock_server.web.console import (
    entry,
    handshakes,
    lint,
    operation,
    operations,
    provenance,
    reference,
    requests,
    sessions,
    situation,
)
from mock_server.web.console.page import Page

GROUPS: Final = ("Watch", "Steer", "Know")
HOME: Final = Page("/", "Requests", "Watch", "console/requests.html", requests.view)
PAGES: Final = (
    HOME,
    Page("/console/requests/{entry}", "Request", "", "console/entry.html", entry.view, under="/"),
    Page("/console/handshakes", "Handshakes", "Watch", "console/handshakes.html", handshakes.view),
    Page("/console/lint", "Client lint", "Watch", "console/lint.html", lint.view),
    Page("/console/operations", "Operations", "Steer", "console/operations.html", operations.view),
    Page("/console/situation", "Situation", "Steer", "console/situation.html", situation.view),
    Page("/console/sessions", "Sessions", "Steer", "console/sessions.html", sessions.view),
    Page("/console/reference", "Reference", "Know", "console/reference.html", reference.view),
    Page(
        "/console/reference/operation", "Operation", "", "console/operation.html", operation.view, "/console/reference"
    ),
    Page("/console/provenance", "Provenance", "Know", "console/provenance.html", provenance.view),
)
