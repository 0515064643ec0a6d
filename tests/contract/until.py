"""A run that ends with the finding it was made for: what comes after cannot change that it was found."""

from __future__ import annotations

from unittest.mock import patch

from mock_server.contract.model import Finding, NotRun
from mock_server.contract.prove import Question, prove
from mock_server.contract.run import Ledger


class _Found(BaseException):
    """It is there."""


def found(question: Question, title: str) -> tuple[bool, list[str]]:
    """Whether an error with this in its title is found, and the titles of all that were found up to there.

    What counts for our own mock counts: an assumption as much as what is documented.
    """
    titles: list[str] = []

    class Until(Ledger):
        def take(self, each: Finding | NotRun) -> None:
            super().take(each)
            if isinstance(each, Finding) and each.counts(strict=True):
                titles.append(each.title)
                if title in each.title:
                    raise _Found

    with patch("mock_server.contract.prove.Ledger", Until):
        try:
            prove(question)
        except _Found:
            return True, titles
    return False, titles
