"""Every oracle there is, and every property that a run is judged by: what docs/reference/oracles.md is made from."""

from __future__ import annotations

from collections.abc import Iterator

from consensus.properties import Agreement, Certificates, Durability, Observer, Property
from consensus.properties.checkpoints import CheckpointSafety
from consensus.properties.pbft import PbftSafety
from consensus.properties.raft import RaftSafety
from consensus.properties.raft_logs import RaftLogs
from scenarios.adversary.books import Books
from scenarios.adversary.byzantine.accountability import Accountability
from scenarios.adversary.client_oracles import EnoughWords, TrueAnswers, Validity
from scenarios.adversary.contracts import PROPERTIES
from scenarios.adversary.oracles import HonestWords, OnceOnly
from scenarios.adversary.pbft_oracles import Proofs, ViewWords
from scenarios.adversary.raft_duties import RaftDuties
from scenarios.adversary.raft_leading import RaftLeading
from scenarios.adversary.raft_oracles import RaftWords

ORACLES: dict[str, tuple[type[Observer], ...]] = {
    "Every protocol": (Agreement, Durability, Certificates, Validity, HonestWords),
    "Raft": (RaftSafety, RaftLogs, RaftWords, RaftDuties, RaftLeading),
    "PBFT": (PbftSafety, CheckpointSafety, ViewWords, Proofs, Accountability),
    "Ledger and clients": (Books, OnceOnly, EnoughWords, TrueAnswers),
}
"""The oracles by what they watch. Those of one group see the same events."""

OF_RUNS = (
    Property(
        "liveness",
        "after the healing every request is answered in time, and all who are up end on one chain; "
        "a stall is told as deadlock, livelock or starvation",
        "PBFT, section 4.5.3; scenarios/adversary/play.py",
        "once, at the end",
    ),
    Property(
        "few view changes",
        "once the network has healed, few view changes are enough (f + 1, and what timers still have to grow)",
        "PBFT, section 4.5.3",
        "once, at the end",
    ),
    Property(
        "quiet when idle", "an idle network holds no election and changes no view", "Raft, 5.2", "once, at the end"
    ),
    Property("linearizability", "what clients were told has one order", "Herlihy & Wing 1990", "once, at the end"),
    Property("never raises", "no input of a peer, a client or a disk makes a node raise", "style", "O(1)"),
)
"""What is asked of a run as a whole, by those who play it."""


def properties() -> Iterator[tuple[str, str, Property]]:
    """(group, name of the oracle, property) of everything that is watched; the oracle of a run as a whole is ""."""
    for group, oracles in ORACLES.items():
        for oracle in oracles:
            for property_ in oracle.properties:
                yield group, oracle.__name__, property_
    for property_ in PROPERTIES:
        yield "A contract", "", property_
    for property_ in OF_RUNS:
        yield "The run as a whole", "", property_
