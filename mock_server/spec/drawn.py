"""The answers that a document gives an operation, by name: which there are, without making a body yet.

An answer is named by its example, or by its status when that has none. It may go out in several
media types; each is an :class:`Offer`.
"""

from __future__ import annotations

from mock_server.later import regex
from mock_server.model import Provenance
from mock_server.spec.examples import ResponseExample, response_examples
from mock_server.spec.media import MediaType, is_json
from mock_server.spec.operations import DocumentedResponse, Operation
from mock_server.value import dataclass

_STATUS = regex(r"(?:[2-5][0-9][0-9]|[2-5][Xx][Xx]|default)\Z")
"""What can be answered: an interim answer (1xx) cannot be chosen (RFC 9110 §15.2)."""
_SENT_FOR_RANGE = {
    "text": "text/plain",
    "image": "image/png",
    "*": "application/json",
    "application": "application/json",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One media type of an answer. Without an ``example`` its body is made from the schema."""

    media: MediaType
    media_type: str
    """What is sent: ``media.name``, or a concrete type when that is a range such as ``*/*``."""
    example: ResponseExample | None

    @property
    def range(self) -> str:
        """``image/*`` when the document says no more than that, else ``""``."""
        kind = self.media.name.partition(";")[0].strip().lower()
        return kind if kind.endswith("/*") else ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One answer of the document; the first offer is the usual one, no offer = no body."""

    name: str
    example: str
    status: int
    entry: DocumentedResponse
    offers: tuple[Offer, ...]

    @property
    def source(self) -> Provenance:
        """How well the body is known: one that is made up is assumed."""
        if not self.offers:
            return "documented"
        example = self.offers[0].example
        return example.provenance if example else "assumed"

    def fits(self, code: str) -> bool:
        """Whether the document has this answer for ``"404"``: under its number, ``4XX`` or ``default``."""
        return self.entry.status.upper() in (code, f"{code[:1]}XX", "DEFAULT")


def draw(operation: Operation) -> dict[str, Drawn]:
    """Every answer of the document, by its name, in the document's order.

    Of two that have one name the second is called ``NAME-STATUS``.
    """
    found: dict[str, Drawn] = {}
    entries = [entry for entry in operation.responses.values() if _STATUS.match(entry.status)]
    alone = not any(entry.status[:1] in "23" for entry in entries)
    for entry in entries:
        for example, offers in _answers(operation, entry):
            name = example or entry.status
            name = f"{name}-{entry.status}" if name in found else name
            found.setdefault(name, Drawn(name, example, _status(entry.status, alone), entry, offers))
    return found


def _status(text: str, alone: bool) -> int:
    """A number to answer with. ``4XX`` answers 400.

    ``default`` covers what no other entry does (OAS 3.1 §4.8.16): the success when neither a 2xx nor a
    3xx is there (``alone``), else an error.
    """
    if text == "default":
        return 200 if alone else 500
    return int(text) if text.isdecimal() else int(text[0]) * 100


def _answers(operation: Operation, entry: DocumentedResponse) -> list[tuple[str, tuple[Offer, ...]]]:
    """The names of the examples and what each can be sent as; the first is the usual one.

    The usual one has every media type, with an example of its name, else the first, else none. Any
    other has the media types that have an example of its name.
    """
    medias = [
        (media, response_examples(operation.document, (*entry.pointer, "content", media.name)))
        for media in sorted(entry.content, key=lambda media: not is_json(media.name))
    ]
    if not medias:
        return [("", ())]
    usual = medias[0][1][0].name if medias[0][1] else ""
    names = dict.fromkeys([usual, *(example.name for _, examples in medias for example in examples)])
    found = []
    for name in names:
        offers = []
        for media, examples in medias:
            own = next((each for each in examples if each.name == name), None)
            if own is None and name == usual and examples:
                own = examples[0]
            if own is not None or name == usual:
                offers.append(Offer(media, _sent(media.name), own))
        found.append((name, tuple(offers)))
    return found


def _sent(name: str) -> str:
    """The media type on the wire; a range (OAS 3.1 §4.8.14) is answered with a common type of it."""
    essence = name.partition(";")[0].strip().lower()
    if not essence.endswith("/*"):
        return name
    return _SENT_FOR_RANGE.get(essence[:-2], "application/octet-stream")
