"""Every bug of the bank can be planted, is gone afterwards, and is caught."""

import pytest

from scenarios.adversary.bank import caught
from scenarios.adversary.bugs import Planter, bug_names, bugs, planted

QUICK = [name for name, bug in bugs().items() if bug.quick]


@pytest.mark.parametrize("name", bug_names())
def test_it_fits_the_program_as_it_is_and_leaves_no_trace(name):
    taken = []

    class Recorder(Planter):
        def replace(self, target, wrap):
            super().replace(target, wrap)
            taken.append(target)

        def replace_item(self, target, key, wrap):
            super().replace_item(target, key, wrap)
            taken.append(target)

    recorder = Recorder()
    bugs()[name].plant(recorder)
    recorder.undo()
    assert taken
    assert bugs()[name].summary
    assert bugs()[name].source


@pytest.mark.parametrize("name", QUICK)
def test_it_is_caught(name):
    search = caught(name, seed=0, budget_s=20)
    assert search.broken is not None, f"{name} was not caught in {search.runs} trials"


def test_what_is_planted_is_taken_out_again_whatever_happens():
    from consensus.raft.log import Log  # noqa: PLC0415

    real = Log.is_up_to_date
    with pytest.raises(ZeroDivisionError), planted("raft-vote-ignores-logs"):
        _ = 1 // (Log.is_up_to_date is real)
    assert Log.is_up_to_date is real


def test_an_unknown_bug_and_an_unknown_target_are_told():
    with pytest.raises(KeyError, match="raft-vote-ignores-logs"), planted("typo"):
        pass
    with pytest.raises(LookupError, match=r"no consensus\.raft\.log:Log\.typo"):
        Planter().replace("consensus.raft.log:Log.typo", lambda real: real)
