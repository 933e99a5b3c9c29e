import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.claims import Adjudication, adjudication
from node.contracts.products import Benefit

INPATIENT = Benefit("inpatient", 0, 10_000_000, 0, 1_000_000, ("self-paid", "special-service"))
BILL = (("bed", 26_000), ("drug", 124_650), ("treatment", 160_640), ("self-paid", 9_610), ("special-service", 4_600))


def test_the_bill_of_the_source_pays_3112_90_of_3255():
    assert adjudication(INPATIENT, BILL, 10_000_000) == Adjudication(325_500, 14_210, 311_290)


def test_one_more_yuan_eligible_is_paid_and_one_more_excluded_is_not():
    assert adjudication(INPATIENT, (*BILL, ("drug", 100)), 10_000_000).payable_fen == 311_390
    assert adjudication(INPATIENT, (*BILL, ("self-paid", 100)), 10_000_000).payable_fen == 311_290


@pytest.mark.parametrize(
    ("deductible", "ratio", "left", "payable"),
    [
        (0, 1_000_000, 0, 0),
        (0, 1_000_000, -5, 0),
        (0, 1_000_000, 311_289, 311_289),
        (311_290, 1_000_000, 10**7, 0),
        (311_289, 1_000_000, 10**7, 1),
        (400_000, 1_000_000, 10**7, 0),
        (0, 500_000, 10**7, 155_645),
        (1_290, 800_000, 10**7, 248_000),
    ],
)
def test_deductible_ratio_and_what_is_left(deductible, ratio, left, payable):
    benefit = Benefit("inpatient", 0, 10_000_000, deductible, ratio, INPATIENT.excluded)
    assert adjudication(benefit, BILL, left).payable_fen == payable


@given(
    st.lists(st.tuples(st.sampled_from(["bed", "drug", "self-paid"]), st.integers(0, 10**7)), max_size=12),
    st.integers(0, 10**6),
    st.integers(0, 1_000_000),
    st.integers(-100, 10**7),
)
def test_nobody_is_paid_more_than_what_is_eligible_or_left(charges, deductible, ratio, left):
    benefit = Benefit("inpatient", 0, 0, deductible, ratio, ("self-paid",))
    result = adjudication(benefit, tuple(charges), left)
    assert result.total_fen == sum(amount for _, amount in charges)
    assert 0 <= result.payable_fen <= max(0, result.total_fen - result.excluded_fen)
    assert result.payable_fen <= max(0, left)
