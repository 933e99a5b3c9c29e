"""Faults that the virtual world alone can do, as items of its plan, and in words."""

from __future__ import annotations

from collections.abc import Callable

from consensus.vocabulary import NodeId
from network.virtual import faults as world
from scenarios.language.models.faults import Fault
from scenarios.runner.words import braced, lasting, seconds, share

MILLION = 1_000_000
"""All, in parts per million."""


def item_of(fault: Fault, resolve: Callable[[str], NodeId]) -> tuple[world.Fault, str]:
    """The item, for whoever injects it to say when, and a line that tells it to people.

    ``resolve`` is that of :func:`scenarios.runner.faults.apply_fault`.
    """
    item, what = _of_messages(fault, resolve) or _of_links(fault, resolve) or _of_a_node(fault, resolve)
    return item, what + lasting(fault.for_)


def _of_messages(fault: Fault, resolve: Callable[[str], NodeId]) -> tuple[world.Fault, str] | None:
    on = tuple(resolve(name) for name in fault.on or ())
    where = f" at {braced(on)}" if on else ""
    for_ns = fault.for_
    if fault.duplicate is not None:
        what = f"{share(fault.duplicate)} of messages doubled{where}"
        return world.Duplicate(at_ns=0, for_ns=for_ns, ppm=fault.duplicate), what
    if fault.corrupt is not None:
        what = f"{share(fault.corrupt)} of messages garbled{where}"
        return world.Corrupt(at_ns=0, for_ns=for_ns, ppm=fault.corrupt), what
    if fault.hijack is not None:
        what = f"the name of {braced((resolve(fault.hijack),))} leads to an impostor"
        return world.Corrupt(at_ns=0, for_ns=for_ns, ppm=MILLION), what
    if fault.reorder is not None:
        by = fault.by or 0
        what = f"{share(fault.reorder)} of messages held back by up to {seconds(by)}{where}"
        return world.Reorder(at_ns=0, for_ns=for_ns, ppm=fault.reorder, by_ns=by), what
    if fault.throttle is not None:
        what = f"links carry {fault.throttle} bytes a second{where}"
        return world.Throttle(at_ns=0, for_ns=for_ns, bytes_per_s=fault.throttle), what
    return None


def _of_links(fault: Fault, resolve: Callable[[str], NodeId]) -> tuple[world.Fault, str] | None:
    for_ns = fault.for_ or 0
    if fault.broker_down is not None:
        what = f"the broker is down, what is sent {'is lost' if fault.broker_down == 'lost' else 'waits'}"
        return world.BrokerDown(at_ns=0, for_ns=for_ns, backlog=fault.broker_down == "backlog"), what
    if fault.flap is None:
        return None
    one, other = (tuple(resolve(name) for name in names or ()) for names in (fault.flap, fault.from_))
    down, up = fault.down or 1, fault.up or 1
    one_way, whom = bool(fault.one_way), braced(other) or "everyone"
    apart = f"not heard by {whom}" if one_way else f"cut off from {whom}"
    what = f"{braced(one)} by turns {seconds(down)} {apart} and {seconds(up)} as ever"
    item = world.Flap(at_ns=0, for_ns=for_ns, one=one, other=other, one_way=one_way, down_ns=down, up_ns=up)
    return item, what


def _of_a_node(fault: Fault, resolve: Callable[[str], NodeId]) -> tuple[world.Fault, str]:
    node = resolve(fault.names[0])
    by, for_ns = fault.by or 0, fault.for_
    match fault.kind:
        case "slow":
            item: world.Fault = world.Slow(at_ns=0, for_ns=for_ns, node=node, extra_ns=by)
            return item, f"{{{node}}} takes {seconds(by)} longer for everything"
        case "clock":
            step = (fault.ahead or 0) - (fault.behind or 0)
            drift = (fault.gains or 0) - (fault.loses or 0)
            item = world.Clock(at_ns=0, for_ns=for_ns, node=node, step_ns=step, drift_ppm=drift)
            return item, f"{{{node}}}'s clock {' and '.join(_wrong(step, drift))}"
        case "slow_disk":
            item = world.SlowDisk(at_ns=0, for_ns=for_ns, node=node, extra_ns=by)
            return item, f"{{{node}}}'s disk takes {seconds(by)} longer"
        case "full_disk":
            return world.FullDisk(at_ns=0, for_ns=for_ns, node=node), f"{{{node}}}'s disk is full"
        case "torn_write":
            return world.TornWrite(at_ns=0, for_ns=for_ns, node=node), f"a crash tears what {{{node}}} writes"
        case _:
            return world.BitRot(at_ns=0, for_ns=for_ns, node=node), f"{{{node}}}'s disk rots"


def _wrong(step_ns: int, drift_ppm: int) -> list[str]:
    """What is wrong with a clock."""
    told = [f"jumps {seconds(abs(step_ns))} {'ahead' if step_ns > 0 else 'back'}"] if step_ns else []
    if drift_ppm:
        told.append(f"{'gains' if drift_ppm > 0 else 'loses'} {share(abs(drift_ppm))}")
    return told
