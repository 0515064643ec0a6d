"""The hand-shake as a browser and a client walk it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx2
from starlette.testclient import TestClient

from tests.support import TOKEN

API = "http://127.0.0.1:4010"


@dataclass
class Page:
    """What a person sees: the form's target, its hidden ticket, its buttons, the text."""

    html: str
    action: str = ""
    ticket: str = ""
    buttons: dict[str, str] = field(default_factory=dict)
    text: str = ""
    tags: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.button: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.page.tags.append(tag)
        self.page.tags += [name for name in given if name.startswith("on")]
        if tag == "form":
            self.page.action = given["action"] or ""
        elif tag == "input" and given.get("name") == "ticket":
            self.page.ticket = given["value"] or ""
        elif tag == "button":
            self.button = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self.button = None

    def handle_data(self, data: str) -> None:
        if self.button is not None:
            self.page.buttons[self.button] = data.strip()
        if data.strip():
            self.page.text += data.strip() + "\n"


def read_page(html: str) -> Page:
    page = Page(html)
    _Reader(page).feed(html)
    return page


def open_page(client: TestClient, auth_uri: str) -> Page:
    response = client.get(auth_uri)
    assert response.status_code == 200, response.text
    return read_page(response.text)


def press(client: TestClient, page: Page, decision: str) -> httpx2.Response:
    return client.post(page.action, data={"ticket": page.ticket, "decision": decision})


def sent_back(client: TestClient, auth_uri: str, decision: str = "approve") -> str:
    """Open, press: where the browser is sent to."""
    response = press(client, open_page(client, auth_uri), decision)
    assert response.status_code == 303, response.text
    location: str = response.headers["location"]
    return location


def walk(client: TestClient, begun: dict[str, str], decision: str = "approve") -> httpx2.Response:
    """Open, press, follow: the page at the end."""
    return client.get(sent_back(client, begun["auth_uri"], decision))


def collect(client: TestClient, begun: dict[str, str], headers: dict[str, str] = TOKEN, **body: Any) -> httpx2.Response:
    return client.post("/api/oauth2/credentials", json={"pull_id": begun["pull_id"], **body}, headers=headers)


def said(response: httpx2.Response) -> tuple[int, str]:
    """Status and message, in the documented error shape."""
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["message"]


def query(uri: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(uri).query, strict_parsing=True).items()}


def with_query(uri: str, **changes: str | list[str] | None) -> str:
    """The same URI with parameters changed, repeated (a list) or left out (None)."""
    values: dict[str, Any] = {**query(uri), **changes}
    left = {name: value for name, value in values.items() if value is not None}
    return urlunsplit(urlsplit(uri)._replace(query=urlencode(left, doseq=True)))


def expire(client: TestClient, seconds: float, **headers: str) -> None:
    response = client.post("/__mock/clock", json={"advance": seconds}, headers=headers)
    assert response.status_code == 200, response.text
