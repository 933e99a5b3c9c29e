import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.money import allocate, format_fen, parse_fen, share


@pytest.mark.parametrize(
    ("text", "fen"),
    [("3112.90", 311290), ("3,112.9", 311290), ("100_000", 10_000_000), ("0.01", 1), ("-0.05", -5), (" 7 ", 700)],
)
def test_amounts_are_read_exactly(text, fen):
    assert parse_fen(text) == fen


@pytest.mark.parametrize("text", ["", "1.234", "1e3", "1,23", "٣", "--1", "0x10", "1.", "90071992547409920"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="amount"):
        parse_fen(text)


@given(st.integers(-(2**52), 2**52))
def test_formatting_and_parsing_are_inverse(fen):
    assert parse_fen(format_fen(fen)) == fen


def test_largest_remainder_golden_g17():
    assert allocate(311_290, (333_333, 333_333, 333_334)) == (103_763, 103_763, 103_764)


def test_ties_go_to_the_earlier():
    assert allocate(1, (1, 1)) == (1, 0)
    assert allocate(2, (1, 1, 1)) == (1, 1, 0)


@given(
    st.integers(0, 2**53),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any),
)
def test_parts_add_up_and_none_is_a_fen_off(total, weights):
    parts = allocate(total, weights)
    whole = sum(weights)
    assert sum(parts) == total
    assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize(("total", "weights"), [(-1, (1,)), (1, ()), (1, (0, 0)), (1, (2, -1))])
def test_a_split_of_nothing_is_refused(total, weights):
    with pytest.raises(ValueError, match="split"):
        allocate(total, weights)


def test_shares_round_to_the_nearest_fen_halves_up():
    assert share(311_290, 400_000) == 124_516
    assert [share(amount, 500_000) for amount in (1, 2, 3)] == [1, 1, 2]
    assert share(100, 0) == 0
    assert share(100, 1_000_000) == 100
