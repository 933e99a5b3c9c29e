"""What rules about a scenario find, and the sums that several of them use."""

from __future__ import annotations

from typing import NamedTuple

from consensus.protocols import protocol
from scenarios.language.problems import Path, Severity
from scenarios.language.schema import Scenario


class Finding(NamedTuple):
    """A problem without its mark."""

    path: Path
    message: str
    severity: Severity = Severity.ERROR


class Arithmetic(NamedTuple):
    """n counts the voters the protocol uses, f the faults it survives, and how many make a decision."""

    protocol: str
    n: int
    f: int
    quorum: int

    def __str__(self) -> str:
        return f"{self.protocol}: n = {self.n}, f = {self.f}, quorum {self.quorum}"


def arithmetic(scenario: Scenario) -> Arithmetic:
    """n, f and quorum under the scenario's protocol; KeyError for an unknown protocol."""
    entry = protocol(scenario.consensus.protocol)
    n = len(entry.voters_of(scenario.voters))
    return Arithmetic(protocol=entry.name, n=n, f=entry.faults(n), quorum=entry.quorum(n))
