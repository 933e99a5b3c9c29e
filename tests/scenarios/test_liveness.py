"""What is said of a network after faults: how soon it decides again, how soon everybody holds every block."""

import pytest

from scenarios.language.models.faults import Fault
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.faults import FaultScript, over_ns
from scenarios.runner.liveness import calm_ns, converged, recovered
from scenarios.runner.record import Decision, FaultDone, RunRecord
from scenarios.runner.workload import Step

SECOND = 10**9
NAMES = ("a", "b", "c")


def recorded(*decisions, **fields):
    """Decisions as (seconds, node, height); a fault from 10 s to 20 s, and the run's end at 60 s."""
    known = {"faults": [FaultDone(10 * SECOND, "a cut", 20 * SECOND)], "ended_ns": 60 * SECOND, **fields}
    return RunRecord(decisions=[Decision(int(at * SECOND), node, height) for at, node, height in decisions], **known)


def everywhere(at, height):
    return [(at, node, height) for node in range(3)]


def acknowledged(at):
    step = Step(at_ns=0, client="x", number=0, id="x.0", raw=b"", transaction_id=bytes(32))
    return Acknowledged(
        step=step, position=0, code="ok", output=None, height=1, receipt="", called_ns=0, returned_ns=at * SECOND
    )


def test_the_calm_begins_when_the_last_fault_is_over():
    assert calm_ns(RunRecord()) == 0
    faults = [FaultDone(10, "long", 40), FaultDone(20, "short", 30), FaultDone(35, "for ever")]
    assert calm_ns(RunRecord(faults=faults)) == 40
    assert calm_ns(RunRecord(faults=[*faults, FaultDone(50, "is back")])) == 50


@pytest.mark.parametrize(
    ("fault", "over"),
    [
        ({"crash": "a"}, None),
        ({"crash": "a", "restart_after": "2 s"}, 7 * SECOND),
        ({"cut": ("a",), "for": "10 s"}, 15 * SECOND),
        ({"loss": "5%"}, None),
        ({"restart": "a"}, 5 * SECOND),
    ],
)
def test_a_fault_says_when_it_is_over(fault, over):
    assert over_ns(Fault.model_validate({"at": "5 s", **fault}), 5 * SECOND) == over


def test_a_block_soon_after_the_fault_is_recovery():
    record = recorded(*everywhere(5, 1), *everywhere(22, 2))
    assert recovered(record, 3 * SECOND, steps=9).verdict == "pass"
    late = recovered(record, SECOND, steps=9)
    assert (late.verdict, late.detail) == (
        "fail",
        "no block was decided within 1 s of the last fault; the first one came after 2 s",
    )


def test_a_block_before_the_fault_ends_is_none():
    assert recovered(recorded((15, 0, 2)), 30 * SECOND, steps=9).verdict == "fail"


def test_a_run_with_nothing_left_to_decide_has_recovered():
    record = recorded(*everywhere(5, 1), acknowledged=[acknowledged(6)])
    assert recovered(record, SECOND, steps=1).verdict == "pass"
    assert recovered(record, SECOND, steps=2).verdict == "fail"


def test_a_run_that_ends_too_early_tells_nothing():
    record = recorded(*everywhere(5, 1), ended_ns=21 * SECOND)
    assert recovered(record, 3 * SECOND, steps=9).verdict == "inconclusive"
    missing = recorded((5, 0, 1), (5, 1, 1), ended_ns=21 * SECOND)
    assert converged(missing, 3 * SECOND, names=NAMES).verdict == "inconclusive"
    assert converged(missing, SECOND, names=NAMES).verdict == "fail"


def test_faults_that_never_began_leave_both_open():
    record = recorded(*everywhere(5, 1), faults_waiting=1)
    assert recovered(record, SECOND, steps=9).verdict == "inconclusive"
    assert converged(record, SECOND, names=NAMES).verdict == "inconclusive"
    script = FaultScript([Fault.model_validate({"after_commits": 99, "crash": "a"})])
    assert script.due(10**12, 98) == []
    assert script.waiting == 1


def test_blocks_of_the_fault_are_due_after_its_end_and_later_ones_after_their_decision():
    record = recorded((12, 0, 1), (13, 1, 1), (24, 2, 1), *everywhere(30, 2))
    found = converged(record, 5 * SECOND, names=NAMES)
    assert (found.verdict, found.detail) == ("pass", "every block at every node that is up, 4 s late at most")
    assert converged(record, 3 * SECOND, names=NAMES).detail == "c held block 1 after 4 s, not within 3 s"
    later = recorded(*everywhere(12, 1), (30, 0, 2), (30, 1, 2), (36, 2, 2))
    assert converged(later, 5 * SECOND, names=NAMES).detail == "c held block 2 after 6 s, not within 5 s"


def test_a_node_that_never_holds_a_block_fails_unless_it_is_down():
    record = recorded((12, 0, 1), (12, 1, 1))
    assert converged(record, 5 * SECOND, names=NAMES).detail == "c held block 1 never, not within 5 s"
    record.down = [2]
    assert converged(record, 5 * SECOND, names=NAMES).verdict == "pass"


def test_what_a_killed_node_did_not_tell_shows_when_it_is_back():
    told = [*everywhere(5, 1), (6, 0, 2), (6, 1, 2), (30, 0, 3), (30, 1, 3)]
    assert converged(recorded(*told), SECOND, names=NAMES).verdict == "fail"
    back = recorded(*told, (30, 2, 3), resumed=[Decision(20 * SECOND, 2, 2)])
    assert converged(back, SECOND, names=NAMES).verdict == "pass"


def test_a_block_that_a_crash_undid_counts_from_when_it_was_decided_again():
    record = recorded(*everywhere(5, 1), (29, 2, 1))
    assert converged(record, 5 * SECOND, names=NAMES).detail == "c held block 1 after 9 s, not within 5 s"
