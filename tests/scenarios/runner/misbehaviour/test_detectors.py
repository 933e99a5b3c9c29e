"""Detectors at their boundaries, on small ledgers made by hand: nobody else's order, state or clock plays a part."""

import msgspec
import pytest

from node.contracts.claims import AdjudicateArgs, Claim, HandInArgs
from node.contracts.custody import CompareArgs
from node.contracts.einvoices import EInvoice, RegisterArgs
from node.contracts.indemnity import File
from node.contracts.oracle import CloseArgs, Question, ReadArgs
from node.contracts.treaty import Line, NoticeArgs, Treaty, line_key
from node.ledger.transaction import Body
from node.privacy.commitments import Opening
from scenarios.runner.misbehaviour.detectors import DETECTORS
from scenarios.runner.misbehaviour.watching import Seen, Watched

HOUR, DAY = 3_600_000, 86_400_000
TOKEN = "ab" * 32


class Tree(dict):
    """A state of (namespace, key) -> record."""

    def get(self, namespace, key):
        return super().get((namespace, key))

    def items(self, namespace):
        return [(key, record) for (of, key), record in sorted(super().items()) if of == namespace]


def seen(who, number, call, args=None, *, at, code="ok", **output):
    contract, action = call.split(".")
    body = Body(
        version=1,
        network="test",
        client=who,
        number=number,
        contract=contract,
        action=action,
        arguments=b"" if args is None else msgspec.msgpack.encode(args),
        time_ms=at,
    )
    return Seen(height=1, body=body, code=code, output=output)


def alarms(kind, *ledger, tree=None, threshold=None):
    found = DETECTORS[kind](Watched(seen=ledger, tree=tree or Tree()), threshold)
    return [(alarm.subject, alarm.at_ms, alarm.prevented) for alarm in found]


def claim(**more):
    facts = dict.fromkeys(Claim.__struct_fields__, "")
    facts |= {"state": "PAID", "policy": "i/1", "subject": "zhu", "decided_ms": 0, **more}
    known = {name: facts[name] for name in Claim.__struct_fields__}
    return Claim(**known)


def papers(claim_id, *charges, token=TOKEN):
    opened = tuple(Opening(path=f"itemised_list/{n:02}/charge", salt=TOKEN, value=fen) for n, fen in enumerate(charges))
    total = Opening(path="e_invoice/total_fen", salt=TOKEN, value=sum(charges))
    code = Opening(path="e_invoice/token", salt=TOKEN, value=token)
    return AdjudicateArgs(claim=claim_id, query="i/9", token=code, total=total, charges=opened)


class TestWithheldNotices:
    TREATY = Treaty(
        state="SIGNED", cedent="i", reinsurer="r", starts_ms=0, ends_ms=10**15, notice_within_ms=72 * HOUR, terms=()
    )
    LINE = Line(treaty="i/5", kind="cession", about="i/1", amounts=(), time_ms=0, statement="")

    def ledger(self, noticed, last, *, ceded=True, state="SIGNED"):
        tree = Tree()
        tree[Treaty.namespace, "i/5"] = msgspec.structs.replace(self.TREATY, state=state)
        tree[Claim.namespace, "h/1"] = claim()
        if ceded:
            tree[Line.namespace, line_key("i/5", "cession", "i/1")] = self.LINE
        steps = [seen("i", 7, "claims.adjudicate", papers("h/1", 100), at=DAY)]
        if noticed is not None:
            steps.append(seen("i", 8, "treaty.notice", NoticeArgs(treaty="i/5", claim="h/1"), at=noticed))
        return alarms("withheld-loss-notice", *steps, seen("p", 1, "transfers.send", at=last), tree=tree)

    @pytest.mark.parametrize("noticed", [DAY, DAY + 72 * HOUR])
    def test_a_notice_in_time_is_none(self, noticed):
        assert self.ledger(noticed, 100 * DAY) == []

    def test_a_millisecond_late_is_late(self):
        assert self.ledger(4 * DAY + 1, 100 * DAY) == [("h/1", 4 * DAY + 1, False)]

    def test_it_is_known_once_the_ledger_is_past_the_limit_and_not_before(self):
        assert self.ledger(None, 4 * DAY) == []
        assert self.ledger(None, 5 * DAY) == [("h/1", 5 * DAY, False)]
        assert self.ledger(9 * DAY, 5 * DAY) == [("h/1", 5 * DAY, False)]

    def test_what_is_not_ceded_or_under_no_treaty_owes_no_notice(self):
        assert self.ledger(None, 9 * DAY, ceded=False) == self.ledger(None, 9 * DAY, state="PROPOSED") == []


def bound(at):
    return seen("i", 3, "policy.bind", at=at)


def test_cover_is_backdated_beyond_the_lag_behind_others_and_not_behind_its_own_binder():
    before = seen("p", 1, "underwriting.apply", at=100 * HOUR)
    assert alarms("backdated-cover", before, bound(76 * HOUR)) == []
    assert alarms("backdated-cover", before, bound(76 * HOUR - 1)) == [("i/3", 100 * HOUR, False)]
    assert alarms("backdated-cover", before, bound(90 * HOUR), threshold=9) == [("i/3", 100 * HOUR, False)]
    assert alarms("backdated-cover", seen("i", 1, "underwriting.assess", at=100 * HOUR), bound(0)) == []
    assert alarms("backdated-cover", bound(0), before) == []


def test_an_invoice_is_forged_where_the_bureau_settled_another_or_none():
    def found(total, registered_at=0):
        tree = Tree({(EInvoice.namespace, TOKEN): EInvoice(hospital="h", total_fen=total, settled_ms=registered_at)})
        register = seen("b", 1, "einvoices.register", RegisterArgs(TOKEN, "h", total), at=registered_at)
        steps = (seen("i", 7, "claims.adjudicate", papers("h/1", 100), at=DAY), register)
        return alarms("forged-invoice", *steps, tree=tree)

    assert found(100) == []
    assert found(99) == [("h/1", DAY, False)]
    assert found(99, 3 * DAY) == [("h/1", 3 * DAY, False)], "a register that comes late says so late"
    assert alarms("forged-invoice", seen("i", 7, "claims.adjudicate", papers("h/1", 100), at=DAY)) == [
        ("h/1", DAY, False)
    ]


class TestDoubleClaims:
    TREE = Tree({
        (Claim.namespace, "h/1"): claim(),
        (Claim.namespace, "h/2"): claim(),
        (Claim.namespace, "h/3"): claim(subject="lin"),
    })  # fmt: skip

    def found(self, *ledger, threshold=None):
        return alarms("double-claim", *ledger, tree=self.TREE, threshold=threshold)

    def audit(self, number, claim_id, *charges, at):
        return seen("i", number, "claims.adjudicate", papers(claim_id, *charges), at=at)

    def test_the_same_charges_of_the_same_person_within_the_time(self):
        first = self.audit(1, "h/1", 100, 50, at=0)
        assert self.found(first, self.audit(2, "h/2", 100, 50, at=90 * DAY)) == [("h/2", 90 * DAY, False)]
        assert self.found(first, self.audit(2, "h/2", 100, 50, at=90 * DAY + 1)) == []
        assert self.found(first, self.audit(2, "h/2", 100, 50, at=8 * DAY), threshold=7) == []

    def test_another_person_another_fen_or_the_same_claim_again_are_none(self):
        first = self.audit(1, "h/1", 100, 50, at=0)
        others = (("h/3", 100, 50), ("h/2", 100, 51), ("h/2", 50, 100), ("h/1", 100, 50))
        for claim_id, *charges in others:
            assert self.found(first, self.audit(2, claim_id, *charges, at=DAY)) == []

    def test_what_the_contract_refused_was_prevented_and_what_it_flagged_detected(self):
        refused = msgspec.structs.replace(self.audit(1, "h/1", 100, at=DAY), code="invoice_reused")
        assert self.found(refused) == [("h/1", DAY, True)]
        handed = HandInArgs(claim="h/2", invoice=TOKEN, stay=TOKEN, charges=(("bed", 1),), evidence=TOKEN)
        flagged = seen("p", 1, "claims.hand-in", handed, at=DAY, flag="stay_claimed_before")
        clean = seen("p", 1, "claims.hand-in", handed, at=DAY, flag="")
        again = seen("p", 1, "claims.hand-in", handed, at=DAY, code="invoice_reused")
        assert (self.found(flagged), self.found(clean), self.found(again)) == (
            [("h/2", DAY, False)],
            [],
            [("h/2", DAY, True)],
        )


@pytest.mark.parametrize(("value", "lies"), [(45, False), (50, False), (51, True), (40, False), (39, True)])
def test_a_reading_lies_beyond_the_tolerance_once_it_is_settled(value, lies):
    question = Question(
        state="SETTLED",
        asker="i",
        about="",
        oracles=("a", "b", "c"),
        needed=2,
        tolerance=5,
        known_ms=0,
        closes_ms=9,
        readings=(),
        value=45,
    )
    tree = Tree({(Question.namespace, "i/1"): question})
    read = seen("a", 1, "oracle.read", ReadArgs(question="i/1", value=value), at=HOUR, state="OPEN")
    close = seen("i", 2, "oracle.close", CloseArgs(question="i/1"), at=DAY, state="SETTLED")
    assert alarms("lying-oracle", read, close, tree=tree) == ([("a/1", DAY, False)] if lies else [])
    split = Tree({(Question.namespace, "i/1"): msgspec.structs.replace(question, value=None)})
    assert alarms("lying-oracle", read, tree=split) == []


def test_a_comparison_that_fails_names_the_policy_and_one_that_was_refused_does_not():
    args = CompareArgs(policy="i/3", fingerprint=TOKEN)
    assert alarms("silent-policy-edit", seen("c", 1, "custody.compare", args, at=7, matches=False)) == [
        ("i/3", 7, False)
    ]
    assert alarms("silent-policy-edit", seen("c", 1, "custody.compare", args, at=7, matches=True)) == []
    assert alarms("silent-policy-edit", seen("c", 1, "custody.compare", args, at=7, code="wrong_custodian")) == []


def test_bills_are_held_against_those_of_the_other_hospitals():
    amounts = {"h-1": (100, 299, 300), "h-2": (100, 100, 90), "h-3": (100, 110)}
    ledger = [
        seen(name, number, "indemnity.file", File(cover="i/1", person=0, invoice=number, amount_fen=fen), at=number)
        for name, bills in amounts.items()
        for number, fen in enumerate(bills)
    ]
    assert alarms("colluding-hospital", *ledger) == [("h-1/2", 2, False)]
    assert alarms("colluding-hospital", *ledger, threshold=299) == [("h-1/1", 2, False), ("h-1/2", 2, False)]
    assert alarms("colluding-hospital", *ledger[:3]) == [], "one hospital alone has no peers"
