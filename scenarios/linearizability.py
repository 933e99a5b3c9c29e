"""Is a history of clients linearizable (Herlihy & Wing 1990)?

Each operation takes effect at one instant between its call and its return, in an order that the sequential object
allows. The search is that of Wing & Gong (1993) with Lowe's memory of what was tried (2017): take any operation that
no other one has to precede, apply it, go on; come back where that leads nowhere, and never twice to the same pair of
(operations taken, state).

An operation whose outcome its client never learnt may have taken effect at any instant after its call, with any
outcome, or not at all.

A ``hint`` says in which order the system claims to have done it. It decides only what is tried first, so a wrong one
costs time and never a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from consensus.properties import Violation

FOREVER = 2**63


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What one client asked, and what it heard. Times are nanoseconds of one clock.

    ``returned`` None: the client never learnt the outcome (and ``output`` means nothing).
    """

    client: str
    action: str
    arguments: tuple[Any, ...]
    called: int
    output: Any = None
    returned: int | None = None
    hint: int = FOREVER

    @property
    def known(self) -> bool:
        return self.returned is not None

    def __str__(self) -> str:
        heard = f"heard {self.output!r} at {self.returned}" if self.known else "never heard"
        return f"{self.client}: {self.action}{self.arguments} called at {self.called} ns, {heard}"


class Model(Protocol):
    """A sequential object. States are hashable."""

    def initial(self) -> Any:
        """The state before anything was done."""
        ...

    def apply(self, state: Any, operation: Operation) -> Any | None:
        """The state after ``operation``; None where it cannot have this output in ``state``.

        An operation of unknown outcome (``known`` False) can have any.
        """
        ...


class Stuck(msgspec.Struct, frozen=True):
    """Why there is no order: the longest one found, and the operations of which none can come next."""

    order: tuple[Operation, ...]
    refused: tuple[Operation, ...]
    state: Any


def linearize(operations: Iterable[Operation], model: Model) -> tuple[Operation, ...] | Stuck:
    """An order that explains every known outcome, or how far one gets."""
    return _Search(operations, model).run()


def require_linearizable(operations: Iterable[Operation], model: Model) -> None:
    """Raise Violation where there is no order; its facts are what cannot come next, and what was done by then."""
    if isinstance(model, Places):
        _require_ranks_in_order(list(operations), model)
        return
    outcome = linearize(operations, model)
    if isinstance(outcome, Stuck):
        last = outcome.order[-1] if outcome.order else None
        raise Violation(
            "linearizability",
            f"one of these has to come next: {'; '.join(str(operation) for operation in outcome.refused)}",
            f"none can in state {outcome.state!r}, reached by {len(outcome.order)} operations, the last {last}",
        )


def _require_ranks_in_order(operations: list[Operation], model: Places) -> None:
    """The same where every outcome has a rank and ranks must not fall, for which no search is needed.

    In the order of ranks every outcome is explained; and this order is one of those that are allowed unless one that
    had returned before another was called ranks above it, which no order can mend.
    """
    known = [operation for operation in operations if operation.known]
    upcoming = sorted(known, key=lambda operation: operation.called)
    highest: Operation | None = None
    after = 0
    for before in sorted(
        (operation for operation in known if operation.returned is not None),
        key=lambda operation: operation.returned or 0,
    ):
        while after < len(upcoming) and upcoming[after].called <= (before.returned or 0):
            _require_not_below(upcoming[after], highest, model)
            after += 1
        if highest is None or model.rank(before) > model.rank(highest):
            highest = before
    for late in upcoming[after:]:
        _require_not_below(late, highest, model)


def _require_not_below(later: Operation, highest: Operation | None, model: Places) -> None:
    if highest is not None and model.rank(later) < model.rank(highest):
        raise Violation("linearizability", f"{later} was called when the other had returned", f"{highest} had")


class _Search:
    """Depth first over sets of operations taken, as bit masks over the operations in order of call."""

    def __init__(self, operations: Iterable[Operation], model: Model) -> None:
        self._model = model
        self._operations = sorted(operations, key=lambda operation: (operation.called, operation.client))
        self._wanted = sum(1 << place for place, operation in enumerate(self._operations) if operation.known)

    def run(self) -> tuple[Operation, ...] | Stuck:
        state = self._model.initial()
        path: list[tuple[int, Any]] = []  # place taken, and the state it was taken in
        taken = 0
        pending: list[Iterator[int]] = [iter(self._next(taken))]
        tried = {(taken, state)}
        stuck = Stuck((), self._at(self._next(taken)), state)
        while taken & self._wanted != self._wanted:
            place = next(pending[-1], None)
            if place is None:
                if not path:
                    return stuck
                pending.pop()
                undone, state = path.pop()
                taken ^= 1 << undone
                continue
            after = self._model.apply(state, self._operations[place])
            if after is None or (taken | 1 << place, after) in tried:
                continue
            path.append((place, state))
            taken, state = taken | 1 << place, after
            tried.add((taken, state))
            upcoming = self._next(taken)
            pending.append(iter(upcoming))
            if len(path) > len(stuck.order):
                stuck = Stuck(self._at([at for at, _ in path]), self._at(upcoming), state)
        return self._at([at for at, _ in path])

    def _next(self, taken: int) -> list[int]:
        """The places that may come next: called before any operation left has returned. The hinted first."""
        first = (~taken & (taken + 1)).bit_length() - 1  # the lowest bit that is not set
        places = []
        deadline = FOREVER
        for place in range(first, len(self._operations)):
            if taken >> place & 1:
                continue
            operation = self._operations[place]
            if operation.called > deadline:
                break
            places.append(place)
            if operation.returned is not None:
                deadline = min(deadline, operation.returned)
        free = [place for place in places if self._operations[place].called <= deadline]
        return sorted(free, key=lambda place: (not self._operations[place].known, self._operations[place].hint, place))

    def _at(self, places: Sequence[int]) -> tuple[Operation, ...]:
        return tuple(self._operations[place] for place in places)


class Register:
    """Registers by name: ``write(key, value)``, ``read(key)``, ``cas(key, old, new)`` whose output is a truth value."""

    def __init__(self, empty: Any = None) -> None:
        self._empty = empty

    def initial(self) -> tuple[tuple[Any, Any], ...]:
        return ()

    def apply(self, state: tuple[tuple[Any, Any], ...], operation: Operation) -> tuple[tuple[Any, Any], ...] | None:
        held = dict(state)
        key, *values = operation.arguments
        if operation.action == "read":
            return state if not operation.known or held.get(key, self._empty) == operation.output else None
        if operation.action == "cas":
            fits = held.get(key, self._empty) == values[0]
            if operation.known and fits != operation.output:
                return None
            if not fits:
                return state
        held[key] = values[-1]
        return tuple(sorted(held.items()))


class Accounts:
    """Money: ``transfer(payer, payee, amount)`` is "ok" or "insufficient_funds"; ``balance(name)`` a number."""

    def __init__(self, names: Sequence[str], opening: int) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._opening = opening

    def initial(self) -> tuple[int, ...]:
        return (self._opening,) * len(self._places)

    def apply(self, state: tuple[int, ...], operation: Operation) -> tuple[int, ...] | None:
        if operation.action == "balance":
            (name,) = operation.arguments
            return state if not operation.known or state[self._places[name]] == operation.output else None
        payer, payee, amount = operation.arguments
        pays = payer == payee or state[self._places[payer]] >= amount
        if operation.known and operation.output != ("ok" if pays else "insufficient_funds"):
            return None
        if not pays:
            return state
        balances = list(state)
        balances[self._places[payer]] -= amount
        balances[self._places[payee]] += amount
        return tuple(balances)


class Places:
    """A log: ``append(what)`` tells the height of its block, ``length()`` the height of the last one.

    Heights never fall, and a block holds several. A read comes after every append to the block that it names, and no
    append to that block comes after it: so the states are 2h after an append at h, and 2h + 1 after a read.
    """

    def initial(self) -> int:
        return 0

    def rank(self, operation: Operation) -> int:
        """The state that ``operation``, whose outcome is known, leaves behind."""
        return 2 * int(operation.output) + (operation.action == "length")

    def apply(self, state: int, operation: Operation) -> int | None:
        if not operation.known:
            return state
        after = self.rank(operation)
        return after if after >= state else None


def partitioned(operations: Iterable[Operation], key: Callable[[Operation], Any]) -> dict[Any, list[Operation]]:
    """The history by object: linearizable as a whole iff each part is (Herlihy & Wing, theorem 1)."""
    parts: dict[Any, list[Operation]] = {}
    for operation in operations:
        parts.setdefault(key(operation), []).append(operation)
    return parts
