"""Fairness tables: held to the ledger, and to what scores leave open."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import fairness
from node.contracts.context import BlockState
from node.contracts.fairness import DECISIONS, Band, BandArgs, PublishArgs, decided_in, narrowed, totals
from node.contracts.products import AGE_MAX, AGE_MIN, HISTORY_MAX, Benefit, Product, Scoring, score
from node.contracts.reasons import REASONS, applicants_with, decide, reason_of
from node.contracts.underwriting import Application
from tests.node.contracts.network import Network

SCORING = Scoring("v1", 1000, 1, 30, 960, 930, 900, 250_000, 600_000)
PRODUCT = Product("t", (), SCORING, Benefit("hepatitis", 1, 1, 0, 1_000_000, ()), ())
DAY = 86_400_000
EVERYBODY = tuple(itertools.product(range(AGE_MIN, AGE_MAX + 1), range(HISTORY_MAX + 1)))


def application(age, history, attempt=1, at=DAY, product="p"):
    points = score(SCORING, age, history)
    decision = decide(SCORING, points, attempt)
    return Application(
        state="APPLIED",
        applicant="ann",
        subject="00" * 32,
        insurer="insurer-1",
        product=product,
        riders=(),
        attempt=attempt,
        sum_ppm=1_000_000,
        loading_ppm=0,
        score=points,
        decision=decision,
        rule_version="v1",
        authorisation="",
        inputs=(),
        reason=reason_of(SCORING, points, attempt),
        decided_ms=at,
    )


def table(people, firsts=(18, 45), attempt=1):
    bands = []
    for first, following in itertools.pairwise((*firsts, AGE_MAX + 1)):
        inside = [one for one in people if first <= one[0] < following]
        told = [application(*one, attempt).decision for one in inside]
        bands.append(BandArgs(first, following - 1, tuple(told.count(decision) for decision in DECISIONS)))
    return tuple(bands)


def publish(people, *, bands=None, cell_min=2, until=2 * DAY, at=3 * DAY, others=(), network=None):
    if network is None:
        network = Network(settings=[("fairness", fairness.Settings(cell_min))])
        state = BlockState(network.tree)
        state.changes["products", "p"] = PRODUCT
        told = [application(*one) for one in people]
        for number, one in enumerate([*told, *others]):
            state.changes["applications", f"ann/{number + 1}"] = one
        network.tree = network.tree.update(state.changes)
    args = PublishArgs("p", "v1", 0, until, table(people) if bands is None else bands)
    return network, network.do("bureau", "fairness.publish", args, at=at)


BOTH = ((58, 0), (57, 0), (28, 1), (27, 1))  # 960, 961 in either band


def test_a_table_that_the_ledger_bears_out_is_published_with_its_reasons():
    network, outcome = publish(BOTH)
    assert outcome.code == "ok", outcome.detail
    assert outcome.output == {"accept": 4, "counter": 0, "decided": 4, "decline": 0, "load": 0}
    kept = network.tree.get("fairness", f"p/v1/{2 * DAY}")
    assert dict(kept.reasons) == {reason: 4 * (reason == "meets_threshold") for reason in REASONS}
    assert [event.kind for event in outcome.events] == ["fairness_published"]


def test_only_decisions_of_that_product_rule_and_time_count():
    others = (application(58, 0, product="q"), application(58, 0, at=2 * DAY))
    assert publish(BOTH, others=others)[1].code == "ok"
    assert publish(BOTH, others=[application(58, 0, at=2 * DAY - 1)])[1].code == "does_not_add_up"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bands": table(BOTH, (18, 28, 45))}, "cell_too_small"),
        ({"bands": table(BOTH[:2])}, "does_not_add_up"),
        ({"bands": table(BOTH, (19, 45))}, "bands_out_of_order"),
        ({"bands": table(BOTH)[:1]}, "bands_out_of_order"),
        ({"bands": table(BOTH)[::-1]}, "bands_out_of_order"),
        ({"at": 2 * DAY - 1}, "period_not_over"),
        ({"until": 0}, "period_not_over"),
        ({"people": BOTH[:2]}, "history_narrowed"),
        ({"people": BOTH, "bands": table(BOTH, (18,))}, "ok"),
    ],
)
def test_every_rule_has_its_code(changes, code):
    assert publish(**{"people": BOTH, **changes})[1].code == code


def test_nothing_is_counted_in_two_tables():
    network, first = publish(BOTH)
    assert first.code == "ok"
    assert publish((), network=network, until=DAY)[1].code == "period_counted_already"
    assert publish((), network=network, bands=table(()), until=2 * DAY + 1)[1].code == "period_counted_already"


@settings(max_examples=40)
@given(st.lists(st.sampled_from(EVERYBODY), min_size=1, max_size=12), st.sets(st.integers(19, 65), max_size=3))
def test_a_table_that_narrows_nothing_leaves_everybody_who_scored_so_possible(people, cuts):
    """Worked out the other way: whom could each application be of, before and after the table is seen?"""
    bands = [Band(band.first, band.last, band.counts) for band in table(people, (18, *sorted(cuts)))]
    decided = [application(*one) for one in people]
    assert totals(decided) == tuple(map(sum, zip(*(band.counts for band in bands), strict=True)))
    loses = False
    for one in decided:
        column = DECISIONS.index(one.decision)
        before = {history for age, history in EVERYBODY if score(SCORING, age, history) == one.score}
        after = {
            history
            for age, history in EVERYBODY
            if score(SCORING, age, history) == one.score
            and next(band for band in bands if band.first <= age <= band.last).counts[column]
        }
        loses |= before != after
    assert narrowed(SCORING, decided, bands) == loses


def test_one_band_for_all_never_narrows_anything():
    decided = [application(*one) for one in EVERYBODY]
    assert not narrowed(SCORING, decided, [Band(AGE_MIN, AGE_MAX, totals(decided))])
    assert len(decided_in([("k", one) for one in decided], "p", "v1", DAY, DAY + 1)) == len(EVERYBODY)
    assert {len(applicants_with(SCORING, one.score)) for one in decided} >= {1, 2}
