"""Coordination of benefits: each layer sees what the earlier ones left, and all of a bill is somebody's."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts, clearing, consent, coordination
from node.contracts.accounts import Opening, account, overdrawn, total_of_all_accounts
from node.contracts.coordination import LayerTerms, SchemeArgs, Year, after, coordinate
from tests.node.contracts.claiming import Case, insured
from tests.node.contracts.network import Network

MILLION = 1_000_000
YUAN = 100
BASIC = LayerTerms("basic", "bureau", 300 * YUAN, 700_000, 200_000 * YUAN, (("drug", 5_000 * YUAN),), ("self-paid",))
PLAN = LayerTerms("city-plan", "insurer-1", 10_000 * YUAN, 800_000, 3_000_000 * YUAN, (), ("cosmetic",))
COMMERCIAL = LayerTerms("commercial", "insurer-2", 0, 900_000, 10_000 * YUAN)
LAYERS = (BASIC, PLAN, COMMERCIAL)


# --- the engine


def test_each_layer_sees_what_the_earlier_ones_left():
    """20,000 drug and 10,000 bed: worked out on paper."""
    bill = (("drug", 20_000 * YUAN), ("bed", 10_000 * YUAN), ("self-paid", 1_000 * YUAN))
    settled = coordinate(bill, LAYERS, [Year()] * 3)
    basic, plan, commercial = settled.shares
    # 5,000 of the drug and the bed are eligible: 15,000 − 300 at 70 %
    assert (basic.eligible_fen, basic.paid_fen) == (15_000 * YUAN, 10_290 * YUAN)
    # 31,000 − 10,290 is left, nothing of it excluded: 20,710 − 10,000 at 80 %
    assert (plan.eligible_fen, plan.paid_fen) == (20_710 * YUAN, 8_568 * YUAN)
    # 12,142 is left: 90 % would be 10,927.80, above the year's cap
    assert (commercial.eligible_fen, commercial.paid_fen) == (12_142 * YUAN, 10_000 * YUAN)
    assert settled.own_fen == 2_142 * YUAN
    assert settled.total_fen == 31_000 * YUAN


def test_below_the_cap_of_three_million_by_a_fen_one_fen_is_paid():
    full = LayerTerms("city-plan", "insurer-1", 0, MILLION, 3_000_000 * YUAN)
    before = Year(eligible_fen=299_999_999, paid_fen=299_999_999)
    settled = coordinate((("drug", 10 * YUAN),), [full], [before])
    assert (settled.shares[0].paid_fen, settled.own_fen) == (1, 999)
    assert coordinate((("drug", 10 * YUAN),), [full], [after(before, settled.shares[0])]).shares[0].paid_fen == 0


@pytest.mark.parametrize(("eligible", "paid"), [(29_999, 0), (30_000, 0), (30_001, 1), (30_002, 1), (30_003, 2)])
def test_the_deductible_to_the_fen(eligible, paid):
    assert coordinate((("bed", eligible),), [BASIC], [Year()]).shares[0].paid_fen == paid


@pytest.mark.parametrize("layers", [(PLAN, BASIC), (BASIC, BASIC), (LayerTerms("other", "x", 0, 1, 1),)])
def test_the_order_is_fixed(layers):
    with pytest.raises(ValueError, match="in the order"):
        coordinate((("bed", 100),), layers, [Year()] * len(layers))


amounts = st.integers(0, 50_000 * YUAN)
classes = st.sampled_from(["drug", "bed", "self-paid", "cosmetic"])
bills = st.lists(st.tuples(classes, amounts), min_size=1, max_size=6).map(tuple)


def terms(name):
    return st.builds(
        LayerTerms,
        name=st.just(name),
        payer=st.just("bureau"),
        deductible_fen=st.integers(0, 20_000 * YUAN),
        ratio_ppm=st.one_of(st.just(MILLION), st.integers(0, MILLION)),
        cap_fen=st.integers(0, 100_000 * YUAN),
        limits=st.dictionaries(classes, amounts, max_size=2).map(lambda limits: tuple(limits.items())),
        excluded=st.sets(classes, max_size=2).map(lambda found: tuple(sorted(found))),
    )


layered = st.tuples(*(terms(name) for name in coordination.ORDER))


def by_fractions(bill, layers):
    """(what each layer pays, what is left of each line), with exact fractions, by classes: another computation."""
    left, payments = [amount for _, amount in bill], []
    for layer in layers:
        eligible = [0 if kind in layer.excluded else left[i] for i, (kind, _) in enumerate(bill)]
        for kind, limit in layer.limits:
            lines = [i for i, (other, _) in enumerate(bill) if other == kind]
            for i in lines:
                before = sum(left[j] for j in lines if j < i)
                eligible[i] = min(eligible[i], max(0, limit - before))
        total = sum(eligible)
        exact = max(Fraction(0), (total - layer.deductible_fen) * Fraction(layer.ratio_ppm, MILLION))
        paid = min(layer.cap_fen, floor(exact + Fraction(1, 2)))
        payments.append(paid)
        parts = [Fraction(paid * amount, total) if total else Fraction(0) for amount in eligible]
        by_remainder = sorted(range(len(parts)), key=lambda i: (floor(parts[i]) - parts[i], i))
        lucky = by_remainder[: paid - sum(map(floor, parts))]
        left = [amount - floor(parts[i]) - (i in lucky) for i, amount in enumerate(left)]
    return payments, left


@given(bills, layered)
def test_fractions_come_to_the_same(bill, layers):
    settled = coordinate(bill, layers, [Year()] * 3)
    payments, left = by_fractions(bill, layers)
    assert [share.paid_fen for share in settled.shares] == payments
    assert [amount for _, amount in settled.left] == left
    assert settled.own_fen == sum(left)


@given(bills, layered, st.lists(st.integers(0, 10**7), min_size=3, max_size=3))
def test_all_of_a_bill_is_somebodys_and_nobody_pays_more_than_was_eligible(bill, layers, earlier):
    years = [Year(eligible, layer.benefit(eligible)) for layer, eligible in zip(layers, earlier, strict=True)]
    settled = coordinate(bill, layers, years)
    assert sum(share.paid_fen for share in settled.shares) + settled.own_fen == settled.total_fen
    assert settled.total_fen == sum(amount for _, amount in bill)
    assert settled.own_fen >= 0
    for layer, year, share in zip(layers, years, settled.shares, strict=True):
        assert 0 <= share.paid_fen <= share.eligible_fen
        assert year.paid_fen + share.paid_fen <= layer.cap_fen


@given(st.lists(amounts, min_size=1, max_size=8), terms("basic"))
def test_how_a_years_bills_are_cut_does_not_matter(parts, layer):
    layer = LayerTerms(layer.name, layer.payer, layer.deductible_fen, layer.ratio_ppm, layer.cap_fen)
    year = Year()
    for part in parts:
        year = after(year, coordinate((("bed", part),), [layer], [year]).shares[0])
    whole = coordinate((("bed", sum(parts)),), [layer], [Year()]).shares[0]
    assert (year.eligible_fen, year.paid_fen) == (whole.eligible_fen, whole.paid_fen)


@given(bills, layered, classes, st.integers(1, 10**6))
def test_a_dearer_bill_pays_no_less_under_one_layer(bill, layers, kind, more):
    first = layers[:1]
    before = coordinate(bill, first, [Year()])
    dearer = coordinate((*bill, (kind, more)), first, [Year()])
    assert 0 <= dearer.shares[0].paid_fen - before.shares[0].paid_fen <= more


# --- the contract

ANN, BOB = "aa" * 32, "bb" * 32
NOON = 1_000_000
REGIONS = (
    clearing.RegionArgs("ningbo", "insurer-1", 0, ("hospital-2",)),
    clearing.RegionArgs("shanghai", "insurer-2", 500, ("hospital-1",)),
)


def network(region=""):
    scheme = SchemeArgs("ningbo-2023", LAYERS, 0, 2 * NOON, region)
    openings = tuple(Opening(who, 10**9) for who in ("bureau", "insurer-1", "insurer-2", "ann", "bob"))
    network = Network(
        settings=[
            ("accounts", accounts.Settings(openings)),
            ("clearing", clearing.Settings(REGIONS)),
            ("coordination", coordination.Settings((scheme,))),
        ]
    )
    network.do("bureau", "consent.register", consent.RegisterArgs(((ANN, ("ann",)), (BOB, ("bob",)))))
    joined = coordination.JoinArgs(ANN, "ningbo-2023", ("basic", "city-plan"))
    assert network.do("bureau", "coordination.join", joined).code == "ok"
    bought = coordination.JoinArgs(ANN, "ningbo-2023", ("commercial",))
    told = network.do("insurer-2", "coordination.join", bought)
    assert told.output["layers"] == ("basic", "city-plan", "commercial")
    return network


def settle(network, *, charges=(("bed", 40_000 * YUAN),), invoice=1, stay=1, at=NOON, subject=ANN, cosigners=("ann",)):
    args = coordination.SettleArgs(subject, f"{invoice:064x}", f"{stay:064x}", charges)
    return network.do("hospital-1", "coordination.settle", args, at=at, cosigners=cosigners)


def cash(network, who):
    return network.tree.get("accounts", account(who, "cash")).balance_fen


def test_the_hospital_gets_the_bill_and_the_patient_pays_the_own_part():
    town = network()
    told = settle(town).output
    assert sum(told["paid"].values()) + told["own_fen"] == told["total_fen"] == cash(town, "hospital-1")
    assert 10**9 - cash(town, "ann") == told["own_fen"]
    assert 10**9 - cash(town, "insurer-2") == told["paid"]["commercial"] == 939_780
    assert total_of_all_accounts(town.tree) == 0
    assert overdrawn(town.tree) == ()


def test_no_hospital_uses_up_what_another_ones_tokens_stand_for():
    """Tokens lie open in what waits for its block: who copies one claims for an invoice of their own."""
    town = network()
    copied = coordination.SettleArgs(ANN, f"{1:064x}", f"{1:064x}", (("bed", 1),))
    assert town.do("hospital-2", "coordination.settle", copied, at=NOON, cosigners=("ann",)).code == "ok"
    assert settle(town).output["state"] == "SETTLED"


def test_an_invoice_is_settled_once_and_a_second_bill_for_a_stay_waits():
    town = network()
    assert settle(town).output["state"] == "SETTLED"
    assert settle(town).code == "invoice_reused"
    flagged = settle(town, invoice=2)
    assert flagged.output["state"] == "FLAGGED"
    before = cash(town, "hospital-1")
    whose = coordination.BillArgs(flagged.output["bill"])
    assert town.do("insurer-1", "coordination.clear", whose).code == "role_not_allowed"
    assert town.do("bureau", "coordination.reject", whose).output == {"state": "REJECTED"}
    assert town.do("bureau", "coordination.clear", whose).code == "illegal_transition"
    assert cash(town, "hospital-1") == before
    third = coordination.BillArgs(settle(town, invoice=3).output["bill"])
    assert town.do("bureau", "coordination.clear", third).output["total_fen"] == cash(town, "hospital-1") - before


@pytest.mark.parametrize("cosigners", [(), ("bob",), ("insurer-1",)])
def test_a_hospital_takes_no_money_of_a_patient_who_is_not_there(cosigners):
    town = network()
    before = cash(town, "ann")
    assert settle(town, cosigners=cosigners).code == "patient_not_there"
    assert cash(town, "ann") == before
    assert settle(town).code == "ok", "and the invoice is not used up"


def test_only_the_entitled_and_only_while_the_scheme_lasts():
    town = network()
    assert settle(town, at=2 * NOON).code == "not_entitled_then"
    assert settle(town, subject=BOB).code == "unknown_entitlement"
    assert settle(town, at=2 * NOON - 1).code == "ok"


def test_who_joins_what():
    town = network()
    join = "coordination.join"
    assert town.do("insurer-1", join, coordination.JoinArgs(BOB, "ningbo-2023", ("basic",))).code == "not_your_layer"
    assert town.do("bureau", join, coordination.JoinArgs(BOB, "ningbo-2023", ("pets",))).code == "unknown_layer"
    assert town.do("bureau", join, coordination.JoinArgs(BOB, "ningbo-2023", ())).code == "no_layer"
    following = SchemeArgs("ningbo-2024", (BASIC,), 2 * NOON, 3 * NOON)
    assert town.do("bureau", "coordination.file-scheme", following).code == "ok"
    assert town.do("bureau", "coordination.file-scheme", following).code == "scheme_exists"
    moved = coordination.JoinArgs(ANN, "ningbo-2024", ("basic",))
    assert town.do("bureau", join, moved, at=2 * NOON - 1).code == "entitled_elsewhere"
    assert town.do("bureau", join, moved, at=2 * NOON).code == "ok"


def test_an_insurer_alone_brings_nobody_into_a_scheme_that_would_keep_them_out_of_others():
    town = network()
    bought = coordination.JoinArgs(BOB, "ningbo-2023", ("commercial",))
    assert town.do("insurer-2", "coordination.join", bought).code == "not_chosen"
    assert town.do("insurer-2", "coordination.join", bought, cosigners=("ann",)).code == "not_chosen"
    assert town.do("insurer-2", "coordination.join", bought, cosigners=("bob",)).code == "ok"


@pytest.mark.parametrize(
    ("layers", "starts", "cosigners", "code"),
    [
        ((PLAN, BASIC), 0, ("insurer-1",), "layers_out_of_order"),
        ((BASIC, PLAN), 0, (), "signature_missing"),
        ((BASIC,), NOON, (), "scheme_empty"),
    ],
)
def test_schemes_that_cannot_be_filed(layers, starts, cosigners, code):
    args = SchemeArgs("another", layers, starts, NOON)
    assert network().do("bureau", "coordination.file-scheme", args, cosigners=cosigners).code == code


def test_what_the_counter_left_may_be_claimed_for_once_and_nothing_more():
    town = network()
    settle(town, charges=(("drug", 20_000 * YUAN), ("bed", 10_000 * YUAN), ("self-paid", 1_000 * YUAN)))
    invoice = town.tree.get("invoices", f"hospital-1/{1:064x}")
    assert sum(fen for _, fen in invoice.left) == 2_142 * YUAN
    case = Case(insured(town))
    told = case.approved(("bed", 31_000 * YUAN), invoice=1)
    own_self_paid = dict(invoice.left)["self-paid"]
    assert told.output["total_fen"] == 2_142 * YUAN
    assert told.output["payable_fen"] == 2_142 * YUAN - own_self_paid
    again = Case(town)
    again.of("insurer-1", "check")
    again.of("insurer-1", "request-papers", "no_voucher")
    assert again.papers(invoice=1).code == "invoice_reused"


def test_what_was_claimed_for_is_not_settled_at_the_counter():
    town = insured(network())
    Case(town).approved(invoice=1)
    assert settle(town).code == "invoice_reused"


# --- between regions


def test_treated_elsewhere_is_paid_there_and_netted_to_nothing():
    town = network(region="ningbo")
    assert settle(town, at=499).code == "region_not_live"
    told = settle(town, at=500).output
    paid = sum(told["paid"].values())
    owed = town.tree.get("accounts", account("insurer-2", "clearing")).balance_fen
    assert owed == paid == -town.tree.get("accounts", account("insurer-1", "clearing")).balance_fen
    assert cash(town, "hospital-1") == told["total_fen"]
    netted = town.do("bureau", "clearing.net", clearing.NetArgs())
    assert netted.output["positions"] == {"ningbo": -paid, "shanghai": paid}
    assert (netted.output["sum_fen"], netted.output["items"]) == (0, 1)
    for office in ("insurer-1", "insurer-2"):
        assert town.tree.get("accounts", account(office, "clearing")).balance_fen == 0
    assert 10**9 - cash(town, "insurer-2") == told["paid"]["commercial"], "as if it had been treated at home"
    assert total_of_all_accounts(town.tree) == 0
    assert town.do("bureau", "clearing.net", clearing.NetArgs()).code == "nothing_to_net"


def test_at_home_nothing_is_cleared():
    town = network(region="shanghai")
    assert settle(town, at=500).code == "ok"
    assert list(town.tree.items("clearing_items")) == []


OFFICES = {"ningbo": "insurer-1", "shanghai": "insurer-2", "sichuan": "reinsurer"}


def three_regions(homes):
    """A network of three regions, and somebody of each of ``homes``."""
    openings = tuple(Opening(who, 10**12) for who in (*OFFICES.values(), "ann"))
    regions = tuple(clearing.RegionArgs(name, office, 0) for name, office in OFFICES.items())
    schemes = tuple(
        SchemeArgs(name, (LayerTerms("basic", office, 100, 700_000, 10**9),), 0, NOON, name)
        for name, office in OFFICES.items()
    )
    network = Network(
        settings=[
            ("accounts", accounts.Settings(openings)),
            ("clearing", clearing.Settings(regions)),
            ("coordination", coordination.Settings(schemes)),
        ]
    )
    people = {home: f"{number:064x}" for number, home in enumerate(homes)}
    registered = consent.RegisterArgs(tuple((person, ("ann",)) for person in people.values()))
    network.do("bureau", "consent.register", registered)
    for home, person in people.items():
        network.do("bureau", "coordination.join", coordination.JoinArgs(person, home, ("basic",)))
    return network, people


def clearing_balances(network):
    found = (network.tree.get("accounts", account(office, "clearing")) for office in OFFICES.values())
    return [record.balance_fen if record else 0 for record in found]


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(OFFICES)), st.sampled_from(sorted(OFFICES)), amounts), max_size=8),
    st.integers(0, 8),
)
def test_between_regions_nothing_is_lost_whenever_it_is_netted(bills_between, netted_after):
    network, people = three_regions(sorted(OFFICES))
    borne = dict.fromkeys(OFFICES, 0)
    for number, (home, there, amount) in enumerate(bills_between):
        args = coordination.SettleArgs(people[home], f"{number:064x}", f"{number:064x}", (("bed", amount),))
        network.tree = network.tree.update({("clearing_places", "hospital-1"): clearing.Place(there)})
        told = network.do("hospital-1", "coordination.settle", args, cosigners=("ann",))
        assert told.code == "ok", told
        borne[home] += told.output["paid"]["basic"]
        assert sum(clearing_balances(network)) == 0
        if number == netted_after:
            network.do("bureau", "clearing.net", clearing.NetArgs())
    network.do("bureau", "clearing.net", clearing.NetArgs())
    assert clearing_balances(network) == [0, 0, 0]
    for home, office in OFFICES.items():
        assert cash(network, office) == 10**12 - borne[home], "each region bears its own people's bills"
    for _, netting in network.tree.items("clearing_nettings"):
        assert sum(position for _, position in netting.positions) == 0
        assert netting.net_fen <= netting.gross_fen
    assert total_of_all_accounts(network.tree) == 0
