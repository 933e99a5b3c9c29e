"""Masked sums against plain ones, what a share shows, and shares that do not belong together."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey

from node.privacy import masking
from node.privacy.masking import VALUE_MAX, Cell, Share, SumError, over_limit, publishable, share_of, sum_of

NAMES = ("alpha", "beta", "delta", "gamma")
SECRETS = {name: name.encode().ljust(32, b".") for name in NAMES}
KEYS = {name: bytes(PrivateKey(secret).public_key) for name, secret in SECRETS.items()}
CELL = st.builds(Cell, st.integers(0, 500), st.integers(0, VALUE_MAX))
CELLS = st.fixed_dictionaries({"flood": CELL, "quake": CELL})


def shares(values, parties=NAMES, session="s1"):
    keys = {name: KEYS[name] for name in parties}
    return [share_of(session, name, SECRETS[name], keys, values[name]) for name in parties]


def equal(amount=5, cell="flood"):
    return {name: {cell: Cell(1, amount)} for name in NAMES}


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, CELLS)), st.permutations(NAMES))
@settings(max_examples=40)
def test_the_sum_of_the_shares_is_the_sum_of_the_values(values, order):
    arrived = [msgspec.msgpack.decode(msgspec.msgpack.encode(s), type=Share) for s in shares(values, tuple(order))]
    expected = {
        cell: Cell(sum(v[cell].people for v in values.values()), sum(v[cell].amount for v in values.values()))
        for cell in ("flood", "quake")
    }
    assert sum_of("s1", NAMES, arrived) == expected


def test_a_share_alone_or_all_but_one_of_them_show_nothing_of_the_values():
    """The same noise hides either value: what differs between two runs is the value masked and nothing else."""
    small, large = shares(equal(0)), shares(equal(10**9))
    for one, other in zip(small, large, strict=True):
        assert (other.cells[0].amount - one.cells[0].amount) % masking.MODULUS == 10**9
        assert one.cells[0].amount > 2**40  # noise, not a small number
    partial = sum(share.cells[0].amount for share in small[:-1]) % masking.MODULUS
    assert partial > 2**40
    again = shares(equal(0), session="s2")
    assert all(one.cells[0] != other.cells[0] for one, other in zip(small, again, strict=True))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda made: made[:-1], r"missing: \['gamma'\]"),
        (lambda made: [*made[:-1], made[0]], "missing"),
        (lambda made: [*made, made[0]], "once each"),
        (lambda made: [*made[:-1], shares(equal(), session="s2")[-1]], "session 's2'"),
        (lambda made: [*made[:-1], shares(equal(cell="quake"))[-1]], "other cells"),
        (lambda made: [*made[:-1], msgspec.structs.replace(made[-1], check=7)], "do not cancel"),
        (lambda made: [shares(equal(), NAMES[:3])[0], *made[1:]], "do not cancel"),
    ],
)
def test_shares_that_do_not_belong_together_have_no_sum(spoil, reason):
    with pytest.raises(SumError, match=reason):
        sum_of("s1", NAMES, spoil(shares(equal())))


def test_after_a_dropout_the_query_is_repeated_without_it_in_a_session_of_its_own():
    rest = shares(equal(), NAMES[:3], session="s1/2")
    assert sum_of("s1/2", NAMES[:3], rest) == {"flood": Cell(3, 15)}


def test_values_cells_and_parties_are_bounded():
    for bad in ({}, {"flood": Cell(-1, 0)}, {"flood": Cell(0, VALUE_MAX + 1)}):
        with pytest.raises(ValueError, match=r"cells|cell 'flood'"):
            share_of("s1", "beta", SECRETS["beta"], KEYS, bad)
    with pytest.raises(ValueError, match="2 parties"):
        shares(equal(), NAMES[:2])
    with pytest.raises(ValueError, match="none of the parties"):
        share_of("s1", "omega", SECRETS["beta"], KEYS, equal()["beta"])
    with pytest.raises(ValueError, match="no X25519 key"):
        share_of("s1", "beta", SECRETS["beta"], KEYS | {"gamma": bytes(32)}, equal()["beta"])


def test_small_cells_are_held_back_and_never_one_alone():
    sums = {"a": Cell(50, 9), "b": Cell(3, 9), "c": Cell(20, 9), "d": Cell(0, 0)}
    assert list(publishable(sums, 10)) == ["a", "d"]  # b is small, and c would give it away
    assert list(publishable(sums | {"e": Cell(2, 1)}, 10)) == ["a", "c", "d"]
    assert publishable(sums, 1) == sums
    assert publishable({"b": Cell(3, 9)}, 10) == {}
    assert list(publishable({"a": Cell(0, 0), "b": Cell(3, 9), "c": Cell(0, 0)}, 10)) == ["c"], "else all but one"


def test_limits_are_told_without_the_amounts():
    sums = {"flood": Cell(9, 100), "quake": Cell(9, 101), "hail": Cell(9, 999)}
    assert over_limit(sums, {"flood": 100, "quake": 100}) == ("quake",)
