"""The chosen answer as this client can take it: in a media type that it accepts, with a body of its own."""

from __future__ import annotations

from dataclasses import replace

from mock_server.core.accept import Accepted, best, read_accept
from mock_server.core.finish import finished, with_status
from mock_server.core.plan import MAX_NEGOTIATED, Pick, Plan
from mock_server.core.problem import problem
from mock_server.fixture.model import Response
from mock_server.fixture.response import blank
from mock_server.model import Answer, Reason
from mock_server.named import NamedTuple
from mock_server.spec.drawn import Offer
from mock_server.spec.family import family

_USUAL = Pick(0)
_MAX_KEPT = 200
"""Characters of an ``Accept`` that is remembered."""


class Suited(NamedTuple):
    """``response`` None = the client accepts none of the media types ``offered`` (406)."""

    response: Response | None
    offered: tuple[str, ...] = ()
    generated: bool = False


def suit(plan: Plan, response: Response, accept: str | None, seed: int | None, reasons: list[Reason]) -> Suited:
    """The answer in the media type that the client likes best, with a newly made body when there is a ``seed``.

    An error is never replaced by 406: it goes out in its usual media type (RFC 9110 §15.5.7 says "SHOULD").
    """
    answers, name = plan.responses, response.name
    found = pick(plan, name, accept) if accept is not None and accept != "*/*" else _USUAL
    if found is None and 200 <= response.status <= 299:
        offered = tuple(answers.offered(name))
        reasons.append(Reason("client", "accepts none of {}", (", ".join(offered),)))
        return Suited(None, offered)
    place, media_type = found or _USUAL
    if seed is not None:
        made = answers.generated(name, place, seed, media_type)
        if made is not None:
            reasons.append(Reason("document", "a body made with the seed {}", (seed,)))
            return Suited(with_status(made, response.status), generated=True)
    variant = answers.variant(name, place)
    if media_type is not None:
        drawn = answers.drawn.get(name)
        variant = finished(_as_kind(variant, media_type, drawn.offers[place] if drawn else None))
    return Suited(with_status(variant, response.status))


def _as_kind(response: Response, media_type: str, offer: Offer | None) -> Response:
    """The answer as the type that was asked for out of a range. A file that is shown stays what it is."""
    if response.body is not None or response.encoded is None:
        return replace(response, media_type=media_type, encoded=None)
    if offer is None or offer.example is None:
        return replace(response, media_type=media_type, encoded=blank(media_type) or response.encoded)
    from mock_server.codec.specimen import kind_of  # files are rare

    own = kind_of(response.encoded, offer.range) if offer.range else None
    return replace(response, media_type=own or media_type)


def pick(plan: Plan, name: str, accept: str) -> Pick | None:
    """Which media type of the answer to send, None when the client accepts none of them.

    Remembered for the Accepts that come again and again.
    """
    key = (name, accept)
    if key in plan.negotiated:
        return plan.negotiated[key]
    found = _negotiate(plan, name, accept)
    if len(accept) <= _MAX_KEPT and len(plan.negotiated) < MAX_NEGOTIATED:
        plan.negotiated[key] = found
    return found


def _negotiate(plan: Plan, name: str, accept: str) -> Pick | None:
    offered = plan.responses.offered(name)
    accepted = read_accept(accept)
    if not offered or not accepted:  # nothing to choose, or nothing that could be read: as if there were no Accept
        return _USUAL
    index = best(accepted, offered)
    return _within_range(plan, name, accepted) if index is None else Pick(index)


def _within_range(plan: Plan, name: str, accepted: Accepted) -> Pick | None:
    """A response that the document describes as ``text/*`` can be sent as the ``text/csv`` that is asked for.

    Where nobody here can make a file of that type, what there is goes out under its own name.
    """
    drawn = plan.responses.drawn.get(name)
    liked = [(max(found.values()), essence) for essence, found in accepted.items() if "*" not in essence]
    for index, offer in enumerate(drawn.offers if drawn else ()):
        range_ = offer.range
        if range_:
            fits = [each for each in liked if each[0] > 0 and (range_ == "*/*" or each[1].startswith(range_[:-1]))]
            able = [each for each in fits if _can_be(offer, each[1])]
            if fits:
                return Pick(index, max(able, key=lambda each: each[0])[1] if able else None)
    return None


def _can_be(offer: Offer, kind: str) -> bool:
    """Whether the body can be sent as this type: an object is no picture, and pictures we make of some types only."""
    if family(kind) != "binary":
        return True
    from mock_server.codec.specimen import signature  # files are rare

    example, shape = offer.example, offer.media.shape
    if example is not None and example.external is None and example.serialized is None:
        is_text = isinstance(example.value, str)
    else:
        is_text = shape is None or "string" in shape.kinds
    return is_text and (kind.startswith("application/") or signature(kind) is not None)


def not_acceptable(offered: tuple[str, ...]) -> Answer:
    """406 with what there is (RFC 9110 §15.5.7)."""
    listed = ", ".join(offered)
    detail = f"the client accepts none of the media types of this answer: {listed}"
    return problem("MS430", 406, detail, available=list(offered), hint="ask with `Accept: */*`, or leave Accept out")
