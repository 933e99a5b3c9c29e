"""Asking for one person at a time: is she insured with you? You do not learn who, and I learn of nobody else (row 18).

An intersection with a set of one would have the holder blind its whole list again for each question. Here it does so
once a session, and a question costs it one multiplication, so that it can be asked before every policy is bound. It is
the oblivious pseudorandom function of Jarecki and Liu, 2009, in the group of :mod:`node.privacy.points`; ``h`` is the
holder's scalar of the session, ``r`` the asker's of the question:

    once       the holder publishes     h * P(y)            for everybody it insures, ascending
    question   the asker sends          r * P(x)
    answer     the holder returns       h * r * P(x)
    then       the asker takes r away:  h * P(x)            is it on the list?

What this reveals and what it does not: ``docs/private-queries.md``.
"""

from __future__ import annotations

from collections.abc import Iterable

from node.privacy.intersection import Blinded, Party
from node.privacy.points import IntersectionError, inverse, person_point, scalar_of, times, wide

QUESTIONS_MAX = 100_000


class Holder:
    """Answers questions about a set of people, ``questions_max`` of them: each could be a guess.

    ``secret``, ``people`` and ``padded_to`` as for :class:`~node.privacy.intersection.Party`.
    """

    def __init__(
        self,
        secret: bytes,
        session: str,
        people: Iterable[str],
        *,
        padded_to: int = 0,
        questions_max: int = QUESTIONS_MAX,
    ) -> None:
        self._party = Party(secret, session, people, padded_to)
        self.questions_left = questions_max

    def listed(self) -> Blinded:
        """What to publish: everybody, blinded."""
        return self._party.offer()

    def answer(self, question: bytes) -> bytes:
        """IntersectionError where there are no questions left, or this is none."""
        if self.questions_left <= 0:
            raise IntersectionError("all questions of this session have been asked")
        answered = self._party.blind(question)
        self.questions_left -= 1
        return answered


class Asker:
    """Asks a holder who has published ``listed``. ``secret``: 32 bytes that only this party knows."""

    def __init__(self, secret: bytes, listed: Blinded) -> None:
        if any(one >= other for one, other in zip(listed.points, listed.points[1:], strict=False)):
            raise IntersectionError("its points are not in strictly ascending order")
        self._secret = secret
        self._session = listed.session
        self._listed = frozenset(listed.points)
        self._asked = 0
        self._open: dict[int, bytes] = {}  # number of a question -> its scalar

    def ask(self, person: str) -> tuple[int, bytes]:
        """A question about ``person``, and its number. The same person is never asked about in the same words."""
        number, self._asked = self._asked, self._asked + 1
        scalar = scalar_of(wide(self._secret, "question", self._session, number))
        self._open[number] = scalar
        return number, times(scalar, person_point(self._session, person))

    def is_listed(self, number: int, answer: bytes) -> bool:
        """What the answer to question ``number`` says. IntersectionError: it says nothing, and can be given again."""
        scalar = self._open.get(number)
        if scalar is None:
            raise IntersectionError(f"question {number} is not open")
        found = times(inverse(scalar), answer) in self._listed
        del self._open[number]
        return found
