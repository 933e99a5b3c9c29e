"""The virtual world: a whole network in one process, in virtual time, the same on every machine.

:class:`World` is the event queue. It runs machines (replicas, bare cores, the clients' conductor) over
:class:`Links` with latency and loss, with simulated disks, under a plan of :data:`Fault` items, watched by the
oracles of ``consensus/properties``. A world is a function of its arguments: the same seed gives the same
:meth:`World.event_sha256` on any machine and Python.
"""

from network.virtual.collecting import collect_seldom
from network.virtual.costs import Checked, Costs
from network.virtual.distributions import (
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Lognormal,
    Normal,
    Pareto,
    Uniform,
)
from network.virtual.draws import Stream
from network.virtual.evidence import TraceHook
from network.virtual.faults import (
    BitRot,
    BrokerDown,
    Clock,
    Corrupt,
    Crash,
    Cut,
    Delay,
    Duplicate,
    Fault,
    Flap,
    FullDisk,
    Heal,
    Lasting,
    Loss,
    Pause,
    Reorder,
    Restart,
    Resume,
    Ring,
    Slow,
    SlowDisk,
    Throttle,
    TornWrite,
    decode_plan,
    encode_plan,
)
from network.virtual.links import Link, Links, Star, instant_links, local_links
from network.virtual.machine import Factory, Machine
from network.virtual.post import Garbled
from network.virtual.world import Stop, World

__all__ = [
    "BitRot",
    "BrokerDown",
    "Checked",
    "Clock",
    "Constant",
    "Corrupt",
    "Costs",
    "Crash",
    "Cut",
    "Delay",
    "Distribution",
    "Duplicate",
    "Empirical",
    "Exponential",
    "Factory",
    "Fault",
    "Flap",
    "FullDisk",
    "Garbled",
    "Heal",
    "Lasting",
    "Link",
    "Links",
    "Lognormal",
    "Loss",
    "Machine",
    "Normal",
    "Pareto",
    "Pause",
    "Reorder",
    "Restart",
    "Resume",
    "Ring",
    "Slow",
    "SlowDisk",
    "Star",
    "Stop",
    "Stream",
    "Throttle",
    "TornWrite",
    "TraceHook",
    "Uniform",
    "World",
    "collect_seldom",
    "decode_plan",
    "encode_plan",
    "instant_links",
    "local_links",
]
