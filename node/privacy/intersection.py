"""Private set intersection 隐私求交: which people two insurers both have, and nothing of the others (systems row 18).

Blinded exponentiation (Meadows 1986; Huberman, Franklin and Hogg 1999) on the prime-order group of Ed25519, by
libsodium. Each party has a secret scalar of the session's own; ``P(x)`` is a person hashed to a point:

    round 1   both send      s_own * P(x)               for their people, in an order that says nothing
    round 2   both return    s_own * (what they got)    in the order in which it came: s_own * s_other * P(x)
    then      each compares what came back for its own people with what it made of the other's

Multiplication commutes, so the same person gives the same point on both sides, and nobody can tell who any other point
is without the other's scalar (decisional Diffie-Hellman), not even by trying out every identity number there is. What
this assumes, what it reveals and what a liar can do: ``docs/private-queries.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from node.privacy.points import POINT_BYTES, IntersectionError, Point, person_point, point_of, scalar_of, times, wide

POINTS_MAX = 16_384
"""How many people a party may bring into one session."""

ITEM_CHARACTERS_MAX = 256
SESSION_CHARACTERS_MAX = 128

Points = Annotated[tuple[Point, ...], msgspec.Meta(max_length=POINTS_MAX)]
SessionName = Annotated[str, msgspec.Meta(min_length=1, max_length=SESSION_CHARACTERS_MAX)]


class Blinded(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="psi.blinded"):
    """Round 1: a party's people, blinded by its scalar, ascending by their bytes (which is as good as any shuffle)."""

    session: SessionName
    points: Points


class Doubled(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="psi.doubled"):
    """Round 2: the points of a ``Blinded``, blinded once more: in its order, or ascending, to be counted only."""

    session: SessionName
    points: Points
    ordered: bool


class Party:
    """One side of one session. ``secret``: 32 bytes that only this party knows; the session's scalar follows from it.

    A session must be run once, with one set: blinding another with the same scalar shows what the two have in common.
    ``padded_to``: the size to show, if larger than the set; what is missing is filled up with points that are nobody.
    """

    def __init__(self, secret: bytes, session: str, people: Iterable[str], padded_to: int = 0) -> None:
        unique = sorted(set(people))
        if max(len(unique), padded_to) > POINTS_MAX:
            raise ValueError(f"{max(len(unique), padded_to)} people in one session; at most {POINTS_MAX}")
        if any(len(person) > ITEM_CHARACTERS_MAX for person in unique):
            raise ValueError(f"a person's identity is longer than {ITEM_CHARACTERS_MAX} characters")
        if not 0 < len(session) <= SESSION_CHARACTERS_MAX:
            raise ValueError(f"a session's name has 1 to {SESSION_CHARACTERS_MAX} characters")
        self.session = session
        self._scalar = scalar_of(wide(secret, "scalar", session))
        fillers = (point_of(wide(secret, "filler", session, place)) for place in range(len(unique), padded_to))
        owners = {times(self._scalar, person_point(session, person)): person for person in unique}
        owners.update((times(self._scalar, filler), "") for filler in fillers)
        self._owners = sorted(owners.items())  # ascending by point: the order of our ``Blinded``; "" is nobody
        self._theirs: frozenset[bytes] | None = None

    def offer(self) -> Blinded:
        """Our message of round 1."""
        return Blinded(session=self.session, points=tuple(point for point, _ in self._owners))

    def blind(self, point: bytes) -> bytes:
        """A point of the other's, blinded with our scalar. IntersectionError: it is none of the group."""
        return times(self._scalar, point)

    def answer(self, theirs: Blinded, *, count_only: bool = False) -> Doubled:
        """Our message of round 2 to the other's of round 1. IntersectionError: that is hostile, or a second, other one.

        ``count_only``: the other party shall learn how many people we share, and not which.
        """
        self._check(theirs.session, theirs.points)
        if any(one >= other for one, other in zip(theirs.points, theirs.points[1:], strict=False)):
            raise IntersectionError("its points are not in strictly ascending order")
        own = {point for point, _ in self._owners}
        if not own.isdisjoint(theirs.points):
            raise IntersectionError("it sends our own points back to us")
        doubled = tuple(self.blind(point) for point in theirs.points)
        together = frozenset(doubled)
        if self._theirs not in (None, together):
            raise IntersectionError("it has sent another set in this session before")
        self._theirs = together
        return Doubled(self.session, tuple(sorted(doubled)) if count_only else doubled, not count_only)

    def shared(self, doubled: Doubled) -> tuple[str, ...]:
        """Who is in both sets, ascending: from the other's message of round 2, after we have seen its round 1."""
        if not doubled.ordered:
            raise IntersectionError("it lets us count only: its points are not in our order")
        people = (person for _, person in self._owners)
        return tuple(sorted(person for person, met in zip(people, self._met(doubled), strict=True) if met and person))

    def shared_count(self, doubled: Doubled) -> int:
        """How many people are in both sets."""
        return sum(self._met(doubled))

    def _met(self, doubled: Doubled) -> list[bool]:
        """For each point that came back, whether the other party has it too."""
        self._check(doubled.session, doubled.points)
        if self._theirs is None:
            raise IntersectionError("it answers before it has sent its own set")
        if len(doubled.points) != len(self._owners) or len(set(doubled.points)) != len(doubled.points):
            raise IntersectionError(f"{len(set(doubled.points))} different points came back for {len(self._owners)}")
        return [point in self._theirs for point in doubled.points]

    def _check(self, session: str, points: tuple[bytes, ...]) -> None:
        if session != self.session:
            raise IntersectionError(f"it is of session {session!r}, not of {self.session!r}")
        if len(points) > POINTS_MAX or any(len(point) != POINT_BYTES for point in points):
            raise IntersectionError(f"more than {POINTS_MAX} points, or some not of {POINT_BYTES} bytes")
