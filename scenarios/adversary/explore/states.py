"""How a state is kept: as one integer, and beside it how it was reached.

From the low bits up: the number of each node's local state, what is left of each budget, the set of items. All states
met are held, since they must be recognised; where each came from takes eight bytes more.
"""

from __future__ import annotations

from array import array

LOCAL_BITS = 24
LOCAL_MASK = (1 << LOCAL_BITS) - 1
BUDGET_BITS = 4
BUDGET_MASK = (1 << BUDGET_BITS) - 1


class Layout:
    """Where in a state's integer its parts lie."""

    def __init__(self, nodes: int, budgets: int) -> None:
        self.budgets_at = nodes * LOCAL_BITS
        self.items_at = self.budgets_at + budgets * BUDGET_BITS

    def pack(self, local_states: list[int], budgets: list[int], items: int) -> int:
        """The integer of a state."""
        state = items << self.items_at
        for place, number in enumerate(local_states):
            state |= number << place * LOCAL_BITS
        for place, left in enumerate(budgets):
            if not 0 <= left <= BUDGET_MASK:
                raise ValueError(f"a budget of {left}: at most {BUDGET_MASK} can be kept")
            state |= left << self.budgets_at + place * BUDGET_BITS
        return state


class Visited:
    """Every state met, numbered in order of arrival."""

    def __init__(self, first: int) -> None:
        self._states = {first}
        self._origins = array("I", [0])
        self._events = array("I", [0])

    def __len__(self) -> int:
        return len(self._states)

    def add(self, state: int, origin: int, event: int) -> bool:
        """Take note of a state, reached from the one that arrived as number ``origin``; False where it is known."""
        states = self._states
        if state in states:
            return False
        states.add(state)
        self._origins.append(origin)
        self._events.append(event)
        return True

    def path_to(self, arrival: int) -> tuple[int, ...]:
        """The events that lead from the first state to this one."""
        events: list[int] = []
        while arrival:
            events.append(self._events[arrival])
            arrival = self._origins[arrival]
        return tuple(reversed(events))
