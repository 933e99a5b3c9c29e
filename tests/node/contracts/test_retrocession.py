"""Retrocession on the chain: books balance whatever a loss passes through, and only covers in force answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts
from node.contracts.accounts import total_of_all_accounts
from node.contracts.reinsurance import Layer
from node.contracts.retrocession import COVERS_MAX, CedeArgs, SettleArgs, Settled
from tests.node.contracts import network
from tests.node.contracts.network import Network

WHOLE = 1_000_000
NAMES = ("reinsurer", "re-2", "re-3")
CASH = 10**9


@pytest.fixture(autouse=True, scope="module")
def with_reinsurers():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "ROLES", {**network.ROLES, "re-2": "reinsurer", "re-3": "reinsurer"})
        yield


def market():
    openings = tuple(accounts.Opening(name, CASH) for name in ("insurer-1", *NAMES))
    return Network(settings=[("accounts", accounts.Settings(openings))])


def cede(net, cedent, taker, share, layer=None, *, starts=10, ends=100):
    args = CedeArgs("c", taker, share, layer, 0, starts, ends)
    return net.do(cedent, "retrocession.cede", args, cosigners=(taker,)).code


def settle(net, who, direct, *, loss="quake", happened=10, at=100, cosigners=None):
    args = SettleArgs("c", loss, happened, tuple(direct), tuple(direct.values()))
    signed = {*direct, *(NAMES if cosigners is None else cosigners)} - {who}
    return net.do(who, "retrocession.settle", args, at=at, cosigners=tuple(signed))


def cash(net, name):
    return net.tree.get("accounts", f"{name}/cash").balance_fen - CASH


layers = st.builds(Layer, limit=st.integers(0, 500), attachment=st.integers(20, 100))
covers = st.lists(
    st.tuples(st.permutations(NAMES), st.integers(1, WHOLE), layers),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=30)
@given(covers, st.integers(0, 1_000), st.integers(0, 1_000))
def test_cash_moves_by_what_is_recovered_less_what_is_paid(asked, one, other):
    net = market()
    for (cedent, taker, _), share, layer in asked:
        assert cede(net, cedent, taker, share, layer) in ("ok", "over_ceded")
    parties = {name for (cedent, taker, _), *_ in asked for name in (cedent, taker)}
    first, second = sorted(parties)[:2]
    outcome = settle(net, first, {first: one, second: other})
    assert outcome.code in ("ok", "spiral_unbounded")
    if outcome.code != "ok":
        return
    settled = net.tree.get(Settled.namespace, "c|quake")
    assert sum(fen for _, fen in settled.net) == one + other
    direct = {first: one, second: other}
    assert {name: cash(net, name) for name, _ in settled.net} == {
        name: direct.get(name, 0) - fen for name, fen in settled.net
    }
    assert total_of_all_accounts(net.tree) == 0


@pytest.mark.parametrize(("happened", "recovered"), [(9, 0), (10, 40), (99, 40), (100, 0)])
def test_a_cover_answers_what_happens_within_its_term(happened, recovered):
    net = market()
    assert cede(net, "insurer-1", "reinsurer", 400_000) == "ok"
    assert settle(net, "insurer-1", {"insurer-1": 100}, happened=happened).code == "ok"
    assert cash(net, "insurer-1") == recovered == -cash(net, "reinsurer")


def test_covers_of_other_times_may_overlap_in_amount():
    net = market()
    assert cede(net, "insurer-1", "reinsurer", WHOLE, starts=10, ends=100) == "ok"
    assert cede(net, "insurer-1", "re-2", WHOLE, starts=100, ends=200) == "ok"
    assert cede(net, "insurer-1", "re-3", 1, starts=99, ends=101) == "over_ceded"
    assert cede(net, "insurer-1", "re-3", 1, starts=100, ends=100) == "period_empty"
    assert cede(net, "insurer-1", "broker", 1, starts=200, ends=201) == "wrong_role"


def test_a_circle_has_room_for_so_many_covers():
    net = market()
    for number in range(COVERS_MAX):
        assert cede(net, "insurer-1", "reinsurer", WHOLE, Layer(1, number)) == "ok"
    assert cede(net, "insurer-1", "reinsurer", WHOLE, Layer(1, COVERS_MAX)) == "circle_full"


def test_a_taker_without_the_money_stops_the_whole_loss():
    net = market()
    assert cede(net, "insurer-1", "reinsurer", WHOLE) == "ok"
    assert settle(net, "insurer-1", {"insurer-1": CASH + 1}).code == "insufficient_funds"
    assert net.tree.get(Settled.namespace, "c|quake") is None
    assert cash(net, "insurer-1") == 0


def test_no_taker_pays_on_its_cedents_word_alone():
    net = market()
    assert cede(net, "insurer-1", "reinsurer", 400_000) == "ok"
    assert cede(net, "reinsurer", "re-2", WHOLE) == "ok"
    loss = {"insurer-1": 100}
    assert settle(net, "insurer-1", loss, cosigners=()).code == "signature_missing"
    assert settle(net, "insurer-1", loss, cosigners=("reinsurer",)).code == "signature_missing"
    assert all(cash(net, name) == 0 for name in NAMES)
    assert settle(net, "insurer-1", loss, cosigners=("re-2",)).code == "ok", "the reinsurer itself pays nothing"
    assert (cash(net, "reinsurer"), cash(net, "re-2")) == (0, -40)
