"""The API reference in a real browser: found, read offline, and tried against the mock itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mock_server.web.console.table import PAGES
from tests.browser.conftest import Open
from tests.support import Server, running

FORM = {
    "type": "object",
    "required": ["file", "note"],
    "properties": {"file": {"type": "string", "format": "binary"}, "note": {"type": "string"}},
}
UPLOAD = {
    "operationId": "upload",
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FORM}}},
    "responses": {"201": {"description": "ok"}},
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Many", "version": "1", "description": "Has `code` and <script>alert(1)</script>."},
    "paths": {
        f"/things{number}/{{id}}": {
            "get": {
                "summary": f"Read thing {number}",
                "operationId": f"read{number}",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 7}},
                    {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "X-Key", "in": "header", "required": True, "schema": {"type": "string"}, "example": "k"},
                ],
                "responses": {
                    "200": {
                        "description": "<img src=x onerror=alert(2)>",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    }
                },
            }
        }
        for number in range(1_000)
    }
    | {"/upload": {"post": UPLOAD, "trace": {"operationId": "trace", "responses": {"200": {"description": "ok"}}}}},
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer", "format": "int64", "example": 194785639383273121},
                    "kind": {"enum": ["a", "b"]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                },
            }
        }
    },
}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path: Path = tmp_path_factory.mktemp("reference") / "many.json"
    path.write_text(json.dumps(DOCUMENT), "utf-8")
    with running("--quiet", str(path)) as server:
        yield server


def reference(open_page: Open, server: Server, path: str = "") -> Page:
    page = open_page(server.url, extra_http_headers={"Mock-Session": "reference"}).page
    page.goto(f"{server.url}/__mock/console/reference{path}")
    expect(page.locator("#link-text")).to_have_text("live")
    return page


def test_one_of_a_thousand_operations_is_found_while_typing(open_page: Open, many: Server) -> None:
    page = reference(open_page, many)
    expect(page.locator("#found > li")).to_have_count(1_002)
    page.get_by_label("Find an operation").press_sequentially("thing 777")
    expect(page.locator("#found > li:visible")).to_have_count(1)
    page.get_by_role("link", name="/things777/{id}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("GET /things777/{id}")


def test_a_schema_is_read_as_a_tree_and_nothing_of_it_is_markup(open_page: Open, many: Server) -> None:
    page = reference(open_page, many, "/operation?operation=read1")
    tree = page.get_by_role("region", name="What the document says it answers")
    for text in ("integer, int64", "one of a, b", "list", "as above"):
        expect(tree).to_contain_text(text)
    expect(tree).to_contain_text("<img src=x onerror=alert(2)>")
    assert page.locator("main img, main script").count() == 0


def test_an_operation_is_tried_and_the_answer_leads_to_its_entry(open_page: Open, many: Server) -> None:
    page = reference(open_page, many, "/operation?operation=read5")
    expect(page.get_by_label("id path, required")).not_to_have_value("")
    page.get_by_label("id path, required").fill("8")
    page.get_by_label("tags query").fill("a&b")
    page.get_by_role("button", name="Send").click()
    answer = page.get_by_role("region", name="The answer", exact=True)
    expect(answer).to_contain_text("200 OK in")
    expect(page.get_by_role("region", name="Text of the answer")).to_contain_text("194785639383273121")
    answer.get_by_role("link", name="why this answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("GET /things5/8?tags=a%26b")
    expect(page.get_by_role("rowheader", name="x-key")).to_be_visible()
    expect(page.locator("#strip")).to_contain_text("session reference")


def test_a_form_with_a_file_is_tried_as_it_stands(open_page: Open, many: Server) -> None:
    page = reference(open_page, many, "/operation?operation=upload")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="The answer", exact=True)).to_contain_text("201 Created in")


def test_a_method_that_no_page_may_send_is_told(open_page: Open, many: Server) -> None:
    page = reference(open_page, many, "/operation?operation=trace")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="The answer", exact=True)).to_contain_text("ask with curl -X TRACE")


def test_any_token_body_and_answer_can_be_chosen(open_page: Open, server: Server) -> None:
    watched = open_page(extra_http_headers={"Mock-Session": "reference-token"})
    watched.expect("403", "429", "402")
    page = watched.page
    page.goto(f"{server.url}/__mock/console/reference/operation?operation=POST%20/oauth2")
    answer = page.get_by_role("region", name="The answer", exact=True)
    page.get_by_role("button", name="Send").click()
    expect(answer).to_contain_text("200 OK")
    page.locator("#try [name=token]").fill("noscope-token")
    page.get_by_role("button", name="Send").click()
    expect(answer).to_contain_text("403 Forbidden")
    page.locator("#try [name=token]").fill("dev-token")
    page.locator("#try [name=body]").fill('{"datasource_id": "fb", "validity_duration": 1}')
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("429 Too Many Requests")
    expect(answer).to_contain_text("invalid param: body.validity_duration")
    page.locator("#try-prefer").select_option("response=payment-required")
    page.get_by_role("button", name="Send").click()
    expect(answer).to_contain_text("402 Payment Required")
    expect(answer).to_contain_text("preference-applied: response=payment-required")


def test_what_the_mock_can_answer_is_shown_with_where_it_stands(open_page: Open, server: Server) -> None:
    page = open_page().page
    page.goto(f"{server.url}/__mock/console/reference/operation?operation=POST%20/oauth2")
    will = page.get_by_role("region", name="What the mock can answer")
    will.get_by_text("started").click()
    expect(will).to_contain_text("{{ handshake.auth_uri }}")
    expect(will).to_contain_text("new-credentials.yaml:")
    page.goto(f"{server.url}/__mock/console/provenance")
    expect(page.get_by_role("region", name="In all, 28 answers and credentials")).to_contain_text("25 □ assumed")
    page.get_by_text("Where each stands").first.click()
    expect(page.get_by_text("fixtures/oauth2/new-credentials.yaml:", exact=False).first).to_be_visible()


LONG, EVIL = "x" * 300, "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e\u001b"
MODEL = {"$ref": "#/components/schemas/" + "S" * 90}
PATH = "/" + "p" * 200 + "/{" + "q" * 80 + "}"
HOSTILE = {
    "openapi": "3.1.0",
    "info": {"title": EVIL + LONG, "version": LONG, "description": EVIL * 5},
    "servers": [{"url": "/" + "b" * 120}],
    "paths": {
        PATH: {
            "post": {
                "summary": EVIL + LONG,
                "operationId": "o" * 300,
                "description": (EVIL + "\n") * 10,
                "parameters": [
                    {"name": "q" * 80, "in": "path", "required": True, "schema": {"enum": [LONG, EVIL]}},
                    {"name": EVIL, "in": "query", "schema": {"type": "string", "pattern": LONG}, "description": LONG},
                ],
                "requestBody": {
                    "content": {f"application/{'v' * 100}+json": {"schema": MODEL, "example": {"a": EVIL * 50}}}
                },
                "responses": {"200": {"description": EVIL + LONG, "content": {"application/json": {"schema": MODEL}}}},
            }
        }
    },
    "components": {
        "schemas": {
            "S" * 90: {
                "type": "object",
                "required": [LONG],
                "properties": {LONG: {"type": "string", "description": EVIL + LONG, "default": LONG}, EVIL: MODEL},
            }
        }
    },
}


def test_a_hostile_document_breaks_no_page_on_a_phone(
    open_page: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("hostile") / "hostile.json"
    path.write_text(json.dumps(HOSTILE), "utf-8")
    with running("--quiet", str(path)) as server:
        page = open_page(server.url, viewport={"width": 360, "height": 740}).page
        more = {"/console/reference/operation": f"?operation={'o' * 300}"}
        for each in (each for each in PAGES if "{" not in each.path):
            page.goto(f"{server.url}/__mock{each.path}{more.get(each.path, '')}")
            expect(page.locator("#link-text")).to_have_text("live")
            expect(page.get_by_role("heading", level=1)).not_to_have_text("Not here")
            assert page.locator("main img, main script").count() == 0
            assert page.evaluate("() => document.documentElement.scrollWidth") <= 360, each.title
        page.goto("about:blank")  # before the server: it would complain that the connection is lost
