"""Why Schemathesis could not test an operation: what is wrong, where in the document, and what to do."""

from __future__ import annotations

import re

from mock_server.contract.run import Run
from mock_server.errors import Problem
from mock_server.source import pointer_text
from mock_server.spec.operations import Operation

MAX_PLACES = 3
MAX_SAID = 300
_LOCATION = re.compile(r"^Location:\s*(.+)$", re.MULTILINE)
_HEADINGS = re.compile(r"\b(?:Location|Problematic definition): ")
_REST = re.compile(r"\n\s*(?:Error details|Ensure that|Full traceback|Tip)\b.*", re.DOTALL)
_MEND = "mend the document (`mock-server check` shows the lines); the walks tested the operation without that"


def why_untested(kind: str, label: str, said: list[str], run: Run) -> str:
    """One line for a person: ``Schemathesis could not test POST /a: a.yaml:9 #/paths/~1a/…: `minimum` must be …``."""
    first = f"Schemathesis could not test {label or 'a part'}"
    operation = run.contract.operation(label)
    texts = list(dict.fromkeys(filter(None, said)))
    problems = _problems(operation, texts) if operation is not None and kind == "InvalidSchema" else []
    if problems:
        more = f"; and {len(problems) - MAX_PLACES} more places" if len(problems) > MAX_PLACES else ""
        return f"{first}: {'; '.join(_told(each) for each in problems[:MAX_PLACES])}{more}. So {_MEND}"
    words = "; ".join(_short(text) for text in texts[:MAX_PLACES])
    hint = f". So {_MEND}" if kind == "InvalidSchema" else ""
    return f"{first}: {kind}{f', {words}' if words else ''}{hint}"


def _problems(operation: Operation, said: list[str]) -> list[Problem]:
    """What our own reader has against the operation, else against what ends as the place that Schemathesis names."""
    found = [each for each in operation.document.problems() if each.pointer]
    below = pointer_text(operation.pointer) + "/"
    own = [each for each in found if (each.pointer or "").startswith(below)]
    if own:
        return own
    named = [match[1].strip().split(" -> ")[-2:] for text in said for match in _LOCATION.finditer(text)]
    return [each for each in found if any((each.pointer or "").endswith("/" + "/".join(steps)) for steps in named)]


def _told(problem: Problem) -> str:
    place = f"{problem.place.path}:{problem.place.line} " if problem.place else ""
    return f"{place}#{problem.pointer}: {problem.message.removesuffix('; it is left out')}"


def _short(text: str) -> str:
    """What Schemathesis said, in one line and without its advice."""
    line = _HEADINGS.sub("at ", " ".join(_REST.sub("", text).split()), count=1)
    line = _HEADINGS.sub("which is ", line)
    return line if len(line) <= MAX_SAID else line[:MAX_SAID] + "…"
