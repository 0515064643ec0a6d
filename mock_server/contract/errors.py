"""Why a contract run cannot be made: each carries a code of ``errors.CODES`` and an exit code."""

from __future__ import annotations

from mock_server.contract.model import Finding
from mock_server.errors import MockServerError, shortened

EXIT_USAGE = 2
EXIT_INVALID = 3
EXIT_UNREACHABLE = 4


class CannotRun(MockServerError):
    """Nothing can be proven: a wrong token, another API, nobody there. ``hint`` says what to do."""

    def __init__(self, code: str, message: str, hint: str, exit_code: int = EXIT_USAGE) -> None:
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        super().__init__(shortened(f"error {code}: {message}\n      hint: {hint}"))


class OutOfTime(MockServerError):
    """The time of the run (``--max-time``) is used up, or a deployment that hangs is given up; the text says which."""

    def __init__(self, why: str = "the time of the run (--max-time) is used up") -> None:
        super().__init__(why)


class LeftOut(MockServerError):
    """A check would send to an operation that ``--only`` and ``--skip`` leave out."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(f"{operation} is left out")


class Blocked(MockServerError):
    """A check cannot go on, because what it builds upon is broken: that is what it found."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.title)


class NotPromised(MockServerError):
    """A check cannot go on, because the fixtures promise that what it builds upon is refused."""
