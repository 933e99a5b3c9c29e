"""Endorsement policies: who must sign, checked as data before an action runs."""

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts import CATALOGUE, Arguments, Context, Contract, Record, catalogue
from node.contracts.endorsement import all_of, any_of, argument, n_of, record, role, signed
from node.contracts.fields import Labels
from node.ledger.transaction import Name
from tests.node.contracts.network import Network


class Deal(Record, frozen=True):
    namespace: ClassVar[str] = "deals"

    sides: tuple[str, ...]
    broker: str
    needed: int = 1


class File(Record, frozen=True):
    namespace: ClassVar[str] = "files"

    deal: str


class DealArgs(Arguments, frozen=True):
    deal: Name
    partner: Name
    others: Labels


toy = Contract("toy", records=(Deal, File))
DEAL = record(Deal, "deal")
POLICIES = {
    "bureau": role("bureau"),
    "two-insurers": role("insurer", at_least=2),
    "partner": signed(argument("partner")),
    "all-others": signed(argument("others")),
    "two-others": signed(argument("others"), at_least=2),
    "sides": signed(DEAL.field("sides")),
    "through": signed(record(File, "partner").then(Deal, "deal").field("broker")),
    "either": any_of(role("bureau"), all_of(signed(argument("partner")), role("broker"))),
    "as-many-as-it-says": signed(DEAL.field("sides"), at_least=DEAL.number("needed")),
    "two-of-three": n_of(2, role("bureau"), role("broker"), signed(DEAL.field("broker"))),
}


@toy.action()
def make(ctx: Context, args: DealArgs):
    ctx.put(args.deal, Deal(sides=args.others, broker=args.partner))
    ctx.put(args.deal, File(deal=args.deal))


def act(ctx: Context, args: DealArgs):
    ctx.put("done", Deal(sides=(), broker=args.partner))


for name, policy in POLICIES.items():
    toy.action(name, endorse=policy)(act)


@pytest.fixture
def network():
    network = Network(catalogue(toy))
    assert network.do("insurer-1", "toy.make", DealArgs("d", "broker", ("insurer-2", "reinsurer"))).code == "ok"
    return network


@pytest.mark.parametrize(
    ("policy", "partner", "cosigners", "missing"),
    [
        ("bureau", "ann", (), "the bureau"),
        ("bureau", "ann", ("bureau",), ""),
        ("two-insurers", "ann", ("bureau",), "2 of role insurer"),
        ("two-insurers", "ann", ("insurer-2",), ""),
        ("partner", "ann", ("bob",), "ann"),
        ("partner", "ann", ("ann",), ""),
        ("all-others", "ann", ("bob",), "reinsurer"),
        ("all-others", "ann", ("bob", "reinsurer"), ""),
        ("two-others", "ann", ("bob",), "1 more of reinsurer"),
        ("two-others", "ann", ("bob", "reinsurer"), ""),
        ("sides", "ann", ("insurer-2",), "reinsurer"),
        ("sides", "ann", ("insurer-2", "reinsurer"), ""),
        ("through", "d", (), "broker"),
        ("through", "d", ("broker",), ""),
        ("either", "ann", ("ann",), "the bureau or the broker"),
        ("either", "ann", (), "the bureau or (ann and the broker)"),
        ("either", "ann", ("ann", "broker"), ""),
        ("as-many-as-it-says", "ann", (), "1 more of insurer-2, reinsurer"),
        ("as-many-as-it-says", "ann", ("reinsurer",), ""),
        ("two-of-three", "ann", ("ann",), "2 of (the bureau; the broker; broker)"),
        ("two-of-three", "ann", ("broker",), ""),
    ],
)
def test_a_policy_refuses_naming_all_that_is_missing(network, policy, partner, cosigners, missing):
    args = DealArgs("d", partner, ("bob", "reinsurer"))
    outcome = network.do("insurer-1", f"toy.{policy}", args, cosigners=cosigners)
    assert (outcome.code, outcome.detail) == (("signature_missing", missing) if missing else ("ok", ""))
    assert (network.tree.get("deals", "done") is None) == bool(missing)


def test_a_record_that_is_not_there_is_named(network):
    outcome = network.do("insurer-1", "toy.sides", DealArgs("none", "ann", ()))
    assert (outcome.code, outcome.detail) == ("unknown_deal", "none")


def test_a_policy_that_does_not_fit_fails_when_it_is_declared():
    for broken in (signed(argument("nobody")), any_of(role("x"), signed(record(Deal, "nobody").field("sides")))):
        with pytest.raises(TypeError, match=r"DealArgs\.nobody"):
            toy.action("broken", endorse=broken)(act)
    with pytest.raises(TypeError, match=r"Deal\.nobody"):
        DEAL.field("nobody")
    with pytest.raises(TypeError, match=r"Deal\.nobody"):
        DEAL.number("nobody")
    with pytest.raises(TypeError, match=r"Deal\.nobody"):
        DEAL.then(File, "nobody")
    with pytest.raises(ValueError, match="never be satisfied"):
        n_of(3, role("a"), role("b"))
    for nothing in (lambda: n_of(0), lambda: role("a", at_least=0), lambda: signed(argument("deal"), at_least=0)):
        with pytest.raises(ValueError, match="asks for nothing"):
            nothing()
    assert "broken" not in toy.actions


def test_policies_describe_themselves():
    assert [policy.describe() for policy in POLICIES.values()] == [
        "the bureau",
        "2 of role insurer",
        "`partner`",
        "`others`",
        "2 of `others`",
        "`deal.sides`",
        "`partner.deal.broker`",
        "the bureau or (`partner` and the broker)",
        "`deal.needed` of `deal.sides`",
        "2 of (the bureau; the broker; `deal.broker`)",
    ]


@given(st.integers(1, 3), st.sets(st.sampled_from(["bureau", "broker", "reinsurer"])))
def test_n_of_counts_what_is_satisfied(count, cosigners):
    class Signed:
        signers = ("insurer-1", *sorted(cosigners))

        @staticmethod
        def role_of(name):
            return name

    policy = n_of(count, role("bureau"), role("broker"), role("reinsurer"))
    assert (policy.missing(Signed, None) == "") == (len(cosigners) >= count)


def test_what_every_contract_asks_for():
    asked = {
        f"{name}.{title}": action.endorse.describe()
        for name, contract in CATALOGUE.items()
        for title, action in contract.actions.items()
        if action.endorse is not None
    }
    assert asked == {
        "adjustments.agree": "`reinsurer`",
        "annuities.found": "`record_keeper` and `custodian` and `employer`",
        "annuities.request": "`to_plan.employer`",
        "asset-plans.back": "`plan.intermediary`",
        "asset-plans.call": "`investor`",
        "asset-plans.draw": "`plan.custodian`",
        "asset-plans.establish": "`custodian` and `project` and `intermediary`",
        "bordereaux.witness": "`insurer`",
        "cards.pass-on": "`to`",
        "claims.hand-in": "`claim.hospital`",
        "claims.recover": "`payer`",
        "claims.rule": "`claim.needed` of `claim.panel`",
        "cold-chain.insure": "`shipper`",
        "collections.form": "`members`",
        "consent.answer": "the bureau and `query.reader`",
        "contributions.open-levy": "`centre`",
        "contributions.pay": "`payer`",
        "e-policies.issue": "`channel`",
        "einvoices.register": "`hospital`",
        "estimation.open-pool": "the bureau and `parties`",
        "estimation.publish": "the bureau",
        "facultative.commute": "`slip.cedent`",
        "facultative.settle": "`slip.leader`",
        "facultative.transfer": "`slip.cedent` and `to`",
        "filings.file": "the bureau",
        "flights.history": "2 of role oracle",
        "hospital-totals.report": "`pool`",
        "inclusive.enrol": "`plan.bureau`",
        "inclusive.enrol-by-account": "`plan.bureau` and `holder.wallet`",
        "inclusive.file-plan": "`insurers`",
        "indemnity.agree-layer": "`reinsurer`",
        "indemnity.recover": "`reinsurer`",
        "intermediaries.agree": "`intermediary`",
        "kyc.disclose": "`request.institution`",
        "livestock.claim": "the quarantine",
        "livestock.insure": "`farm`",
        "livestock.lend": "`farm`",
        "livestock.register": "the quarantine",
        "losses.call": "`treaty.cedent` and `treaty.reinsurer`",
        "losses.close": "`treaty.cedent` and `treaty.reinsurer`",
        "losses.move": "`treaty.cedent` and `treaty.reinsurer`",
        "mutual.join": "`pool.manager`",
        "mutual.show": "`assessor`",
        "oversight.freeze": "the regulator",
        "oversight.freeze-institution": "the regulator",
        "oversight.release": "the regulator",
        "oversight.release-institution": "the regulator",
        "pharmacy.cover": "`patient`",
        "pharmacy.sell": "`patient`",
        "pledges.pledge": "`policy.holder`",
        "policy.amend": "`policy.holder`",
        "policy.reinstate": "`policy.insurer`",
        "policy.renew": "`policy.holder`",
        "portfolio.enter": "`holder`",
        "receivables.finance": "`receivable.holder`",
        "receivables.insure": "`receivable.holder`",
        "receivables.issue": "`supplier`",
        "receivables.pass": "`to`",
        "records.share": "`reader`",
        "reinsurance.sign-treaty": "`reinsurer`",
        "repairs.build": "`owner`",
        "repairs.insure": "`vehicle.owner`",
        "repairs.repair": "`owner`",
        "reserving.agree": "`reinsurer` and `cedents`",
        "reserving.book": "`basis.reinsurer`",
        "reserving.close": "`basis.reinsurer`",
        "reserving.recover": "`basis.reinsurer`",
        "retrocession.cede": "`taker`",
        "retrocession.settle": "`hit`",
        "sales-fees.agree": "`branch` and `agent`",
        "sales-fees.collect": "`scheme.head_office`",
        "statements.settle": "`statement.treaty.cedent` and `statement.treaty.reinsurer`",
        "steward.visit": "`engagement.patient`",
        "swaps.enter": "`investor`",
        "takeovers.agree": "`leaving` or (the regulator and the bureau and 2 of role insurer)",
        "takeovers.complete": "the bureau",
        "treaty.cede": "`treaty.cedent` and `treaty.reinsurer`",
        "treaty.commute": "`treaty.cedent` and `treaty.reinsurer`",
        "treaty.correct": "`treaty.cedent` and `treaty.reinsurer`",
        "treaty.recover": "`treaty.cedent` and `treaty.reinsurer`",
        "treaty.reserve": "`treaty.cedent` and `treaty.reinsurer`",
        "underwriting.admit": "the bureau",
        "underwriting.assess": "the bureau",
    }
