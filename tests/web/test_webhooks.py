"""``/__mock/webhooks``: what the document sends by itself, sent on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mock_server.web.control import control_document
from tests.support import make_app, make_client
from tests.web.listener import target

SPEC = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths: {}
webhooks:
  order.shipped:
    post:
      summary: An order left
      parameters: [{name: X-Event, in: header, required: true, schema: {const: shipped}}]
      requestBody:
        content:
          application/json:
            schema: {type: object, required: [id], properties: {id: {type: integer, example: 7}}}
      responses: {"200": {description: Noted}}
    put: {responses: {"200": {description: Noted}}}
  note/with slash:
    post: {requestBody: {content: {text/plain: {example: hello}}}, responses: {"204": {description: Noted}}}
  impossible:
    post:
      requestBody: {content: {application/json: {schema: {type: string, minLength: 3, maxLength: 2}}}}
      responses: {"200": {description: Noted}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> TestClient:
    (tmp_path / "shop.yaml").write_text(SPEC)
    return make_client(make_app(tmp_path / "shop.yaml"))


def fire(client: TestClient, name: str, **body: Any) -> Any:
    return client.post(f"/__mock/webhooks/{name}", json=body)


def test_the_webhooks_of_the_document_are_listed(shop: TestClient) -> None:
    assert shop.get("/__mock/webhooks").json() == {
        "webhooks": [
            {"name": "order.shipped", "method": "PUT", "summary": "", "media_type": None},
            {"name": "order.shipped", "method": "POST", "summary": "An order left", "media_type": "application/json"},
            {"name": "note/with slash", "method": "POST", "summary": "", "media_type": "text/plain"},
            {"name": "impossible", "method": "POST", "summary": "", "media_type": "application/json"},
        ]
    }


def test_redoclys_word_for_them_in_3_0_is_read(tmp_path: Path) -> None:
    text = SPEC.replace("3.1.0", "3.0.3").replace("\nwebhooks:", "\nx-webhooks:")
    (tmp_path / "shop.yaml").write_text(text)
    client = make_client(make_app(tmp_path / "shop.yaml"))
    assert len(client.get("/__mock/webhooks").json()["webhooks"]) == 4


def test_a_document_without_webhooks_has_none(client: TestClient) -> None:
    assert client.get("/__mock/webhooks").json() == {"webhooks": []}


def test_firing_one_sends_what_the_document_says_and_tells_what_came_back(shop: TestClient) -> None:
    with target() as there:
        answer = fire(shop, "order.shipped", url=there.url + "/hook?a=1", method="post").json()
    ((path, headers, body),) = there.received
    assert (path, body) == ("/hook?a=1", b'{"id":7}')
    assert (headers["content-type"], headers["x-event"], headers["mock-callback-depth"]) == (
        "application/json", "shipped", "1",
    )  # fmt: skip
    assert answer["webhook"] == "order.shipped"
    assert answer["sent"]["body"] == '{"id":7}'
    assert (answer["answer"]["status"], answer["answer"]["body"]) == (200, "ok")
    (entry,) = shop.get("/__mock/journal").json()["entries"]
    assert (entry["id"], entry["kind"], entry["cause"]) == (answer["entry"], "outgoing", None)
    assert (entry["method"], entry["status"], entry["response"]) == ("POST", 200, "order.shipped")


def test_body_and_headers_may_be_given(shop: TestClient) -> None:
    with target() as there:
        headers = {"X-Event": "mine", "Authorization": "Bearer s3cret"}
        answer = fire(shop, "order.shipped", url=there.url, method="POST", body={"id": 12}, headers=headers)
    assert there.received[0][1]["x-event"] == "mine"
    assert there.received[0][1]["authorization"] == "Bearer s3cret"
    assert there.received[0][2] == b'{"id":12}'
    assert "s3cret" not in answer.text


def test_a_body_that_breaks_the_document_is_sent_only_by_force(shop: TestClient) -> None:
    with target() as there:
        wanted = {"url": there.url, "method": "POST", "body": {"id": "x"}}
        refused = fire(shop, "order.shipped", **wanted)
        assert (refused.status_code, refused.json()["code"]) == (422, "MS406")
        assert refused.json()["detail"] == 'the body breaks the document: /id "x" is not of type "integer"'
        assert there.received == []
        assert fire(shop, "order.shipped", **wanted, force=True).status_code == 200
        assert there.received[0][2] == b'{"id":"x"}'
    (entry,) = shop.get("/__mock/journal").json()["entries"]
    assert entry["reasons"] == ['callback: the body breaks the document: /id "x" is not of type "integer"']


def test_a_name_with_a_slash_is_found(shop: TestClient) -> None:
    with target() as there:
        assert fire(shop, "note/with%20slash", url=there.url).status_code == 200
    assert there.received[0][2] == b"hello"


def test_the_journal_is_that_of_the_session(shop: TestClient) -> None:
    with target() as there:
        shop.post("/__mock/webhooks/order.shipped", json={"url": there.url}, headers={"Mock-Session": "alice"})
    assert shop.get("/__mock/journal").json()["total"] == 0
    assert shop.get("/__mock/journal", headers={"Mock-Session": "alice"}).json()["total"] == 1


@pytest.mark.parametrize(
    "name, body, status, code, detail",
    [
        ("order.lost", {"url": "http://127.0.0.1:1/"}, 404, "MS409", "no webhook is called 'order.lost'"),
        ("order.shipped", {}, 400, "MS408", "`url` says where to send it"),
        ("order.shipped", {"url": ""}, 400, "MS408", "`url` says where to send it"),
        ("order.shipped", {"url": 5}, 400, "MS408", "`url` says where to send it"),
        (
            "order.shipped",
            {"urll": "x"},
            400,
            "MS408",
            "'urll' is not known here; there are body, force, headers, method, url",
        ),
        ("order.shipped", {"url": "x", "method": "GET"}, 400, "MS408", "`method` is one of PUT, POST, not 'GET'"),
        ("order.shipped", {"url": "x", "force": 1}, 400, "MS408", "`force` is true or false"),
        ("order.shipped", {"url": "x", "headers": {"a": 1}}, 400, "MS408", "`headers` is an object of texts"),
        (
            "order.shipped",
            {"url": "x", "headers": {"a": "b\r\nc: d"}},
            400,
            "MS408",
            "'a' cannot be sent as a header here",
        ),
        (
            "order.shipped",
            {"url": "x", "headers": {"Host": "b"}},
            400,
            "MS408",
            "'Host' cannot be sent as a header here",
        ),
        ("order.shipped", {"url": "x"}, 422, "MS426", "'x' is no absolute http or https URL"),
        (
            "order.shipped",
            {"url": "http://203.0.113.1/"},
            422,
            "MS426",
            "203.0.113.1 is not this machine; allow it with",
        ),
        (
            "order.shipped",
            {"url": "http://169.254.169.254/"},
            422,
            "MS426",
            "169.254.169.254 is 169.254.169.254, which is never",
        ),
        ("order.shipped", {"url": "http://127.0.0.1:1/"}, 502, "MS427", "127.0.0.1:1 cannot be reached"),
        (
            "impossible",
            {"url": "http://127.0.0.1:1/"},
            422,
            "MS425",
            "no valid body can be made for POST of 'impossible'",
        ),
        (
            "note/with slash",
            {"url": "http://127.0.0.1:1/", "body": 5},
            422,
            "MS425",
            "a body of text/plain must be a text",
        ),
    ],
)
def test_what_cannot_be_fired_is_refused(
    shop: TestClient, name: str, body: Any, status: int, code: str, detail: str
) -> None:
    answer = fire(shop, name, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"].startswith(detail), answer.json()["detail"]


def test_a_try_that_failed_is_journalled_too(shop: TestClient) -> None:
    entry_id = fire(shop, "order.shipped", url="http://127.0.0.1:1/").json()["entry"]
    (entry,) = shop.get("/__mock/journal").json()["entries"]
    assert (entry["id"], entry["status"], entry["error"]["code"]) == (entry_id, None, "MS427")


def test_the_control_document_describes_them() -> None:
    assert {"/webhooks", "/webhooks/{name}"} <= control_document()["paths"].keys()


def test_a_callback_never_reaches_the_control_api(shop: TestClient) -> None:
    """The URL of a callback is the client's to choose, and the mock sends it from this machine."""
    refused = shop.post("/__mock/reset", headers={"Mock-Callback-Depth": "1"})
    assert (refused.status_code, refused.json()["code"]) == (403, "MS412")
