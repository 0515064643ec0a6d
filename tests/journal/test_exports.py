"""A journal as an HTTP Archive, as lines for a shell, as a Hurl file."""

from __future__ import annotations

import base64
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mock_server.cli import group
from mock_server.codec.har import read_har
from mock_server.journal.curl import curl, quoted
from mock_server.journal.har import har
from mock_server.journal.hurl import hurl
from mock_server.journal.origin import pieces
from tests.journal.told import Story, Told, told
from tests.support import ASK, TOKEN, start

ORIGIN = "http://127.0.0.1:4010"
JSON = {"content-type": "application/json", "host": "127.0.0.1:4010"}


def journalled() -> Story:
    """Every documented answer of both operations, a callback's path, and requests that no operation answers."""
    story = Story()
    begun = start(story.client)
    story.client.post("/api/oauth2", json={**ASK, "validity_duration": 299}, headers=TOKEN)
    story.client.post("/api/oauth2", json=ASK)
    collect = {"pull_id": begun["pull_id"]}
    story.client.post("/api/oauth2/credentials", json=collect, headers=TOKEN)
    story.client.post(f"/__mock/handshakes/{begun['pull_id']}/decide", json={"decision": "approve"})
    story.client.post("/api/oauth2/credentials", json=collect, headers=TOKEN)
    story.client.get("/api/oauthcallback/fb?code=abc&state=def")
    story.client.get("/api/nothing?q=a%20b&q=c")
    return story


# HTTP Archive


def test_an_archive_is_read_back_as_what_was_asked_and_answered() -> None:
    story = journalled()
    entries = story.entries
    archive = story.client.get("/__mock/journal?format=har").content
    found = read_har(archive)
    assert [(each.method, each.target, each.status) for each in found] == [
        (each["method"], each["path"], each["status"]) for each in entries
    ]
    for each, entry in zip(found, entries, strict=True):
        assert each.origin == ORIGIN
        assert re.sub(r"\*\*\*[0-9a-f]{12}", "***", each.body.decode()) == entry["request"]["body"]
        assert each.answer is not None
        assert re.sub(r"\*\*\*[0-9a-f]{12}", "***", each.answer.decode()) == entry["answer"]["body"]
        assert dict(each.headers)["host"] == "127.0.0.1:4010"


def test_an_archive_has_every_member_that_the_format_wants() -> None:
    """http://www.softwareishard.com/blog/har-12-spec/: those that are not optional."""
    log = har(journalled().entries, ORIGIN)["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "mock-server")
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= entry.keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["startedDateTime"])
        assert entry["time"] == sum(entry["timings"].values()) >= 0
        request, response = entry["request"], entry["response"]
        both = {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
        assert both | {"method", "url", "queryString"} <= request.keys()
        assert both | {"status", "statusText", "content", "redirectURL"} <= response.keys()
        assert {"size", "mimeType"} <= response["content"].keys()
        assert ("postData" in request) is (request["method"] == "POST")
    assert log["entries"][-1]["request"]["queryString"] == [{"name": "q", "value": "a b"}, {"name": "q", "value": "c"}]


def test_an_archive_of_ours_is_a_recording_that_contract_judges(tmp_path: Path) -> None:
    file = tmp_path / "session.har"
    file.write_bytes(journalled().client.get("/__mock/journal?format=har").content)
    arguments = ["--recorded", str(file), "--only", "recording", "--json"]
    done = CliRunner().invoke(group, ["contract", *arguments])
    report = json.loads(done.stdout)
    assert done.exit_code == 0, done.stdout
    assert report["requests"]["walks"] >= 5
    assert [each["title"] for each in report["findings"]] == []


def test_no_secret_is_in_any_export() -> None:
    story = Story()
    begun = start(story.client)
    story.client.post("/api/oauth2/credentials", json={"pull_id": begun["pull_id"]}, headers=TOKEN)
    for format_ in ("har", "curl", "hurl"):
        text = story.client.get(f"/__mock/journal?format={format_}").text
        assert "dev-token" not in text
        assert begun["pull_id"] not in text


def test_a_call_without_an_answer_and_a_clock_beyond_the_calendar_are_archived_too() -> None:
    lost = told(
        1, kind="outgoing", path="http://127.0.0.1:9/hook", status=None, error={"code": "MS427", "message": "no"}
    )
    log = har([lost, told(2, at=1e14), told(3, at=-5.0)], ORIGIN)["log"]["entries"]
    assert (log[0]["request"]["url"], log[0]["response"]["status"]) == ("http://127.0.0.1:9/hook", 0)
    assert log[0]["comment"] == "no"
    assert [each["startedDateTime"][:4] for each in log[1:]] == ["9999", "1970"]
    assert read_har(json.dumps(har([lost], ORIGIN)).encode()) == []


IMAGE = bytes(range(256))
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n\xff\xd8\x00\r\n'
    b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\xe4\r\n--x--'
)


def with_bytes() -> Story:
    story = Story()
    for body, type_ in ((IMAGE, "image/png"), (FORM, "multipart/form-data; boundary=x"), ("€".encode(), "text/plain")):
        story.client.post("/api/oauth2", content=body, headers={"content-type": type_})
    return story


def test_bytes_that_are_no_text_are_in_base64_with_the_same_hidden_in_them() -> None:
    image, form, text = with_bytes().entries
    assert base64.b64decode(image["request"]["base64"]) == IMAGE
    assert base64.b64decode(form["request"]["base64"]) == FORM.replace(b"hunter2\xe4", b"***")
    assert "base64" not in text["request"]
    assert all("base64" not in each["answer"] for each in (image, form, text))


def test_an_archive_has_the_bytes_of_a_body() -> None:
    """HAR 1.2 has ``encoding`` for answers; of requests the tools that write bytes at all do the same."""
    story = with_bytes()
    archive = story.client.get("/__mock/journal?format=har").content
    assert [each.body for each in read_har(archive)] == [IMAGE, FORM.replace(b"hunter2\xe4", b"***"), "€".encode()]
    requests = [each["request"] for each in json.loads(archive)["log"]["entries"]]
    assert [each["postData"].get("encoding") for each in requests] == ["base64", "base64", None]
    assert requests[0]["bodySize"] == len(IMAGE)
    answered = told(1, answer="\\xff", answer_headers={"content-type": "image/png"})
    answered["answer"]["base64"] = base64.b64encode(IMAGE).decode()
    content = har([answered], ORIGIN)["log"]["entries"][0]["response"]["content"]
    assert content == {
        "size": 256, "mimeType": "image/png", "text": base64.b64encode(IMAGE).decode(), "encoding": "base64",
    }  # fmt: skip


def test_what_is_packed_is_not_given_out_as_bytes() -> None:
    """Nobody has looked for secrets in it."""
    story = Story()
    story.client.post("/api/oauth2", content=IMAGE, headers={"content-encoding": "gzip"})
    assert "base64" not in story.entries[0]["request"]


def test_a_text_that_is_cut_off_is_a_text_still() -> None:
    story = Story()
    story.client.post("/api/oauth2", content=b"x" + "ü".encode() * 40_000, headers={"content-type": "text/plain"})
    story.client.post("/api/oauth2", content=b"x\xc3", headers={"content-type": "text/plain"})
    assert ["base64" in each["request"] for each in story.entries] == [False, True]


def test_a_shell_and_hurl_send_the_bytes() -> None:
    image, *_ = with_bytes().entries
    line = curl(image, ORIGIN).replace("curl -i", "cat; true -i", 1)
    assert subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout == IMAGE
    assert f"\nbase64,{base64.b64encode(IMAGE).decode()};\n" in hurl([image], ORIGIN)


def test_the_same_secret_is_the_same_text_in_an_archive() -> None:
    found = read_har(journalled().client.get("/__mock/journal?format=har").content)
    issued = json.loads(found[0].answer or b"")["pull_id"]
    assert re.fullmatch(r"\*\*\*[0-9a-f]{12}", issued)
    assert [json.loads(found[at].body)["pull_id"] for at in (3, 4)] == [issued, issued]
    odd = told(
        1, body='[{"a":{"pull_id":"***"}},1]', marks={"body.0.a.pull_id": "0" * 12, "body.7.b.pull_id": "1" * 12}
    )
    text = har([odd], ORIGIN)["log"]["entries"][0]["request"]["postData"]["text"]
    assert text == '[{"a":{"pull_id":"***000000000000"}},1]'


# Lines for a shell

HARD = ["it's", "a\nb", "\x1b[31m", "$(touch x)", "`x`", '"', "\\", "%s", "ü€𝄞", "a\\'b", "", " ", "\t", "-d", "!!"]


@pytest.mark.parametrize("text", HARD)
def test_a_shell_reads_a_quoted_word_as_it_was(text: str) -> None:
    word = quoted(text)
    assert not any(char < " " and char not in "\n\t" for char in word)
    done = subprocess.run(["sh", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert done.stdout.decode() == text


def test_secrets_are_variables_named_after_where_they_stand() -> None:
    entry = told(1, body='{"pull_id":"***","n":1}', path="/api/oauth2?code=***&x=1",
                 headers={**JSON, "authorization": "Bearer ***", "x-api-key": "***", "cookie": "***"})  # fmt: skip
    words = shlex.split(curl(entry, ORIGIN))
    assert words == [
        "curl", "-i", "-X", "POST", f"{ORIGIN}/api/oauth2?code=$CODE&x=1", "-H", "content-type: application/json",
        "-H", "authorization: Bearer $TOKEN", "-H", "x-api-key: $X_API_KEY", "-H", "cookie: $COOKIE",
        "--data-binary", '{"pull_id":"$PULL_ID","n":1}',
    ]  # fmt: skip
    assert list(pieces("*** and ***")) == [("", "secret"), (" and ", "secret"), ("", "")]


def test_what_curl_would_do_by_itself_is_said_or_undone() -> None:
    line = curl(told(1, body="{}", headers={"host": "x.test", "empty": "", "user-agent": "me"}), ORIGIN)
    url = "http://x.test/api/oauth2"
    wanted = ["curl", "-i", "-X", "POST", url, "-H", "empty;", "-H", "content-type:", "--data-binary", "{}"]
    assert shlex.split(line) == wanted
    odd = shlex.split(curl(told(1, method="HEAD", path="/a/../b[1]", body="", headers={}), ORIGIN))
    assert odd == ["curl", "-i", "-I", "-g", "--path-as-is", f"{ORIGIN}/a/../b[1]"]
    assert "evil" not in curl(told(1, headers={"host": "evil'$(x)"}), ORIGIN)


# Hurl: no binary of it can be had here, so its grammar (https://hurl.dev/docs/grammar.html) is held by a small reader

_REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<url>https?://[^\s#{}]*(?:\{\{\w+\}\}[^\s#{}]*)*)\Z")
_HEADER = re.compile(
    r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+): (?P<value>(?:[^#\\\x00-\x1f]|\\[#\\]|\\u\{[0-9a-f]+\})*)\Z"
)
_ONE_LINE = re.compile(r"`(?P<text>[^`\\\x00-\x1f]*)`\Z")
_BASE64 = re.compile(r"base64,[A-Za-z0-9+/]*={0,2};\Z")
_STATUS = re.compile(r"HTTP (?P<status>[1-5][0-9][0-9])\Z")


def read_hurl(text: str) -> list[dict[str, Any]]:
    """Each entry of a Hurl file; whatever is not of its grammar is an error."""
    found: list[dict[str, Any]] = []
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        if request := _REQUEST.match(line):
            found.append({"method": request["method"], "url": request["url"], "headers": {}, "body": None})
        elif status := _STATUS.match(line):
            found[-1]["status"] = int(status["status"])
        elif found[-1]["body"] is None and (header := _HEADER.match(line)):
            found[-1]["headers"][header["name"]] = header["value"]
        else:
            assert found[-1]["body"] is None, line
            if not (_ONE_LINE.match(line) or _BASE64.match(line)):
                json.loads(re.sub(r"\{\{\w+\}\}", "x", line))
            found[-1]["body"] = line
    return found


def test_a_hurl_file_has_every_request_and_the_status_that_it_got() -> None:
    story = journalled()
    found = read_hurl(story.client.get("/__mock/journal?format=hurl").text)
    assert [(each["method"], each["status"]) for each in found] == [
        (each["method"], each["status"]) for each in story.entries
    ]
    assert found[0]["headers"]["authorization"] == "Bearer {{token}}"
    assert found[3]["body"] == '{"pull_id":"{{pull_id}}"}'
    assert found[5]["url"] == f"{ORIGIN}/api/oauthcallback/fb?code={{{{code}}}}&state={{{{state}}}}"


@pytest.mark.parametrize(
    "body", ['{"a":"{{x}}"}', "a`b", "two\nlines", "plain", "\x00", '["\\n"]', "ü", "# no comment"]
)
def test_any_body_and_header_keeps_the_grammar_of_hurl(body: str) -> None:
    hard: Told = told(1, body=body, path="/a#b {{c}}", headers={"x-a": "b # c \\ {{d}}", "x-b": "a\tb"})
    (found,) = read_hurl(hurl([hard, told(2, method="b{d")], ORIGIN))
    assert found["body"] is not None
    assert found["url"] == f"{ORIGIN}/a%23b%20%7B%7Bc%7D%7D"
    assert found["headers"] == {"x-a": r"b \# c \\ \u{7b}\u{7b}d}}"}
