"""Shrinking: what is left still breaks the same property, and nothing that could go is left."""

import msgspec

from consensus.vocabulary import SECOND
from network.virtual.faults import Crash, Cut, Pause
from scenarios.adversary import Broken, Liar, Played, draw_trial, shrink

BROKEN = Broken(property="p", fact_a="a", fact_b="b", at_ns=9 * SECOND)


def verdict(broken):
    return Played(broken=broken, counts={}, reached={})


def trial_with(*plan, **changes):
    trial = draw_trial("pbft", 1, nodes=7, liars=0)
    case = msgspec.structs.replace(trial.case, plan=plan)
    return msgspec.structs.replace(trial, case=case, ambush=False, **changes)


def needing(needed):
    """A world in which the property breaks iff ``needed(trial)``."""

    def replay(trial, **_):
        return verdict(BROKEN if needed(trial) else None)

    return replay


def test_only_what_matters_is_left():
    noise = [Pause(at_ns=n * SECOND // 4, for_ns=SECOND, node=n % 5) for n in range(28)]
    key = [Crash(at_ns=3 * SECOND, for_ns=2 * SECOND, node=1), Cut(at_ns=4 * SECOND, for_ns=SECOND, one=(0, 2, 3))]
    trial = trial_with(*noise[:9], key[0], *noise[9:20], key[1], *noise[20:])

    def breaks(candidate):
        kinds = {type(fault) for fault in candidate.case.plan if getattr(fault, "one", (2,)).count(2)}
        return {Crash, Cut} <= kinds and candidate.operations >= 3 and candidate.case.nodes >= 4

    small = shrink(trial, BROKEN, replay=needing(breaks))
    assert [type(fault) for fault in small.trial.case.plan] == [Crash, Cut]
    assert small.trial.case.plan[1].one == (2,)
    assert small.trial.case.plan[0].for_ns <= 1_000_000
    assert 3 <= small.trial.operations <= 5
    assert small.trial.case.nodes == 4
    assert small.tries < 300


def test_liars_go_one_behaviour_at_a_time():
    liars = (Liar(node=0, behaviours=("mute", "forge", "replay")), Liar(node=3, behaviours=("delay",)))
    trial = trial_with(liars=liars)
    small = shrink(trial, BROKEN, replay=needing(lambda t: any("forge" in liar.behaviours for liar in t.liars)))
    assert small.trial.liars == (Liar(node=0, behaviours=("forge",)),)


def test_another_property_does_not_count():
    trial = trial_with(Crash(at_ns=1, node=0))
    other = msgspec.structs.replace(BROKEN, property="q")
    small = shrink(trial, BROKEN, replay=lambda *_, **__: verdict(other))
    assert small.trial == trial


def test_no_more_is_tried_than_the_budget_allows():
    trial = trial_with(*(Pause(at_ns=n, for_ns=SECOND, node=0) for n in range(30)))
    assert shrink(trial, BROKEN, replay=needing(lambda t: len(t.case.plan) > 29), budget_s=0).tries == 0
