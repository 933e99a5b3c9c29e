"""Matching 隐私求交: what insurers do to find whom they both insure (row 18).

Each act computes its message from what the insurer has, its own people and the secret of its own, and from what lies on
the chain; so nothing has to be kept between the acts.
"""

from __future__ import annotations

from node.contracts.matching import ConcludeArgs, Matching, OpenArgs, PointsArgs, PointSet, points_key
from node.privacy import Blinded, Doubled, IntersectionError, Party
from scenarios.roles.desk import Act, Desk, Request


def open_matching(desk: Desk, act: Act) -> Request:  # noqa: ARG001 - a verb takes a desk
    """Arguments: other (an insurer)."""
    return Request(contract="matching", action="open", arguments=OpenArgs(other=act.text("other")))


def offer_people(desk: Desk, act: Act) -> Request:
    """Arguments: matching, people; padded_to (the size to show, where it is more)."""
    matching = desk.object(act, "matching")
    points = _hex(_party(desk, act, matching).offer().points)
    return Request(contract="matching", action="offer", arguments=PointsArgs(matching=matching, points=points))


def answer_people(desk: Desk, act: Act) -> Request:
    """Arguments: matching, people and padded_to as they were offered."""
    matching = desk.object(act, "matching")
    doubled = _answered(desk, act, _party(desk, act, matching), matching)
    arguments = PointsArgs(matching=matching, points=_hex(doubled.points))
    return Request(contract="matching", action="answer", arguments=arguments)


def conclude_matching(desk: Desk, act: Act) -> Request:
    """Arguments: matching, people and padded_to as offered; shared: whom one must have found, lying: a false number."""
    matching = desk.object(act, "matching")
    party = _party(desk, act, matching)
    _answered(desk, act, party, matching)
    points = _points(desk, act, matching, "answer")
    try:
        shared = party.shared(Doubled(session=matching, points=points, ordered=True))
    except IntersectionError as error:
        raise act.error("matching", str(error)) from None
    expected = tuple(sorted(desk.person(act, name).identity for name in act.names("shared")))
    if shared != expected:
        raise act.error("shared", f"{len(shared)} people are shared, not these {len(expected)}")
    count = 0 if act.flag("lying") else len(shared)
    return Request(contract="matching", action="conclude", arguments=ConcludeArgs(matching=matching, shared=count))


def _party(desk: Desk, act: Act, matching: str) -> Party:
    """The act's insurer in the matching, with the people that it names."""
    identities = [desk.person(act, name).identity for name in act.names("people")]
    padded_to = act.take("padded_to", 0)
    if not isinstance(padded_to, int):
        raise act.error("padded_to", f"must be a number, not {padded_to!r}")
    secret = bytes.fromhex(desk.token(act.who, "matching", matching))
    try:
        return Party(secret, matching, identities, padded_to)
    except ValueError as error:
        raise act.error("people", str(error)) from None


def _answered(desk: Desk, act: Act, party: Party, matching: str) -> Doubled:
    """The act's insurer's answer to what the other offered."""
    try:
        return party.answer(Blinded(session=matching, points=_points(desk, act, matching, "offer")))
    except IntersectionError as error:
        raise act.error("matching", str(error)) from None


def _points(desk: Desk, act: Act, matching: str, round_: str) -> tuple[bytes, ...]:
    """What the other party sent in a round."""
    parties = desk.find(act, Matching, matching).parties
    other = parties[0] if act.who == parties[1] else parties[1]
    found = desk.find(act, PointSet, points_key(matching, round_, other))
    return tuple(bytes.fromhex(point) for point in found.points)


def _hex(points: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(point.hex() for point in points)
