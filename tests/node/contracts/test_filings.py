"""Filings: a premium is adequate or refused, to the last part per million; and nobody is scored around a score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts import filings, products
from node.contracts.filings import FileArgs, ReviewArgs, loss_ratio_ppm
from node.contracts.products import BenefitArgs, ProductArgs, ScoringArgs, Settings
from tests.node.contracts.network import Network

BOUNDS = filings.Settings(floor_ppm=500_000, ceiling_ppm=900_000, heads_min=10)
MAIN = BenefitArgs("inpatient", 1_000, 5_000_000, 0, 1_000_000, ())
SCORING = ScoringArgs("v1", 1000, 1, 1, 900, 800, 700, 0, 1_000_000)


def product(**changes):
    return ProductArgs(
        **{"name": "care", "title": "t", "diseases": (), "scoring": None, "main": MAIN, "riders": ()} | changes
    )


def network(*sold):
    return Network(settings=(("filings", BOUNDS), ("products", Settings(products=sold or (product(),)))))


def filing(**changes):
    told = {"product": "care", "heads": 100, "paid_fen": 70_000, "premium_fen": 100_000, "low_ppm": 500_000}
    return FileArgs(**told | {"high_ppm": 900_000, "data": "0" * 64} | changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "ok"),
        ({"high_ppm": 900_001}, "premium_too_low"),
        ({"low_ppm": 499_999}, "premium_too_high"),
        ({"low_ppm": 700_000}, "ok"),
        ({"low_ppm": 700_001}, "ratio_outside_band"),
        ({"high_ppm": 699_999}, "ratio_outside_band"),
        ({"premium_fen": 100_001}, "not_the_premium"),
        ({"heads": 9, "premium_fen": 9_000, "paid_fen": 6_300}, "too_few_heads"),
        ({"heads": 10, "premium_fen": 10_000, "paid_fen": 7_000}, "ok"),
        ({"product": "other"}, "unknown_product"),
    ],
)
def test_at_the_bounds(changes, code):
    assert network().do("insurer-1", "filings.file", filing(**changes), cosigners=("bureau",)).code == code


def test_once_by_an_insurer_and_with_the_bureau():
    chain = network()
    assert chain.do("insurer-1", "filings.file", filing()).code == "signature_missing"
    assert chain.do("ann", "filings.file", filing(), cosigners=("bureau",)).code == "role_not_allowed"
    assert chain.do("insurer-1", "filings.file", filing(), cosigners=("bureau",)).code == "ok"
    assert chain.do("insurer-2", "filings.file", filing(), cosigners=("bureau",)).code == "filed_before"
    review = chain.do("bureau", "filings.review", ReviewArgs("care", 900_001, 1_000_000))
    assert review.output == {"loss_ratio_ppm": 900_001, "within": False}


@given(st.integers(0, 2**53 - 1), st.integers(1, 2**53 - 1))
def test_a_loss_ratio_is_the_quotient_rounded_down(paid, premium):
    ratio = loss_ratio_ppm(paid, premium)
    assert ratio * premium <= paid * 10**6 < (ratio + 1) * premium


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"age_from": 61, "age_to": 60}, "ages_out_of_order"),
        ({"main": BenefitArgs("a", 0, 1, 0, 0, (), ((18, 1), (18, 2)))}, "ages_out_of_order"),
        ({"main": BenefitArgs("a", 0, 1, 0, 0, (), ((18, 1),)), "age_from": 17}, "age_without_premium"),
        ({"main": BenefitArgs("a", 0, 1, 0, 0, (), ((0, 1),)), "scoring": SCORING}, "scored_and_by_age"),
        ({"scoring": ScoringArgs("v1", 1000, 1, 1, 800, 900, 700, 0, 0)}, "thresholds_out_of_order"),
    ],
)
def test_terms_that_contradict_each_other_begin_no_chain(changes, said):
    with pytest.raises(Exception, match=said):
        network(product(**changes))


AGES = st.integers(0, 130)


@given(st.lists(st.tuples(AGES, st.integers(0, 10**9)), unique_by=lambda pair: pair[0], max_size=8), AGES, AGES)
def test_every_age_has_one_band_and_its_premium_is_the_table_s(table, one, other):
    low, high = sorted((one, other))
    premiums = ((0, 7), *sorted(pair for pair in table if pair[0]))
    sold = products.Product("t", (), None, products.Benefit("a", 0, 1, 0, 0, (), premiums), (), low, high)
    for age in range(low, high + 1):
        band = products.band_of(sold, age)
        assert band in products.bands(sold)
        assert products.priced(sold.main, band).premium_fen == dict(premiums)[max(a for a, _ in premiums if a <= age)]
