"""``members`` and ``clients``: who runs a node, who votes, and who signs transactions without a node."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenarios.language.models.base import Part, Word

MEMBERS_MAX = 256
CLIENTS_MAX = 20_000


class Members(Part):
    """The organisations of one role. Without `count` there is one, named as the role; with it `role-1`, `role-2`..."""

    count: Annotated[int, Field(ge=1, le=MEMBERS_MAX)] | None = None
    """How many organisations of this role there are."""
    vote: bool = True
    """Whether they vote; those that do not are observers, who verify everything and decide nothing."""

    def names(self, role: str) -> tuple[str, ...]:
        return numbered(role, self.count)


class Clients(Part):
    """People of one role, each with a wallet of their own. Named like members, or by `people`."""

    count: Annotated[int, Field(ge=1, le=CLIENTS_MAX)] | None = None
    """How many there are."""
    people: Annotated[tuple[Word, ...], Field(min_length=1)] | None = None
    """Their names, instead of `count`."""
    home: Word | None = None
    """The node they talk to first; without it, the members in turn."""

    def names(self, role: str) -> tuple[str, ...]:
        return self.people if self.people is not None else numbered(role, self.count)


class MemberName(Part):
    """One organisation as the scenario names it; its place among them is its node's number."""

    name: str
    role: str
    votes: bool


class ClientName(Part):
    """One wallet: an organisation's (same name as its node) or a person's. ``home`` names a node."""

    name: str
    role: str
    home: str


def numbered(role: str, count: int | None) -> tuple[str, ...]:
    """("bureau", None) -> ("bureau",); ("insurer", 2) -> ("insurer-1", "insurer-2")."""
    if count is None:
        return (role,)
    return tuple(f"{role}-{index}" for index in range(1, count + 1))
