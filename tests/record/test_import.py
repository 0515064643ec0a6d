"""``mock-server import``: what others have recorded becomes fixtures, and bad files are told where they are bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from mock_server.cli import group
from mock_server.codec.postman import NOWHERE, read_postman
from mock_server.record.infer import infer, schema_of
from tests.record.shop import KEY, SPEC
from tests.support import make_app, make_client

JSON = [{"name": "Content-Type", "value": "application/json"}]
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def har_entry(method: str, url: str, status: int, answer: Any = None, sent: Any = None, **more: Any) -> dict[str, Any]:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return {
        "startedDateTime": "2023-11-14T22:13:19.000Z",
        "time": 500,
        "request": {
            "method": method, "url": url, "headers": [*JSON, {"name": "X-Shop-Key", "value": KEY}],
            **({"postData": {"mimeType": "application/json", "text": json.dumps(sent)}} if sent is not None else {}),
        },
        "response": {
            "status": status, "headers": JSON if answer is not None else [],
            "content": {"size": len(text), "text": text} if answer is not None else {"size": 0}, **more,
        },
    }  # fmt: skip


DESK = {"id": 9, "name": "desk"}
SHOP = "https://shop.example/api"
ENTRIES = [
    har_entry("GET", f"{SHOP}/items/7", 200, {"id": 7, "name": "lamp"}),
    har_entry("GET", f"{SHOP}/items/9", 404, {"message": "item 9 not found"}),
    har_entry(
        "POST", f"{SHOP}/items", 201, {"id": 9, "name": "desk", "created": "2023-11-14T22:13:20Z"}, {"name": "desk"}
    ),
    har_entry("GET", f"{SHOP}/items?page=2", 200, [{"id": 8, "name": "chair"}]),
    har_entry("GET", "https://cdn.example/app.js", 200, "x"),
    har_entry("DELETE", f"{SHOP}/items/7", 204),
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group, ["import", *map(str, arguments)])


@pytest.fixture
def har(tmp_path: Path) -> Path:
    found = tmp_path / "shop.har"
    found.write_text(json.dumps({"log": {"version": "1.2", "entries": ENTRIES}}))
    return found


def test_an_archive_becomes_fixtures_that_give_it_back(har: Path, tmp_path: Path) -> None:
    out = tmp_path / "fixtures"
    done = run("har", har, "--spec", SPEC, "--out", out)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"6 exchanges seen, 4 fixtures written into {out}\n")
    assert "No operation of the document:\n  GET /app.js\n" in done.output
    client = make_client(make_app(SPEC, fixtures=out))
    signed = {"X-Shop-Key": "k"}
    assert client.get("/api/items/7", headers=signed).json() == {"id": 7, "name": "lamp"}
    assert client.get("/api/items/9", headers=signed).status_code == 404
    assert client.delete("/api/items/7", headers=signed).status_code == 204
    # the hour of the recording became the hour of the mock, whose fake clock says 2023-11-14T22:13:20Z
    made = client.post("/api/items", json={"name": "bed"}, headers=signed).json()
    assert made == {"id": 9, "name": "bed", "created": "2023-11-14T22:13:20Z"}
    assert KEY not in "".join(path.read_text() for path in out.rglob("*.yaml"))


def test_without_a_document_one_is_made_that_says_what_was_seen(har: Path, tmp_path: Path) -> None:
    out, spec = tmp_path / "fixtures", tmp_path / "made.yaml"
    done = run("har", har, "--write-spec", spec, "--out", out)
    assert done.exit_code == 0, done.output
    assert f"The document is in {spec}: what was seen, and no more." in done.output
    assert "https://cdn.example (another host, or no API)" in done.output
    document = yaml.safe_load(spec.read_text())
    assert {path: sorted(item) for path, item in document["paths"].items()} == {
        "/api/items": ["get", "post"], "/api/items/{itemId}": ["delete", "get", "parameters"],
    }  # fmt: skip
    get = document["paths"]["/api/items/{itemId}"]["get"]
    assert (get["x-provenance"], sorted(get["responses"])) == ("observed", ["200", "404"])
    checked = CliRunner().invoke(group, ["check", str(spec), "--fixtures", str(out)])
    assert (checked.exit_code, "0 error(s), 0 warning(s)" in checked.output) == (0, True), checked.output
    client = make_client(make_app(spec, fixtures=out))
    assert client.get("/api/items/7").json() == {"id": 7, "name": "lamp"}
    assert client.get("/api/items?page=2").json() == [{"id": 8, "name": "chair"}]


def test_an_api_below_another_path_is_found_there(tmp_path: Path) -> None:
    har = tmp_path / "x.har"
    har.write_text(
        json.dumps({"log": {"entries": [har_entry("GET", "http://h/v9/items/7", 200, {"id": 7, "name": "x"})]}})
    )
    nowhere = run("har", har, "--spec", SPEC, "--out", tmp_path / "out")
    assert nowhere.exit_code == 2
    assert f"error MS499: nothing in {har} is of this API" in nowhere.output
    assert "it has http://h; the paths are looked for below the document's base paths and --base" in nowhere.output
    assert not (tmp_path / "out").exists()
    assert run("har", har, "--spec", SPEC, "--out", tmp_path / "out", "--base", "/v9/").exit_code == 0


def test_an_archive_without_credentials_has_rules_all_the_same(tmp_path: Path) -> None:
    """Browsers leave them away."""
    har, out = tmp_path / "x.har", tmp_path / "out"
    entries = [
        har_entry("GET", f"{SHOP}/items/{n}?_={1_700_000_000_000 + n}", 200, {"id": n, "name": f"n{n}"}) for n in (7, 8)
    ]
    for each in entries:
        each["request"]["headers"] = []
    har.write_text(json.dumps({"log": {"entries": entries}}))
    done = run("har", har, "--spec", SPEC, "--out", out)
    assert "GET /items/{itemId}: request: header.x-shop-key" in done.output
    client = make_client(make_app(SPEC, fixtures=out))
    names = [client.get(f"/api/items/{n}", headers={"X-Shop-Key": "k"}).json()["name"] for n in (7, 8)]
    assert names == ["n7", "n8"], "and what is against caches is in no rule"


def test_an_answer_of_a_type_that_is_none_is_left_out(tmp_path: Path) -> None:
    har, out = tmp_path / "x.har", tmp_path / "out"
    entry = har_entry("GET", f"{SHOP}/items/7/picture", 200, "x")
    entry["response"]["headers"] = [{"name": "Content-Type", "value": "picture"}]
    har.write_text(json.dumps({"log": {"entries": [entry]}}))
    done = run("har", har, "--spec", SPEC, "--out", out)
    assert (done.exit_code, "200: 'picture' is no media type" in done.output) == (0, True), done.output


COLLECTION = {
    "info": {"name": "Shop", "schema": SCHEMA},
    "variable": [{"key": "baseUrl", "value": "https://{{host}}/api"}, {"key": "host", "value": "shop.example"}],
    "auth": {
        "type": "apikey",
        "apikey": [{"key": "key", "value": "X-Shop-Key"}, {"key": "value", "value": "{{secret}}"}],
    },
    "item": [
        {
            "name": "items",
            "item": [
                {
                    "name": "get",
                    "request": {
                        "method": "GET",
                        "url": {"raw": "{{baseUrl}}/items/:id", "variable": [{"key": "id", "value": "7"}]},
                    },
                    "response": [
                        {"name": "it", "code": 200, "header": [{"key": "Content-Type", "value": "application/json"}],
                         "body": '{"id": 7, "name": "lamp"}', "responseTime": 12},
                        {"name": "none", "code": 404, "header": [{"key": "Content-Type", "value": "application/json"}],
                         "originalRequest": {"method": "GET", "url": "{{baseUrl}}/items/9"},
                         "body": '{"message": "item 9 not found"}'},
                    ],
                },
                {
                    "name": "make",
                    "request": {
                        "method": "POST", "url": "{{baseUrl}}/items",
                        "body": {"mode": "raw", "raw": '{"name": "desk"}', "options": {"raw": {"language": "json"}}},
                    },
                    "response": [
                        {"code": 201, "header": [{"key": "Content-Type", "value": "application/json"}],
                         "body": '{"id": 9, "name": "desk"}'}
                    ],
                },
                {"name": "never answered", "request": "{{baseUrl}}/items"},
            ],
        }
    ],
}  # fmt: skip


def test_the_saved_responses_of_a_collection_become_fixtures(tmp_path: Path) -> None:
    file, out = tmp_path / "shop.json", tmp_path / "fixtures"
    file.write_text(json.dumps(COLLECTION))
    done = run("postman", file, "--spec", SPEC, "--out", out)
    assert done.exit_code == 0, done.output
    assert "never answered: it has no saved response" in done.output
    assert "Against the document:" not in done.output, "the key of the collection signs its requests"
    client = make_client(make_app(SPEC, fixtures=out))
    signed = {"X-Shop-Key": "k"}
    assert client.get("/api/items/7", headers=signed).json() == {"id": 7, "name": "lamp"}
    assert client.get("/api/items/9", headers=signed).json() == {"message": "item 9 not found"}
    assert client.post("/api/items", json={"name": "bed"}, headers=signed).json() == {"id": 9, "name": "bed"}


def postman(request: Any, **more: Any) -> Any:
    item = {"name": "x", "request": request, "response": [{"code": 200}]}
    (entry,) = read_postman(json.dumps({"info": {"schema": SCHEMA}, "item": [item], **more}).encode()).entries
    return entry


@pytest.mark.parametrize(
    ("request_", "url", "headers", "body"),
    [
        ("https://h/a?b=c#d", "https://h/a?b=c", (), b""),
        ("h:8080/a", "http://h:8080/a", (), b""),
        ("{{unknown}}/a", f"{NOWHERE}/a", (), b""),
        ({"url": "http://h/a b", "method": "put"}, "http://h/a%20b", (), b""),
        (
            {"url": "http://h", "header": [{"key": "A", "value": "{{x}}"}, {"key": "B", "disabled": True}]},
            "http://h/", (("A", "x"),), b"",
        ),
        (
            {"url": "http://h/", "body": {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "b c"}]}},
            "http://h/", (("Content-Type", "application/x-www-form-urlencoded"),), b"a=b+c",
        ),
        (
            {"url": "http://h/", "auth": {"type": "basic", "basic": [{"key": "username", "value": "me"}]}},
            "http://h/", (("Authorization", "Basic bWU6"),), b"",
        ),
        (
            {"url": "http://h/", "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{t}}"}]}},
            "http://h/", (("Authorization", "Bearer t"),), b"",
        ),
        (
            {"url": "http://h/?a=1", "auth": {"type": "apikey", "apikey": [
                {"key": "key", "value": "k"}, {"key": "value", "value": "v"}, {"key": "in", "value": "query"}]}},
            "http://h/?a=1&k=v", (), b"",
        ),
        ({"url": "http://h/", "auth": {"type": "noauth"}}, "http://h/", (), b""),
    ],
)  # fmt: skip
def test_a_request_of_a_collection_is_read_as_postman_would_send_it(
    request_: Any, url: str, headers: Any, body: bytes
) -> None:
    entry = postman(request_)
    assert (entry.url, entry.headers, entry.body) == (url, headers, body)


def test_the_parts_of_a_form_are_sent_as_parts() -> None:
    entry = postman({"url": "http://h/", "body": {"mode": "formdata", "formdata": [{"key": "a", "value": "b"}]}})
    assert entry.body == (
        b'--collection-part\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--collection-part--\r\n'
    )


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("har", "{", "is no HTTP Archive: it is no JSON"),
        ("har", "[]", "is no HTTP Archive: it has no list at /log/entries"),
        ("har", '{"log": {"entries": [{"request": 1}]}}', "/log/entries/0 has no request and response"),
        ("postman", "[]", "is no Postman collection: it has no list at /item"),
        ("postman", '{"item": [], "info": {"schema": "v2.0"}}', "/info/schema does not name version 2.1"),
        ("postman", json.dumps({"info": {"schema": SCHEMA}, "item": [{"name": "x"}]}), "/item/0 has neither item nor"),
        ("postman", json.dumps({"info": {"schema": SCHEMA}, "item": [7]}), "/item/0 is no folder and no request"),
        (
            "postman",
            json.dumps({"info": {"schema": SCHEMA}, "item": [{"request": "http://h", "response": [{"code": "x"}]}]}),
            "/item/0/response/0 has no code from 100 to 599",
        ),
        (
            "postman",
            json.dumps({"info": {"schema": SCHEMA}, "item": [{"request": {}, "response": [{"code": 200}]}]}),
            "/item/0/request/url is no URL",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_no_recording_is_told_where(tmp_path: Path, kind: str, text: str, said: str) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    done = run(kind, file, "--spec", SPEC, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "error MS497: " in done.output
    assert said in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "fixtures need a document: give --spec SPEC, or --write-spec FILE"),
        (["--spec", SPEC, "--write-spec", "x.yaml"], "give one of the two"),
        (["--write-spec", "out/x.yaml"], "--write-spec lies in --out"),
    ],
)
def test_a_command_line_that_cannot_work_says_what_to_do(har: Path, arguments: list[Any], said: str) -> None:
    done = run("har", har, "--out", "out", *arguments)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_a_folder_that_cannot_be_served_gets_nothing_added(har: Path, tmp_path: Path) -> None:
    out = tmp_path / "fixtures"
    out.mkdir()
    (out / "bad.yaml").write_text("operation: GET /nowhere\n")
    done = run("har", har, "--spec", SPEC, "--out", out)
    assert done.exit_code == 3
    assert f"error MS498: {out} cannot be served as it is" in done.output
    assert "no operation is called 'GET /nowhere'" in done.output
    assert [path.name for path in out.iterdir()] == ["bad.yaml"]


def test_a_schema_says_what_all_values_keep() -> None:
    assert schema_of([1, 2.5]) == {"type": "number"}
    assert schema_of(["a", None]) == {"type": ["null", "string"]}
    assert schema_of([[], [{"a": True}]]) == {
        "type": "array",
        "items": {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}},
    }
    assert infer([], "t")["paths"] == {}
