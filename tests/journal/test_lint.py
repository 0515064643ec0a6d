"""What a client does wrong: each rule, with the client that is right beside the one that is not.

The stories run against the real application; only its clock is a fake.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mock_server.journal.lint import RULES, BadRule, Finding, findings
from mock_server.journal.lint.digits import rounded
from mock_server.mask import Hidden
from mock_server.state.journal import Entry
from mock_server.state.sqlite import SqliteStore
from mock_server.web.journal import lint_known
from tests.journal.told import Story, Told, told
from tests.support import ASK, OTHER_TOKEN, ROOT, TOKEN, FakeWall, start
from tests.web.walk import sent_back, with_query


def judged(story: Story, **known: Any) -> dict[str, list[Finding]]:
    """Rule -> its findings."""
    found: dict[str, list[Finding]] = {}
    for each in findings(story.entries, lint_known(story.app.live)._replace(**known)):
        found.setdefault(each.rule, []).append(each)
    return found


def ask(story: Story, headers: dict[str, str] = TOKEN, **changes: Any) -> httpx2.Response:
    return story.client.post("/api/oauth2", json={**ASK, **changes}, headers=headers)


def poll(story: Story, pull_id: str, headers: dict[str, str] = TOKEN) -> httpx2.Response:
    return story.client.post("/api/oauth2/credentials", json={"pull_id": pull_id}, headers=headers)


def begin(story: Story) -> str:
    return start(story.client)["pull_id"]


def decide(story: Story, pull_id: str, decision: str) -> None:
    assert story.client.post(f"/__mock/handshakes/{pull_id}/decide", json={"decision": decision}).status_code == 200


def approved(story: Story) -> str:
    """The person approves on the page; the callback that the browser is sent to."""
    return sent_back(story.client, start(story.client)["auth_uri"])


# Stories of clients that are wrong, and of those beside them that are right


def polls_every(seconds: float) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        pull_id = begin(story)
        for _ in range(3):
            poll(story, pull_id)
            story.wait(seconds)

    return tell


def stops_at_success(more: int) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        pull_id = begin(story)
        poll(story, pull_id)
        decide(story, pull_id, "approve")
        for _ in range(1 + more):
            story.wait(2)
            assert poll(story, pull_id).status_code == 200

    return tell


def asks_after(decision: str, times: int) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        pull_id = begin(story)
        decide(story, pull_id, decision)
        for _ in range(times):
            story.wait(2)
            poll(story, pull_id)

    return tell


def is_refused(second: dict[str, str]) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        for headers in ({"Authorization": "Bearer nobody"}, second):
            ask(story, headers)
            story.wait(5)

    return tell


def sends_invalid(second: int, wait_s: float = 10.0) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        ask(story, validity_duration=299)
        story.wait(wait_s)
        ask(story, validity_duration=second)

    return tell


def is_limited(wait_s: float, headers: dict[str, str] = TOKEN) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        assert ask(story, {**TOKEN, "Prefer": "response=rate-limited"}).headers["retry-after"] == "10"
        story.wait(wait_s)
        ask(story, headers)

    return tell


def calls_back(times: int) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        uri = approved(story)
        for _ in range(times):
            story.client.get(uri)

    return tell


def drops(name: str) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.client.get(with_query(approved(story), **{name: None}))

    return tell


def authorizes_without(name: str) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.client.get(with_query(start(story.client)["auth_uri"], **{name: None}))

    return tell


def visits_provider(headers: dict[str, str], more: str = "") -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.client.get(start(story.client)["auth_uri"] + more, headers=headers)

    return tell


def names_host(host: str) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        ask(story, {**TOKEN, "Host": host})

    return tell


def asks_for(target: str, headers: dict[str, str] | None = None, method: str = "POST") -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.client.request(method, target, json=ASK, headers=headers or TOKEN)

    return tell


def sends(body: dict[str, Any], **headers: str) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.client.post("/api/oauth2", json={**ASK, **body}, headers={**TOKEN, **headers})

    return tell


def names_type(headers: dict[str, str]) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.client.post("/api/oauth2", content=b'{"datasource_id": "fb"}', headers={**TOKEN, **headers})

    return tell


def starts_twice(wait_s: float) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        begin(story)
        story.wait(wait_s)
        begin(story)

    return tell


JSON = {"Content-Type": "application/json"}
STORIES: list[tuple[str, Callable[[Story], None], Callable[[Story], None]]] = [
    ("polls-too-fast", polls_every(0.4), polls_every(2)),
    ("polls-too-fast", polls_every(0.4), polls_every(0)),  # a frozen clock knows no pace
    ("polls-after-success", stops_at_success(1), stops_at_success(0)),
    ("asks-after-the-end", asks_after("deny", 2), asks_after("deny", 1)),
    ("asks-after-the-end", asks_after("fail", 3), asks_after("approve", 1)),
    ("retries-forbidden", is_refused({"Authorization": "Bearer nobody"}), is_refused(TOKEN)),
    (
        "retries-forbidden",
        is_refused({"Authorization": "Bearer nobody"}),
        is_refused({"Authorization": "Bearer other"}),
    ),
    ("sleeps-on-invalid", sends_invalid(299), sends_invalid(300)),
    ("sleeps-on-invalid", sends_invalid(299, 0), sends_invalid(299, 43_200)),
    ("sleeps-on-invalid", sends_invalid(299), is_limited(10)),
    ("ignores-retry-after", is_limited(3), is_limited(10)),
    ("ignores-retry-after", is_limited(3), is_limited(3, OTHER_TOKEN)),
    ("reuses-code", calls_back(2), calls_back(1)),
    ("drops-state", drops("state"), calls_back(1)),
    ("drops-state", authorizes_without("state"), authorizes_without("scope")),
    ("credentials-to-wrong-host", visits_provider(TOKEN), visits_provider({})),
    ("credentials-to-wrong-host", visits_provider({}, "&pull_id=x"), visits_provider({}, "&x=y")),
    ("credentials-to-wrong-host", names_host("console.rivery.io"), names_host("mock.test:4010")),
    ("secrets-in-urls", asks_for("/api/oauth2?access_token=abc"), asks_for("/api/oauth2?access=abc")),
    ("sends-unknown", sends({"datasource_type": "fb"}), sends({})),
    ("sends-unknown", asks_for("/api/oauth2?page=1"), asks_for("/api/oauth2?__code=402")),
    ("sends-unknown", sends({}, **{"X-Tenant": "a"}), sends({}, **{"X-Request-Id": "a", "X-Forwarded-For": "a"})),
    ("asks-unknown-paths", asks_for("/api/oauth"), asks_for("/api/oauth2")),
    ("asks-unknown-paths", asks_for("/api/oauth2", method="PUT"), asks_for("/api/oauth2", method="OPTIONS")),
    ("names-no-type", names_type({}), names_type(JSON)),
    ("accepts-nothing", sends({}, Accept="image/png"), sends({}, Accept="application/json")),
    ("sends-twice", starts_twice(0.2), starts_twice(3)),
    ("sends-twice", starts_twice(0.2), starts_twice(0)),
]


@pytest.mark.parametrize("rule, wrong, right", STORIES)
def test_a_rule_finds_the_client_that_is_wrong_and_not_the_one_that_is_right(
    rule: str, wrong: Callable[[Story], None], right: Callable[[Story], None]
) -> None:
    good = Story()
    right(good)
    assert rule not in judged(good)
    bad = Story()
    wrong(bad)
    found = judged(bad)[rule]
    assert len(found) == 1
    ids = {each["id"] for each in bad.entries}
    assert found[0].times == len(found[0].entries) >= 1
    assert set(found[0].entries) <= ids


def test_every_rule_is_tried_and_is_whole() -> None:
    tried = {rule for rule, _, _ in STORIES} | {"loses-digits", "repeats-refused"}
    assert tried == {rule.name for rule in RULES}
    assert [rule.code for rule in RULES] == [f"CL{number:02}" for number in range(1, len(RULES) + 1)]
    assert all(rule.why and rule.advice and rule.source for rule in RULES)


def test_what_can_only_fail_again_is_found() -> None:
    again = [told(number, status=422, body='{"a":1}') for number in (1, 20, 100)]
    found = findings(again, without=["names-no-type"])
    assert [(each.rule, each.entries) for each in found] == [("repeats-refused", ("abcdef-1", "abcdef-20"))]
    granted = [told(1, status=422), told(2, status=200), told(3, status=422)]
    assert [each.entries for each in findings(granted, without=["ignores-retry-after"])] == [("abcdef-1", "abcdef-2")]
    assert findings([told(1, status=422, path="/a"), told(2, status=422, path="/b")]) == []


def test_the_page_has_every_rule_as_it_is() -> None:
    page = (ROOT / "docs" / "lint.md").read_text("utf-8")
    for rule in RULES:
        row = f"| {rule.code} `{rule.name}` | {rule.severity} | {rule.why} | {rule.advice} | {rule.source} |"
        assert row in page, row
    assert page.count("| CL") == len(RULES)


ID = 194785639383273121


@pytest.mark.parametrize(
    "sent, lost",
    [
        ({"body": f'{{"id":{ID - 1}}}'}, True),
        ({"body": f'{{"id":"{ID - 1}"}}'}, True),
        ({"path": f"/api/oauth2?id={ID - 1}"}, True),
        ({"path": f"/things/{ID - 1}/parts"}, True),
        ({"body": '{"id":1.9478563938327312e+17}'}, True),
        ({"body": f'{{"id":{ID}}}'}, False),
        ({"body": f'{{"id":{ID + 1}}}'}, False),
        ({"body": '{"id":194785639383273100}'}, False),
        ({"body": '{"id":12847564034}'}, False),
    ],
)
def test_a_neighbour_of_an_id_that_we_gave_has_lost_digits(sent: dict[str, Any], lost: bool) -> None:
    journal = [told(1, answer=f'{{"list":[{{"clientId":{ID}}}],"userId":12847564034}}'), told(2, **sent)]
    found = findings(journal, only=["loses-digits"])
    assert bool(found) is lost
    if lost:
        assert found[0].entries == ("abcdef-1", "abcdef-2")
        assert str(ID) in found[0].message


def test_an_id_that_we_gave_too_is_no_neighbour() -> None:
    journal = [told(1, answer=f"[{ID},{ID - 1}]"), told(2, body=f"[{ID - 1}]")]
    assert findings(journal, only=["loses-digits"]) == []


def test_a_number_is_rounded_as_a_double_is_and_as_javascript_prints_it() -> None:
    assert rounded(ID) == {ID - 1}
    assert rounded(2**53) == set()
    assert rounded(2**53 + 1) == {2**53}
    assert rounded(12345678901234567890) == {12345678901234567168, 12345678901234567000}


def test_the_threshold_of_polling_can_be_set() -> None:
    story = Story()
    polls_every(2)(story)
    assert "polls-too-fast" not in judged(story)
    assert judged(story, poll_s=3.0)["polls-too-fast"][0].severity == "warning"


def test_a_date_in_retry_after_is_a_time_to_wait_for() -> None:
    limited = told(1, status=503, answer_headers={"retry-after": "Tue, 14 Nov 2023 22:14:00 GMT"})
    assert [each.rule for each in findings([limited, told(9)])] == ["ignores-retry-after"]
    assert findings([limited, told(60)]) == []
    assert findings([told(1, status=503, answer_headers={"retry-after": "soon"}), told(9)]) == []


def test_findings_are_the_worst_first_narrowed_by_name_and_in_words() -> None:
    journal: list[Told] = [told(1, status=403, body="{}"), told(2, status=403, body="{}")]
    every = findings(journal)
    assert [each.severity for each in every] == sorted(
        (each.severity for each in every), key=["error", "warning", "notice"].index
    )
    assert {each.rule for each in every} == {"retries-forbidden", "names-no-type"}
    assert [each.code for each in findings(journal, only=["CL03"])] == ["CL03"]
    assert [each.code for each in findings(journal, without=["retries-forbidden"])] == ["CL15"]
    with pytest.raises(BadRule, match="did you mean retries-forbidden"):
        findings(journal, only=["retry-forbidden"])
    assert str(every[0]).startswith("error CL03 retries-forbidden: POST /api/oauth2 was refused with 403")
    assert every[0].as_json()["entries"] == ["abcdef-1", "abcdef-2"]


def test_a_client_that_sends_thousands_of_unknown_things_is_told_a_hundred_times() -> None:
    story = Story()
    for number in range(10):
        sends({f"x{number}-{each}": 1 for each in range(1_000)})(story)
    assert len(judged(story)["sends-unknown"]) == 100


def test_a_finding_of_many_entries_names_the_first_and_the_last() -> None:
    found = findings([told(number, status=403) for number in range(1, 101)], only=["CL03"])[0]
    assert (found.times, len(found.entries), found.entries[-1]) == (100, 20, "abcdef-100")


def test_marks_tell_clients_apart_where_only_masked_entries_are_kept(tmp_path: Path) -> None:
    """Two processes that share a file see one client: the key of the marks is the file's."""
    folder = str(tmp_path / "state.db")
    journal: list[Told] = []

    async def tell() -> None:
        for number in range(2):
            store = SqliteStore(folder, FakeWall())
            for token in ("token-one", f"token-two-{number}"):
                headers = {"authorization": f"Bearer {token}"}
                entry = Entry(
                    f"abcdef-{number}", 1_700_000_000.0 + number, "default", "POST", "/oauth2", "POST /oauth2", 403,
                    "", "", (), None, 0.0, headers, b"", (), b"",
                )  # fmt: skip
                await store.record(entry, Hidden(key=await store.mark_key()))
            journal[:] = [each.as_json() for each in await store.entries("default")]
            await store.close()

    asyncio.run(tell())
    assert "token-" not in str(journal)
    assert journal[0]["marks"] == journal[2]["marks"] != journal[3]["marks"]
    assert [each.entries for each in findings(journal, only=["CL03"])] == [("abcdef-0", "abcdef-1")]
