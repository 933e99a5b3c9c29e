"""Each live rule at its limit and just beyond it; alerts are for supervisors; what is off costs and changes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts, consent, oversight, products, risk
from node.contracts.consent import RegisterArgs
from node.contracts.oversight import Alert, Settings
from node.contracts.portfolio import EnterArgs
from node.contracts.products import BenefitArgs, ProductArgs
from node.contracts.runtime import may_read
from node.contracts.takeovers import AgreeArgs, CarryArgs
from node.contracts.transfers import SendArgs
from tests.node.contracts.network import ROLES, Network

ANN, BOB = "a1" * 32, "b0" * 32
DAY = 86_400_000
ALL = tuple(oversight.RULES)


def product(name):
    main = BenefitArgs("basic", 100, 500, 0, 1_000_000, ())
    return ProductArgs(name=name, title=name, diseases=(), scoring=None, main=main, riders=())


def network(**given_settings):
    made = Network(
        settings=(
            (accounts.contract.name, accounts.Settings((accounts.Opening("insurer-1", 1_000),))),
            (consent.contract.name, consent.Settings(query_timeout_ms=DAY)),
            (products.contract.name, products.Settings(products=(product("care"), product("home")))),
            (risk.contract.name, risk.Settings(cap_fen=10_000)),
            *(((oversight.contract.name, Settings(**given_settings)),) if given_settings else ()),
        )
    )
    made.do("bureau", "consent.register", RegisterArgs(subjects=((ANN, ("ann",)), (BOB, ("bob",)))))
    return made


def entered(net, subject=ANN, *, of="care", who="insurer-1", days=(100, 200)):
    holder = "ann" if subject == ANN else "bob"
    args = EnterArgs(holder, subject, of, (), 100, days[0] * DAY, days[1] * DAY, "f0" * 32)
    outcome = net.do(who, "portfolio.enter", args, at=days[0] * DAY, cosigners=(holder,))
    assert outcome.code == "ok"
    return outcome


def alerts(net):
    return [alert for _, alert in net.tree.items(Alert.namespace)]


LICENCES = (("insurer-1", ("care",)),)


def test_a_licence_is_for_a_product():
    net = network(rules=("unlicensed",), licences=LICENCES)
    entered(net)
    assert alerts(net) == []
    entered(net, of="home")
    entered(net, BOB, who="insurer-2")
    assert [(alert.rule, alert.institution) for alert in alerts(net)] == [
        ("unlicensed", "insurer-1"),
        ("unlicensed", "insurer-2"),
    ]


def test_cover_of_the_same_product_may_follow_and_not_overlap():
    net = network(rules=("duplicate-cover",))
    entered(net, days=(100, 200))
    entered(net, BOB, days=(110, 200))
    entered(net, of="home", days=(120, 200))
    entered(net, days=(200, 300))
    assert alerts(net) == []
    second = entered(net, days=(299, 400))
    assert [(alert.about, alert.occurred_ms) for alert in alerts(net)] == [(second.output["policy"], 299 * DAY)]


def test_accumulation_is_told_once_when_it_passes_the_limit():
    net = network(rules=("accumulation",), accumulation_fen=1_000)
    entered(net)
    entered(net, of="home")
    assert alerts(net) == []  # 1,000 exactly
    entered(net, of="home", days=(300, 400))
    entered(net, of="care", days=(300, 400))
    assert [(alert.rule, alert.about) for alert in alerts(net)] == [("accumulation", ANN)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 700)), min_size=1, max_size=8),
    st.integers(0, 1_000_000),
    st.integers(0, 2_000),
)
def test_solvency_is_told_exactly_at_each_fall_below_the_margin(moves, margin_ppm, premium):
    """Worked out anew from cash alone: told where it was enough before a transaction and is not after it."""
    net = network(rules=("solvency",), margin_ppm=margin_ppm)
    net.tree = net.tree.update(
        {("accounts", "insurer-1/premium-income"): accounts.Account("insurer-1", "premium-income", -premium)}
    )
    cash, falls = 1_000, 0
    for out, fen in moves:
        sent = net.do(*("insurer-1", "transfers.send", SendArgs("bob", fen))) if out else None
        if out:
            after = cash - fen if sent.code == "ok" else cash
        else:
            back = net.do("bob", "transfers.send", SendArgs("insurer-1", fen))
            after = cash + fen if back.code == "ok" else cash
        needed = margin_ppm * premium
        falls += cash * 1_000_000 >= needed > after * 1_000_000
        cash = after
    assert len(alerts(net)) == falls


def test_a_network_without_oversight_has_none_of_its_records():
    net = network()
    entered(net)
    entered(net)
    assert [key for kind in oversight.contract.records for key, _ in net.tree.items(kind.namespace)] == []


def test_a_refused_transaction_raises_no_alert():
    net = network(rules=ALL, licences=LICENCES)
    args = EnterArgs("ann", ANN, "home", (), 100, 100 * DAY, 200 * DAY, "f0" * 32)
    assert net.do("insurer-1", "portfolio.enter", args, at=DAY, cosigners=("ann",)).code == "not_in_force"
    assert alerts(net) == []


def test_alerts_are_for_supervisors():
    net = network(rules=("unlicensed",))
    outcome = entered(net)
    [event] = [event for event in outcome.events if event.kind == "alert"]
    readers = {name for name, role in ROLES.items() if event.is_for(name, role)}
    assert readers == {"regulator"}
    [(key, _)] = net.tree.items(Alert.namespace)
    may = {name for name, role in ROLES.items() if may_read(Alert.namespace, key, name, role)}
    assert may == {"regulator", "bureau"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"rules": ("solvnecy",)}, "unknown_rule"),
        ({"council": ("insurer-1", "insurer-1"), "needed": 2}, "council_too_small"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, code):
    with pytest.raises(ValueError, match=code):
        network(**wrong)


def test_a_policy_that_an_insurer_without_a_licence_takes_over_is_found():
    net = network(rules=("unlicensed",), licences=LICENCES)
    policy = entered(net).output["policy"]
    agreed = AgreeArgs("insurer-1")
    assert net.do("insurer-2", "takeovers.agree", agreed, cosigners=("insurer-1",)).code == "ok"
    carried = net.do("insurer-2", "takeovers.carry", CarryArgs("insurer-1", (policy,)))
    assert carried.code == "ok", carried.detail
    assert [(alert.rule, alert.institution) for alert in alerts(net)] == [("unlicensed", "insurer-2")]
