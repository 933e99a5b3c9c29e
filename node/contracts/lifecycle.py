"""Lifecycles as data: which event leads from which state to which. One helper checks them all."""

from __future__ import annotations

from collections.abc import Mapping

from node.contracts.context import Refusal


class Lifecycle:
    """A transition table ``{state: {event: next state}}``. Immutable; every state is a key of the table."""

    def __init__(self, name: str, table: Mapping[str, Mapping[str, str]]) -> None:
        for state, row in table.items():
            for event, following in row.items():
                if following not in table:
                    raise ValueError(f"{name}: {state} --{event}--> {following}, which is no state of the table")
        self.name = name
        self.table = {state: dict(row) for state, row in table.items()}

    def next(self, state: str, event: str) -> str:
        """The state after ``event``; refused with "illegal_transition" where the table has none."""
        following = self.table[state].get(event)
        if following is None:
            raise Refusal("illegal_transition", f"{self.name}: no {event} in state {state}")
        return following

    def final(self, state: str) -> bool:
        """Does nothing lead out of ``state``?"""
        return not self.table[state]
