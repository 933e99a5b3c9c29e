"""Versions of rules: registered once, switched by a council, never in the past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts import versions
from node.contracts.claims import PAYABLE
from node.contracts.products import Benefit
from node.contracts.versions import Versioned, in_force
from tests.node.contracts.network import Network


def test_a_version_is_registered_once_and_never_replaced():
    with pytest.raises(ValueError, match="there is a rule claims-payable already"):
        Versioned("claims-payable")
    with pytest.raises(ValueError, match="has a version v1 already"):
        PAYABLE.version("v1")(lambda *_: 0)
    with pytest.raises(KeyError):
        PAYABLE["v9"]


def test_a_council_that_could_never_decide_is_refused_at_the_beginning():
    with pytest.raises(Exception, match="council_too_small"):
        Network(settings=[("versions", versions.Settings(("bureau", "bureau"), 2))])


def test_without_a_council_nothing_is_switched():
    args = versions.SwitchArgs("claims-payable", "v2", 10**12)
    assert Network().do("insurer-1", "versions.switch", args, cosigners=("bureau",)).code == "council_short"


@given(st.lists(st.tuples(st.integers(1, 100), st.sampled_from(["v1", "v2"])), max_size=5), st.integers(0, 120))
def test_a_later_switch_never_changes_what_was_in_force_before_it(switches, at):
    ordered = tuple(sorted(dict(switches).items()))
    for known in range(len(ordered)):
        if at < ordered[known][0]:
            assert in_force("v0", ordered, at) == in_force("v0", ordered[:known], at)
    assert in_force("v0", (), at) == "v0"


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 1_000_000))
def test_no_version_pays_more_than_the_bill_and_the_second_no_less_than_the_first(total, part, deductible, ratio):
    benefit = Benefit("inpatient", 0, 0, deductible, ratio, ())
    excluded = min(part, total)
    first, second = (PAYABLE[version](benefit, total, excluded) for version in ("v1", "v2"))
    assert 0 <= first <= second <= total
