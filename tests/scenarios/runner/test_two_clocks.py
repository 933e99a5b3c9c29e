"""Both clocks of many claims: what is measured, how sure it is, what the verdict says, and what patients notice."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.context import Event
from scenarios.language.models.world import Arms, Stage
from scenarios.results import Metrics
from scenarios.results.arms import arms_json, quantile
from scenarios.runner.paid_claims import CHAIN, MANUAL, PaidClaim
from scenarios.runner.two_clocks import Notices, TwoClocks

SECOND = 10**9
MINUTE, DAY = 60 * SECOND, 86_400 * SECOND


def scenario(days=10):
    link = Stage.model_construct(low=days * DAY, likely=days * DAY, high=days * DAY)
    return SimpleNamespace(arms=Arms.model_construct(chain={}, manual={}, paper={"post": link}))


def claims(*minutes, arm=CHAIN, commits_ns=SECOND):
    return [
        PaidClaim(
            case=f"c{place}",
            arm=arm,
            business_ns=length * MINUTE - commits_ns,
            commits_ns=commits_ns,
            paid_ns=place,
            claim=f"hospital/{place}",
        )
        for place, length in enumerate(minutes)
    ]


def timed(*batches, days=10, notices=None):
    clocks, metrics = TwoClocks(scenario(days), 1, notices), Metrics()
    for batch in batches:
        clocks.take(batch, metrics)
    return clocks, metrics.summary()


def test_every_claim_is_measured_on_both_arms():
    _, found = timed(claims(3, 4, 5), claims(9_000, arm=MANUAL))
    assert (found["arms.chain"].count, found["arms.chain"].p50, found["arms.chain"].max) == (3, 4 * MINUTE, 5 * MINUTE)
    assert (found["arms.manual"].count, found["arms.paper"].count) == (1, 4)
    assert found["arms.paper"].p5 == found["arms.paper"].p95 == 10 * DAY


def test_claims_that_pass_one_by_one_come_to_the_same():
    whole, one_by_one = timed(claims(3, 4, 5)), timed(*([claim] for claim in claims(3, 4, 5)))
    assert arms_json(whole[0].arms) == arms_json(one_by_one[0].arms)
    assert whole[1] == one_by_one[1]


@pytest.mark.parametrize(
    ("minutes", "days", "verdict"),
    [
        ([8] * 100, 10, "pass"),
        ([8] * 95 + [9] * 5, 10, "pass"),
        ([8] * 94 + [9] * 6, 10, "fail"),
        ([3] * 100, 7, "pass"),
        ([3] * 100, 15, "pass"),
        ([3] * 100, 16, "fail"),
        ([3] * 100, 6, "fail"),
    ],
)
def test_the_verdict_holds_95_of_100_to_8_minutes_and_paper_to_7_to_15_days(minutes, days, verdict):
    clocks, _ = timed(claims(*minutes), days=days)
    assert [item.verdict for item in clocks.judged()] == [verdict]


def test_slow_commits_alone_can_fail_it():
    quick, slow = claims(*[5] * 20), claims(*[5] * 20)
    slow = [PaidClaim(**{**_fields(claim), "commits_ns": 4 * MINUTE}) for claim in slow]
    assert [timed(batch)[0].judged()[0].verdict for batch in (quick, slow)] == ["pass", "fail"]


def _fields(claim):
    return {name: getattr(claim, name) for name in PaidClaim.__struct_fields__}


def test_nothing_is_judged_where_nothing_was_paid():
    clocks, _ = timed()
    assert (clocks.arms, clocks.judged()) == (None, [])


def event(kind, to, claim):
    return Event("claims", kind, {"claim": claim, "to": to})


def test_what_patients_notice_is_counted_from_events_that_name_them():
    told = [
        event("reminder", "ann", "hospital/0"),
        event("claim_paid", "ann", "hospital/0"),
        event("reminder", "bob", "hospital/1"),
        event("documents_requested", "bob", "hospital/1"),
        event("claim_paid", "bob", "hospital/1"),
        event("claim_paid", "insurer", "hospital/0"),  # to none of them
        event("fields_read", "ann", "hospital/0"),  # nothing to do
        event("reminder", "ann", "hospital/7"),  # never paid
    ]
    notices = Notices(told, ["ann", "bob"])
    first, second = claims(3, 4)
    by_hand = PaidClaim(**{**_fields(second), "arm": MANUAL})
    clocks, found = timed([first, by_hand], notices=notices)
    counted = {name: found[f"arms.{name}"].count for name in ("noticed", "trips", "manual_noticed", "manual_trips")}
    assert counted == {"noticed": 2, "trips": 0, "manual_noticed": 3, "manual_trips": 1}
    arms = {arm.name: (arm.noticed, arm.trips) for arm in clocks.arms.arms}
    assert arms == {"chain": (2, 0), "manual": (3, 1), "paper": (None, None)}


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=300), st.sampled_from([5, 50, 95]))
def test_a_quantile_lies_within_its_interval(values, percent):
    ordered = sorted(values)
    found = quantile(ordered, percent)
    assert found.low_ns is None or found.low_ns <= found.ns
    assert found.high_ns is None or found.ns <= found.high_ns


def test_the_interval_of_the_median_of_a_hundred_is_the_40th_to_the_61st():
    """As tables of the binomial distribution have it: 40 and 61 of 100 leave 2 % and 2 % outside."""
    found = quantile(list(range(1, 101)), 50)
    assert (found.ns, found.low_ns, found.high_ns) == (50, 40, 61)


def test_too_few_claims_have_no_end_of_an_interval():
    found = quantile(list(range(1, 21)), 95)
    assert (found.ns, found.high_ns) == (19, None)
    assert found.low_ns is not None


def test_of_many_samples_19_of_20_intervals_hold_the_quantile_of_all():
    from random import Random  # noqa: PLC0415 - the one test that draws

    random, held = Random(5), 0
    for _ in range(400):
        found = quantile(sorted(random.randrange(10**6) for _ in range(200)), 95)
        held += found.low_ns <= 950_000 <= (found.high_ns if found.high_ns is not None else 10**6)
    assert 370 <= held <= 400


def test_the_file_reads_back():
    clocks, _ = timed(claims(3, 4, 5))
    found = json.loads(arms_json(clocks.arms))
    assert [arm["name"] for arm in found["arms"]] == ["chain", "paper"]
    assert len(found["arms"][0]["curve_ns"]) == 101
