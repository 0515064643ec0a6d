"""What can be wrong with what people give us, as values that say what, where and what to do.

A ``Problem`` is one complaint. ``Broken`` carries every complaint about one start, because a
person who mends a fixture wants the whole list and not the first line of it.
"""

from __future__ import annotations

from typing import Literal

from mock_server.later import regex
from mock_server.value import dataclass

Severity = Literal["error", "warning"]
_LONG = regex(r"\S{200,}")

CODES: dict[str, str] = {
    # MS1xx: reading and parsing a file
    "MS101": "the file or folder cannot be read",
    "MS102": "the text is not valid YAML or JSON",
    "MS103": "a key is written twice in one mapping",
    "MS104": "a YAML tag, anchor or second document that is not supported",
    "MS105": "the file is too big, too deep, or its aliases repeat too much",
    "MS106": "a path leads outside its folder",
    # MS2xx: the OpenAPI document
    "MS201": "this is not an OpenAPI document that can be served",
    "MS202": "the document breaks the OpenAPI meta-schema",
    "MS203": "a reference leads nowhere",
    "MS204": "a reference leads in a circle or through too many others",
    "MS205": "a reference leaves the document",
    "MS206": "a schema cannot be compiled",
    "MS207": "an example breaks its schema",
    "MS208": "two operations answer to the same method and path",
    "MS209": "an integer that JavaScript cannot hold",
    "MS210": "a link names an operation that does not exist",
    "MS211": "a path template and its parameters disagree",
    "MS212": "a part of the document that is not acted on",
    "MS213": "no valid body can be made from a schema",
    "MS214": "a security scheme that is not defined",
    "MS215": "a part of the document that is not what is wanted there",
    "MS216": "a version of OpenAPI that was never published",
    "MS217": "something that every document has is missing",
    "MS219": "an address that cannot be fetched",
    "MS221": "a part of Swagger 2.0 that cannot be converted",
    "MS240": "a style that parameters of this place do not have",
    "MS241": "a style that does not suit the parameter's type",
    "MS245": "a schema that nobody can satisfy",
    "MS248": "a runtime expression that cannot be read",
    "MS249": "a callback that can never be sent",
    "MS260": "several documents have one path",
    "MS261": "a name that means operations of several documents",
    "MS262": "no body can be made for an answer",
    "MS265": "a format that no text of the wanted length has",
    "MS270": "a body in XML or a form that breaks the document",
    # MS3xx: fixtures
    "MS301": "a word that the fixture format does not know",
    "MS302": "a word that the fixture format requires is missing",
    "MS303": "a value of the wrong type or outside its choices",
    "MS304": "a name that refers to nothing",
    "MS305": "a name that is used twice",
    "MS306": "a matcher that can never be evaluated",
    "MS307": "a template that cannot be filled",
    "MS308": "a body that breaks the document",
    "MS309": "a rule that can never be reached",
    "MS310": "a status that the document does not know",
    "MS311": "no fixture says how the operation's handshake begins or ends",
    "MS320": "words of a callback that contradict each other",
    "MS325": "a state that the operation does not recall",
    "MS326": "a state that is remembered or recalled in vain",
    "MS327": "a state that cannot be kept so",
    "MS328": "a file that is there already",
    "MS329": "no resource is recognised in the document",
    # MS4xx: run time
    "MS401": "no operation has this path",
    "MS402": "the path does not have this method",
    "MS403": "a preference that cannot be met",
    "MS404": "the request is not one the mock can read",
    "MS405": "the body is larger than the limit",
    "MS406": "the request breaks the document",
    "MS407": "the mock failed: this is our fault",
    "MS408": "the control request is not valid",
    "MS409": "nothing has this name or id",
    "MS410": "too many live handshakes",
    "MS411": "the transition is not in the handshake's table",
    "MS412": "the control API does not answer to this client",
    "MS413": "the response breaks the document",
    "MS414": "the handshake cannot be started",
    "MS420": "the address cannot be bound",
    "MS421": "the certificate cannot be used",
    "MS425": "a callback that cannot be made from the request and the answer",
    "MS426": "an outgoing call to an address that is not allowed",
    "MS427": "an outgoing call that got no answer",
    "MS428": "an outgoing call that was given up",
    "MS429": "a callback that would go round in a circle",
    "MS430": "the client accepts no media type of the answer",
    "MS431": "the file of an example cannot be read",
    "MS435": "no room for more that is remembered",
    "MS436": "the resource does not exist",
    "MS437": "the resource does not allow it",
    "MS440": "a fault that was asked for",
    "MS442": "too many connections",
    "MS443": "a CORS preflight asks for what is not allowed",
    "MS450": "the store cannot be reached",
    "MS451": "the state file cannot be used",
    "MS452": "the state was written in another form",
    "MS453": "the store needs a package that is not installed",
    "MS454": "the session has as many snapshots as it may",
    "MS455": "a worker ends again and again",
    "MS456": "the ready file cannot be written",
    "MS470": "a filter of the journal that cannot be read",
    "MS471": "the journal holds no such entry",
    "MS472": "a claim that cannot be verified",
    "MS473": "what was asked is not what a test wants",
    "MS474": "a request that cannot be explained",
    "MS480": "too many windows watch the mock",
    "MS487": "the files cannot be served; what was good before goes on answering",
    "MS488": "the mock failed while it read the files again: this is our fault",
    "MS489": "a word that a mock for tests does not know, or a value that cannot be meant",
    "MS490": "no library for the clients of tests is installed",
    "MS491": "requests that a test did not expect",
    "MS492": "the mock for the tests cannot be reached",
    "MS493": "the upstream gives no answer",
    "MS494": "the upstream takes too long",
    "MS495": "an upstream that is never called",
    "MS496": "a request that is not passed on",
    "MS497": "a file that is no recording",
    "MS498": "a recording that cannot be written there",
    "MS499": "nothing in it is of this API",
    # MS5xx: contract runs
    "MS501": "what is to be tested is not the URL of an API",
    "MS502": "the deployment gives no answer",
    "MS503": "an HTML page answers instead of the API",
    "MS504": "another API answers than the document describes",
    "MS505": "the deployment refuses the token, or wants one",
    "MS506": "no check, family or operation has this name",
    "MS507": "the time of the run is over before anything was tested",
    "MS508": "our own mock does not start",
    "MS520": "a report that cannot be written",
    "MS530": "what was observed cannot be written there",
    "MS531": "both sides of a comparison are the same deployment",
    "MS532": "nothing could be compared",
    "MS533": "a recording that is no HTTP Archive",
    "MS534": "an application that cannot be started for a contract run",
    "MS535": "nothing in a recording is of this API",
    "MS536": "the document has no operation to be tested",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A point in a file: line and column count from 1, ``excerpt`` is the line itself."""

    path: str
    line: int
    column: int
    excerpt: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint: ``code`` is a key of :data:`CODES`, ``pointer`` a JSON pointer (RFC 6901)."""

    code: str
    message: str
    place: Place | None = None
    hint: str | None = None
    pointer: str | None = None
    severity: Severity = "error"

    def as_json(self) -> dict[str, object]:
        """The shape that ``mock-server check --json`` prints.

        ``{"code": "MS301", "severity": "error", "message": "…", "path": "a.yaml", "line": 3,
        "column": 1, "pointer": "/rules/0", "hint": "…"}``
        """
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "path": self.place.path if self.place else None,
            "line": self.place.line if self.place else None,
            "column": self.place.column if self.place else None,
            "pointer": self.pointer,
            "hint": self.hint,
        }

    def as_text(self) -> str:
        """The block a person reads: place, complaint, excerpt with a caret, hint."""
        where = f"{self.place}: " if self.place else ""
        lines = [f"{where}{self.severity} {self.code}: {self.message}"]
        # A document on one line has its faults far to the right of what an excerpt shows.
        if self.place and self.place.excerpt.strip() and self.place.column <= len(self.place.excerpt) + 1:
            caret = " " * (self.place.column - 1) + "^"
            gutter = f"{self.place.line:>5} | "
            lines += [gutter + self.place.excerpt, " " * 5 + " | " + caret]
        if self.pointer:
            lines.append(f"      at {self.pointer}")
        if self.hint:
            lines.append(f"      hint: {self.hint}")
        return "\n".join(lines)


def shortened(text: str) -> str:
    """The text with words cut that are too long to be read: a slip in a script puts a whole file into one argument.

    ``"no store is called 'xxxx… (5,002 characters)"``.
    """
    return _LONG.sub(lambda found: f"{found[0][:80]}… ({len(found[0]):,} characters)", text)


class MockServerError(Exception):
    """The root of every error this package raises on purpose."""


class Broken(MockServerError):
    """A document or fixtures that cannot be served, with every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.as_text() for problem in problems))
