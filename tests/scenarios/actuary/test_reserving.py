"""Chain-ladder and Mack: golden numbers, the package against the chain's whole numbers, and triangles from runs."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.reserving import factors, ibnr, standard_error, ultimates
from scenarios.actuary import ActuaryError, Movement, movements_of, triangle_of
from scenarios.actuary.chainladder import estimate
from scenarios.actuary.triangles import DAY_MS

RAA = (
    (5012, 8269, 10907, 11805, 13539, 16181, 18009, 18608, 18662, 18834),
    (106, 4285, 5396, 10666, 13782, 15599, 15496, 16169, 16704),
    (3410, 8992, 13873, 16141, 18735, 22214, 22863, 23466),
    (5655, 11555, 15766, 21266, 23425, 26083, 27067),
    (1092, 9565, 15836, 22169, 25955, 26180),
    (1513, 6445, 11702, 12935, 15852),
    (557, 4020, 10946, 12314),
    (1351, 6947, 13112),
    (3133, 5395),
    (2063,),
)
"""Automatic facultative general liability of the Reinsurance Association of America, as in Mack 1994."""


def test_the_published_triangle_has_its_golden_numbers():
    found = estimate(RAA, "log-linear")
    assert round(found.total.ultimate, 3) == 213_122.228
    assert round(found.total.ibnr, 3) == 52_135.228
    assert round(found.total.standard_error, 2) == 26_880.74
    assert round(found.factors[0], 4) == 2.9994
    assert len(found.factors) == 9


def test_the_chain_s_whole_numbers_are_the_package_s():
    """Row by row to the nearest unit; the error is Mack's own, with his choice for the last variance."""
    found = estimate(RAA, "mack")
    assert ultimates(RAA) == tuple(round(row.ultimate) for row in found.rows)
    assert standard_error(RAA) == int(found.total.standard_error) == 26_909


triangles = st.integers(3, 9).flatmap(
    lambda size: st.tuples(
        *(st.lists(st.integers(1, 10**9), min_size=size - row, max_size=size - row) for row in range(size))
    )
)


@given(triangles)
@settings(max_examples=8, deadline=None)
def test_of_any_triangle_chain_and_package_say_the_same(increments):
    rows = tuple(tuple(sum(row[: place + 1]) for place in range(len(row))) for row in increments)
    found = estimate(rows)
    assert ultimates(rows) == pytest.approx([row.ultimate for row in found.rows], rel=1e-9, abs=1)
    assert standard_error(rows) == pytest.approx(found.total.standard_error, rel=1e-6, abs=1.5)


@given(triangles, st.integers(2, 1000))
@settings(max_examples=30)
def test_twice_the_money_is_twice_the_estimate(increments, times):
    rows = tuple(tuple(sum(row[: place + 1]) for place in range(len(row))) for row in increments)
    larger = tuple(tuple(fen * times for fen in row) for row in rows)
    assert factors(larger) == factors(rows)
    assert ultimates(larger) == pytest.approx([fen * times for fen in ultimates(rows)], abs=times)
    assert standard_error(larger) == pytest.approx(standard_error(rows) * times, abs=times + 1)


def test_without_development_nothing_is_to_come():
    rows = ((7, 7, 7), (5, 5), (9,))
    assert (ultimates(rows), standard_error(rows), factors(rows)) == ((7, 5, 9), 0, (Fraction(1), Fraction(1)))


def test_a_triangle_knows_what_was_known_and_no_more():
    """Three periods of two, one and one units; the last is known after the valuation."""
    moved = [Movement(0, 5, 100), Movement(3, 15, 40), Movement(12, 19, 7), Movement(13, 25, 1_000)]
    assert triangle_of(moved, 10, 0, 20).rows == ((100, 140), (7,))
    assert triangle_of(moved, 10, 0).rows == ((100, 140, 140), (7, 1_007), (0,))
    assert triangle_of(moved, 10, 0, 20).known_fen == 147
    cells = ((100, 40, 0), (7, 1_000, 0), (0, 0, 0))
    assert ibnr(cells, 2) == round(147 + 7 * Fraction(40, 100)) - 147


def test_a_loss_that_is_known_before_it_occurs_is_no_triangle_s():
    with pytest.raises(ActuaryError, match="before it occurred"):
        triangle_of([Movement(10, 5, 1)], 10, 0)
    with pytest.raises(ActuaryError, match="a triangle has 1 to 200"):
        triangle_of([Movement(0, DAY_MS * 1000, 1)], DAY_MS, 0)
    with pytest.raises(ActuaryError, match="three at least"):
        estimate(((1, 2), (3,)))


def test_a_table_is_read_and_its_mistakes_are_named(tmp_path):
    table = tmp_path / "losses.csv"
    table.write_text("occurred,known,fen\n2023-01-01,2023-02-01,500\n")
    assert movements_of(table) == [Movement(19358 * DAY_MS, 19389 * DAY_MS, 500)]
    for text, told in (
        ("when,known,fen\n", "losses.csv:1: the columns"),
        ("occurred,known,fen\n2023-01-01,soon,5\n", "losses.csv:2"),
        ("occurred,known,fen\n2023-01-01,2023-02-01\n", "losses.csv:2"),
        ("occurred,known,fen\n", "no losses"),
    ):
        table.write_text(text)
        with pytest.raises(ActuaryError, match=told):
            movements_of(table)
    with pytest.raises(ActuaryError, match="give a run's folder"):
        movements_of(tmp_path / "nowhere")


def test_claims_of_a_run_are_read_from_notice_to_payment(tmp_path):
    folder = tmp_path / "run"
    (folder / "state").mkdir(parents=True)
    state = folder / "state" / "business.jsonl"
    paid = '["claims","hospital/1",{"paid_fen":500,"paid_ms":%d,"reported_ms":%d}]' % (40 * DAY_MS, DAY_MS)  # noqa: UP031
    unpaid = '["claims","hospital/2",{"paid_fen":0,"paid_ms":0,"reported_ms":5}]'
    state.write_text(f'["accounts","a",7]\n{paid}\n{unpaid}\n')
    assert movements_of(folder) == [Movement(DAY_MS, 40 * DAY_MS, 500)]
    for line in ("rubbish", '["claims","hospital/3",{"paid_fen":5}]', '["ceded_losses","x",7]'):
        state.write_text(f"{paid}\n{line}\n")
        with pytest.raises(ActuaryError, match=r"business\.jsonl:2: not an entry"):
            movements_of(folder)
