"""The named timers of actors.

Timers are set again far more often than they fire, so a later deadline only moves ``Alarm.due``: the entry that is
already queued finds it on coming up and queues itself again. So there is one entry a name, not one a setting.
"""

from __future__ import annotations

from network.virtual.actors import Actor, Alarm
from network.virtual.queue import BAND_ORDINARY, BAND_OVERDUE, TIE_MASK, Queue, Tick, key_of


def set_timer(queue: Queue, now: int, actor: Actor, name: str, after_ns: int) -> None:
    """Have ``name`` fire once, ``after_ns`` from now, in place of any earlier setting; ValueError if negative."""
    if after_ns < 0:
        raise ValueError(f"timer {name!r} is set {-after_ns} ns into the past")
    alarm = actor.alarms.get(name)
    if alarm is None:
        alarm = actor.alarms[name] = Alarm()
    alarm.due = now + (after_ns if actor.clock is None else actor.clock.true_ns(after_ns))
    if alarm.at is None or alarm.at > alarm.due:
        _enqueue(queue, now, actor, name)


def cancel_timer(actor: Actor, name: str) -> None:
    """Forget ``name``; harmless when it is not set."""
    alarm = actor.alarms.get(name)
    if alarm is not None:
        alarm.due = None


def comes_up(queue: Queue, now: int, actor: Actor, tick: Tick) -> bool:
    """A queued entry comes up. Does its timer fire? It may have been moved, cancelled or lost meanwhile."""
    alarm = actor.alarms.get(tick.name)
    if alarm is None or tick.incarnation != actor.incarnation or tick.generation != alarm.generation:
        return False
    alarm.at = None
    if alarm.due is None or actor.paused:
        return False
    if alarm.due > now:
        _enqueue(queue, now, actor, tick.name)
        return False
    alarm.due = None
    return True


def enqueue_overdue(queue: Queue, now: int, actor: Actor) -> None:
    """``actor`` goes on after a pause: what came due fires after the messages that waited, in order of deadline."""
    overdue = [(alarm.due, name) for name, alarm in actor.alarms.items() if alarm.due is not None and alarm.at is None]
    for _, name in sorted(overdue):
        _enqueue(queue, now, actor, name)


def _enqueue(queue: Queue, now: int, actor: Actor, name: str) -> None:
    alarm = actor.alarms[name]
    assert alarm.due is not None, "only a timer that is set is queued"  # noqa: S101
    alarm.at = max(now, alarm.due)
    alarm.generation += 1
    band = BAND_OVERDUE if alarm.due < now else BAND_ORDINARY
    tie = actor.timer_draws.word() & TIE_MASK
    queue.push(key_of(alarm.at, band, tie, actor.index), Tick(actor.incarnation, name, alarm.generation))
