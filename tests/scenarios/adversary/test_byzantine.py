"""Liars: up to f of them change nothing that is asked for, and beyond f they can be told by what they signed."""

import msgspec
import pytest

from consensus.chain import Certificate
from consensus.properties import Violation
from consensus.protocols import protocol
from consensus.vocabulary import SECOND, Broadcast, Commit, Reply, Send, Trace
from network.virtual.bare.messages import Done, Request
from network.virtual.draws import Stream
from network.virtual.faults import Crash, Cut
from scenarios.adversary import Liar, draw_trial, play
from scenarios.adversary.byzantine import BEHAVIOURS, Accountability, LyingNode, Voice
from tests.properties.blocks import chain

DELAYED = Trace("byzantine.delay", ())


class Quiet:
    """A crypto whose signatures say nothing."""

    def sign(self, data):
        return data[:1] * 64


def voice(hold_ns=0):
    return Voice(0, (0, 1, 2, 3), Quiet(), Stream("voice"), hold_ns)


class Parrot:
    """A machine that says whatever it hears to everybody."""

    def start(self, _now):
        return []

    def receive(self, _now, _sender, message):
        return [Broadcast(message)]

    def timer(self, _now, _name):
        return []


def liar(*names, hold_ns=0):
    return LyingNode(Parrot(), voice(hold_ns), tuple(BEHAVIOURS[name] for name in names))


OCCASIONS = {
    "bad-proofs": (Crash(at_ns=SECOND // 5, for_ns=3 * SECOND, node=0),),
    "lying-transfer": (Cut(at_ns=SECOND // 5, for_ns=SECOND, one=(3,)),),
}
"""Where no view ends and nobody falls behind, there is nothing to lie about."""


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_one_liar_of_each_kind_breaks_nothing(name):
    trial = draw_trial("pbft", 11, nodes=4, liars=0, network="cores", operations=30)
    case = msgspec.structs.replace(trial.case, plan=OCCASIONS.get(name, ()))
    node = 1 if name == "bad-proofs" else 0
    trial = msgspec.structs.replace(trial, case=case, liars=(Liar(node=node, behaviours=(name,)),), ambush=False)
    played = play(trial)
    assert played.broken is None
    assert played.counts[f"told byzantine.{name}"] > 0, "it lies in fact"


def test_as_many_liars_are_drawn_as_are_tolerated_and_the_dead_leave_a_quorum():
    drawn = set()
    for seed in range(150):
        trial = draw_trial("pbft", seed)
        voters = len(trial.case.voters)
        entry = protocol("pbft")
        assert len(trial.liars) <= entry.faults(voters)
        dead = {f.node for f in trial.case.plan if isinstance(f, Crash) and f.for_ns is None}
        if trial.liars:
            assert voters - len(dead | trial.lying) >= entry.quorum(voters)
        drawn.update(name for liar in trial.liars for name in liar.behaviours)
    assert drawn == set(BEHAVIOURS)
    assert not draw_trial("raft", 1, liars=2).liars


def test_beyond_f_only_accountability_is_asked():
    trial = draw_trial("pbft", 4, nodes=4, liars=2, network="cores", operations=20)
    assert not trial.tolerated
    assert play(trial).broken is None


def test_half_of_the_others_hear_something_else_from_an_equivocator():
    from consensus.pbft.messages import Prepare  # noqa: PLC0415

    vote = Prepare(0, 1, bytes(32), 0, bytes(64))
    _, *told = liar("equivocate").receive(0, 1, vote)
    assert sorted(node for effect in told for node in effect.to) == [1, 2, 3]
    assert len({effect.message.hash for effect in told}) == 2


def test_the_mute_speak_to_some_and_the_censor_does_not_hear():
    _, told = liar("mute").receive(0, 1, Request(1))
    assert 0 < len(told.to) < 3
    censor = liar("censor")
    assert censor.receive(0, 9, Request(3)) == [Trace("byzantine.censor", ())]
    assert censor.receive(0, 9, Request(4)) == [Broadcast(Request(4))]


def test_the_slow_say_it_all_just_under_the_timeout_later():
    slow = liar("delay", hold_ns=100)
    told, timer = slow.receive(0, 1, Request(1))
    assert (told, timer.after_ns) == (DELAYED, 100)
    assert slow.receive(60, 1, Request(2)) == [DELAYED]
    first, again = slow.timer(100, timer.name)
    assert (first.message, again.after_ns) == (Request(1), 60)
    assert slow.timer(160, timer.name) == [Broadcast(Request(2))]


def test_a_lying_reply_names_another_height():
    speaks = BEHAVIOURS["lying-reply"].speaks
    (told,) = speaks(voice(), Reply("client", Done(1, 5, bytes(32))))
    assert told.message.height == 6
    assert speaks(voice(), Send(1, Request(1))) == [Send(1, Request(1))]


def proof(signers, decided):
    return Certificate(0, decided.height, decided.hash, tuple((node, bytes(64)) for node in signers))


@pytest.mark.parametrize(("liars", "innocent"), [({1, 2}, False), ({2}, True)])
def test_two_certificates_for_one_height_convict_those_who_signed_both(liars, innocent):
    one, other = chain(1)[0], chain(1, mark="other")[0]
    oracle = Accountability(frozenset(liars))
    oracle.on_commit(1, 0, 1, Commit(1, one, proof((0, 1, 2), one)))
    if innocent:
        with pytest.raises(Violation, match="accountability"):
            oracle.on_commit(2, 3, 1, Commit(1, other, proof((1, 2, 3), other)))
    else:
        oracle.on_commit(2, 3, 1, Commit(1, other, proof((1, 2, 3), other)))
        assert oracle.disagreements == 1
