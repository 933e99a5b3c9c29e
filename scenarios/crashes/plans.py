"""How the crashes of a run are drawn: dozens of them, in every company, while clients never stop asking.

* *single*: one node loses its power for a blink or for longer than an election.
* *room*: all nodes at one instant; each comes back when it does.
* *quorum*: as many at once that those left cannot decide.
* *relay*: one after the other, each falling as soon as the one before it is back.
* *again*: the same node twice, the second time while it recovers.

These come at random instants; as many more wait for a disk to write (:mod:`scenarios.crashes.reaper`). Disks are slow:
a sync takes 2 to 60 ms. All that was written and not synced is lost, but for a prefix of the running sync's writes,
drawn anew for each crash; and the write after that prefix is torn. In half of the runs messages are lost, doubled and
reordered as well.
"""

from __future__ import annotations

from consensus.protocols import protocol as registered
from consensus.vocabulary import MILLISECOND, SECOND, NodeId
from network.virtual.case import Case
from network.virtual.distributions import Distribution, Lognormal, Uniform
from network.virtual.draws import Stream
from network.virtual.faults import Crash, Duplicate, Fault, Loss, Reorder, TornWrite
from network.virtual.settings import drawn_settings
from scenarios.adversary.trial import Trial

CRASHES = 16
"""At random instants, that a run has at least."""

STRIKES = 40
"""That wait for a disk to write, where the run is long enough for them."""

OPERATIONS = 300
"""Requests of clients in a run."""

_NODES = {"raft": (3, 4, 4, 5), "pbft": (4, 4, 4, 5)}
_SYNCS: tuple[Distribution, ...] = (
    Uniform(low_ns=2 * MILLISECOND, high_ns=12 * MILLISECOND),
    Lognormal(median_ns=8 * MILLISECOND, p99_ns=60 * MILLISECOND),
    Uniform(low_ns=10 * MILLISECOND, high_ns=40 * MILLISECOND),
)
_LINKS: tuple[Distribution, ...] = (
    Uniform(low_ns=200 * 1_000, high_ns=3 * MILLISECOND),
    Lognormal(median_ns=4 * MILLISECOND, p99_ns=40 * MILLISECOND),
)


def draw_crashes(protocol: str, seed: int) -> Trial:
    """The run of ``seed``: a network of replicas, its clients, and its crashes at random instants."""
    draws = Stream(f"{protocol}/{seed}/crashes")
    sizes = _NODES[protocol]
    nodes = sizes[draws.below(len(sizes))]
    crashes, end_ns = _crashes(draws, nodes, registered(protocol).quorum(nodes))
    heal_ns = end_ns + SECOND
    torn = (TornWrite(at_ns=0, for_ns=heal_ns, node=node) for node in range(nodes))
    plan = (*torn, *_noise(draws, heal_ns), *crashes)
    case = Case(
        protocol=protocol,
        seed=seed,
        nodes=nodes,
        voters=tuple(range(nodes)),
        plan=tuple(sorted(plan, key=lambda fault: fault.at_ns)),
        latency=_LINKS[draws.below(len(_LINKS))],
        sync=_SYNCS[draws.below(len(_SYNCS))],
        heal_ns=heal_ns,
        settings=drawn_settings(protocol, seed) | ({"lease_ns": 0} if protocol == "raft" else {}),
    )
    return Trial(case=case, network="replicas", operations=OPERATIONS)


def _noise(draws: Stream, heal_ns: int) -> tuple[Fault, ...]:
    if draws.below(2):
        return ()
    return (
        Loss(at_ns=0, for_ns=heal_ns, ppm=2_000 << draws.below(5)),
        Duplicate(at_ns=0, for_ns=heal_ns, ppm=20_000),
        Reorder(at_ns=0, for_ns=heal_ns, ppm=20_000, by_ns=20 * MILLISECOND),
    )


def _crashes(draws: Stream, nodes: int, quorum: int) -> tuple[list[Fault], int]:
    """The crashes, and when the last of them is over."""
    plan: list[Fault] = []
    at = SECOND
    end = at
    while len(plan) < CRASHES:
        company = _company(draws, nodes, quorum)
        for place, node in enumerate(company):
            lasting = lasting_ns(draws)
            plan.append(Crash(at_ns=at, for_ns=lasting, node=node))
            end = max(end, at + lasting)
            if place + 1 < len(company) and company[0] == company[-1]:
                at += lasting + 1 + draws.below(60 * MILLISECOND)  # relay, again: the next falls when this one is back
        at += 50 * MILLISECOND + draws.below((150, 500, 1_500)[draws.below(3)] * MILLISECOND)
    return plan, end


def _company(draws: Stream, nodes: int, quorum: int) -> list[NodeId]:
    """Who falls together. The first is named again at the end where they fall one after the other."""
    first = draws.below(nodes)
    others = [(first + step) % nodes for step in range(1, nodes)]
    match draws.below(8):
        case 0:
            return [first, *others]
        case 1:
            return [first, *others[: nodes - quorum]]
        case 2:
            return [first, *others, first]
        case 3:
            return [first, first]
        case _:
            return [first]


def lasting_ns(draws: Stream) -> int:
    """How long a node stays down: a blink, a moment, or longer than an election."""
    longest = (5, 80, 80, 900)[draws.below(4)] * MILLISECOND
    return 1 + draws.below(longest)
