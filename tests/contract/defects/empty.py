"""Which defects are empty: with them a tour gets the very answers that it gets without, and none of them late."""

from __future__ import annotations

import random
from itertools import zip_longest

from tests.contract.defects.front import correct, fronting
from tests.contract.defects.model import Defect
from tests.contract.defects.tour import WALKS, shows, steps

Answers = dict[str, list[str]]
"""Walk of the tour -> its answers, each as a line."""


class Always(random.Random):
    """What happens now and then happens every time."""

    def random(self) -> float:
        return 0.0


def right_answers(upstream: str) -> Answers:
    """What the correct mock at ``upstream`` answers; it needs room for many handshakes."""
    with fronting(upstream, correct(random.Random())) as url:
        return {walk: [line for _, line in steps(url, [walk])] for walk in WALKS}


def is_empty(upstream: str, defect: Defect, right: Answers) -> bool:
    """Whether the whole tour shows nothing of the defect; of any other it ends at the first answer that is changed."""
    waited: list[float] = []
    with fronting(upstream, defect.make(Always()), pause=waited.append) as url:
        changed = any(
            waited or line != wanted
            for walk in shows(defect.kind)
            for line, wanted in zip_longest((line for _, line in steps(url, [walk])), right[walk])
        )
    return not changed and not waited
