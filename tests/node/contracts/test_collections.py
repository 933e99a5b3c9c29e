"""Collections: who holds a private payload, its purge with the voucher, and every member's attestation."""

import pytest

from node.contracts import access, consent, execute_block
from node.contracts.access import DeployArgs, FileArgs, InstitutionArgs, NoArgs, UseArgs
from node.contracts.collections import FormArgs, PurgeArgs, RecordArgs
from node.contracts.consent import AnswerArgs, AskArgs, GrantArgs, RegisterArgs, VoucherArgs
from node.contracts.deposits import ATTEST_WITHIN_MS, PURGES_AT_ONCE, collection_key, overdue
from node.privacy.envelope import Collected
from tests.node.contracts.network import Network
from tests.node.contracts.parties import sealed

ANN = "aa" * 32
DAY = 86_400_000
MEMBERS = ("bureau", "insurer-1")


class House(Network):
    """A network in which insurer-1 may ask the bureau about Ann's visits."""

    height = 0

    def __init__(self):
        super().__init__(
            settings=[
                ("access", access.Settings((("visit", "visit"),))),
                ("consent", consent.Settings(query_timeout_ms=100 * DAY)),
            ]
        )
        whose = InstitutionArgs("insurer-1")
        for who, what, args in (
            ("bureau", "consent.register", RegisterArgs(((ANN, ("ann",)),))),
            ("insurer-1", "access.file", FileArgs((UseArgs("claim", ("visit",)),), "claims")),
            ("bureau", "access.approve", whose),
            ("insurer-1", "access.deploy", DeployArgs("insurer-1", "1")),
            ("insurer-1", "access.test", NoArgs()),
            ("bureau", "access.go-live", whose),
        ):
            assert self.do(who, what, args).code == "ok"

    def run(self, *transactions):
        execution = execute_block(self.tree, self.directory, transactions, self.contracts, height=self.height)
        self.tree = execution.tree
        return execution

    def grant(self, expires_ms=50 * DAY):
        args = GrantArgs(ANN, "insurer-1", "claim", ("visit",), "", expires_ms)
        return self.do("ann", "consent.grant", args).output["voucher"]

    def answer(self, voucher, *, collected=True, at=0, holder="bureau", blocks_to_live=0):
        """The outcome of an answer under ``voucher``; its record is the answer's own object."""
        query = self.do("insurer-1", "consent.ask", AskArgs(ANN, "insurer-1", holder, "claim", ("visit",), ""))
        record = f"{holder}/{self._numbers[holder] + 1}"
        parties = tuple(sorted((holder, "insurer-1")))
        envelope = sealed(record, {"visit": "x"}, parties)
        if collected:
            envelope = Collected(record, 0, envelope.commitments, parties, blocks_to_live)
        args = AnswerArgs(query.output["query"], voucher, envelope)
        cosigners = {"insurer-1", "bureau"} - {holder}
        return self.do(holder, "consent.answer", args, at=at, cosigners=cosigners)

    def released(self, voucher, **options):
        outcome = self.answer(voucher, **options)
        assert outcome.code == "ok"
        return f"{outcome.client}/{outcome.number}"

    def deposit(self, record):
        return self.tree.get("deposits", record)

    def attest(self, who, record, at=0):
        return self.do(who, "collections.attest", RecordArgs(record), at=at)


@pytest.fixture
def house():
    return House()


def test_what_a_collection_holds_is_purged_with_its_voucher_and_attested_by_each_member(house):
    voucher, other = house.grant(), house.grant()
    record, kept = house.released(voucher), house.released(other)
    assert (house.deposit(record).state, house.deposit(record).members) == ("HELD", MEMBERS)
    assert house.attest("bureau", record).code == "illegal_transition"

    outcome = house.do("ann", "consent.revoke", VoucherArgs(voucher), at=3 * DAY)
    assert outcome.output == {"voucher": voucher, "purge_requested": (record,), "purge_unavailable": ()}
    due = 3 * DAY + ATTEST_WITHIN_MS
    (event,) = outcome.events
    assert (event.kind, event.readers, event.roles) == ("purge_requested", MEMBERS, ("bureau", "regulator"))
    assert event.values == {"record": record, "members": MEMBERS, "reason": "revoked", "due_ms": due}
    assert house.answer(voucher).code == "voucher_revoked"
    assert house.deposit(kept).state == "HELD"

    assert house.attest("hospital-1", record).code == "not_a_member"
    assert house.attest("insurer-1", record, at=4 * DAY).output == {"record": record, "left": 1}
    assert house.attest("insurer-1", record).code == "attested_already"
    assert house.attest("bureau", record, at=5 * DAY).output == {"record": record, "left": 0}
    done = house.deposit(record)
    assert (done.state, done.attested) == ("PURGED", (("bureau", 5 * DAY), ("insurer-1", 4 * DAY)))
    assert house.attest("bureau", record).code == "attested_already"


def test_what_lies_on_the_chain_cannot_be_purged_and_that_is_said(house):
    voucher = house.grant()
    record = house.released(voucher, collected=False)
    outcome = house.do("ann", "consent.revoke", VoucherArgs(voucher))
    assert (outcome.output["purge_requested"], outcome.output["purge_unavailable"]) == ((), (record,))
    refused = house.do("ann", "collections.request-purge", PurgeArgs(record, voucher))
    assert (refused.code, "stays" in refused.detail) == ("purge_unavailable", True)


@pytest.mark.parametrize("who", ["ann", "insurer-1", "bureau"])
def test_whom_it_concerns_has_it_purged_once_the_voucher_expired(house, who):
    voucher, other = house.grant(expires_ms=10 * DAY), house.grant()
    record = house.released(voucher)
    args = PurgeArgs(record, voucher)
    assert house.do(who, "collections.request-purge", args, at=10 * DAY - 1).code == "voucher_live"
    assert house.do("bob", "collections.request-purge", args, at=10 * DAY).code == "not_concerned"
    assert house.do(who, "collections.request-purge", PurgeArgs(record, other), at=10 * DAY).code == "unknown_release"
    assert house.do(who, "collections.request-purge", args, at=10 * DAY).code == "ok"
    assert house.deposit(record).reason == "expired"
    assert house.do(who, "collections.request-purge", args, at=10 * DAY).code == "illegal_transition"


def test_a_purge_under_way_is_not_begun_again_by_taking_the_voucher_back(house):
    voucher = house.grant(expires_ms=10 * DAY)
    record = house.released(voucher)
    house.do("ann", "collections.request-purge", PurgeArgs(record, voucher), at=10 * DAY)
    before = house.deposit(record)
    assert house.do("ann", "consent.revoke", VoucherArgs(voucher), at=11 * DAY).output["purge_requested"] == ()
    assert house.deposit(record) == before


def test_a_voucher_under_which_much_was_read_can_still_be_taken_back(house, monkeypatch):
    monkeypatch.setattr("node.contracts.deposits.PURGES_AT_ONCE", 3)
    voucher = house.grant()
    records = [house.released(voucher) for _ in range(5)]
    outcome = house.do("ann", "consent.revoke", VoucherArgs(voucher))
    begun = outcome.output["purge_requested"]
    assert (outcome.code, len(begun), PURGES_AT_ONCE) == ("ok", 3, 256)
    for record in records:
        expected = "illegal_transition" if record in begun else "ok"
        assert house.do("ann", "collections.request-purge", PurgeArgs(record, voucher)).code == expected


def test_late_attestations_are_brought_before_the_regulator_once_each(house):
    voucher = house.grant()
    record = house.released(voucher)
    report = ("ann", "collections.report-overdue", RecordArgs(record))
    assert house.do(*report).code == "no_purge_under_way"
    house.do("ann", "consent.revoke", VoucherArgs(voucher))
    assert house.do(*report, at=ATTEST_WITHIN_MS).code == "not_overdue"
    assert list(overdue(house.tree, ATTEST_WITHIN_MS)) == []
    late = ATTEST_WITHIN_MS + 1
    assert list(overdue(house.tree, late)) == [(record, name, ATTEST_WITHIN_MS) for name in MEMBERS]
    outcome = house.do(*report, at=late)
    assert outcome.output["overdue"] == MEMBERS
    assert [(e.kind, e.is_for("regulator", "regulator"), e.is_for("bob", "patient")) for e in outcome.events] == [
        ("purge_overdue", True, False)
    ]
    assert house.do(*report, at=late).code == "reported_already"
    house.attest("bureau", record, at=late)
    assert house.do(*report, at=late).output["overdue"] == ("insurer-1",)
    house.attest("insurer-1", record, at=late)
    assert list(overdue(house.tree, late)) == []


def test_members_agree_on_how_long_payloads_live_and_how_soon_a_purge_is_attested(house):
    form = FormArgs(MEMBERS, 100, DAY)
    assert house.do("bureau", "collections.form", form).code == "signature_missing"
    assert house.do("bureau", "collections.form", FormArgs(MEMBERS[::-1], 1, 1), cosigners=("insurer-1",)).code == (
        "members_out_of_order"
    )
    outcome = house.do("bureau", "collections.form", form, cosigners=("insurer-1",))
    assert outcome.output == {"collection": collection_key(MEMBERS)}
    voucher = house.grant()
    assert [house.answer(voucher, blocks_to_live=blocks).code for blocks in (0, 101)] == ["lives_too_long"] * 2
    record = house.released(voucher, blocks_to_live=100)
    deposit = house.deposit(record)
    assert (deposit.until, deposit.attest_within_ms) == (100, DAY)
    stranger = FormArgs(("bureau", "regulator"), 0, DAY)
    assert house.do("bureau", "collections.form", stranger, cosigners=("regulator",)).code == "wrong_role"


def test_what_has_lived_long_enough_is_attested_to_be_gone_without_anyone_asking(house):
    house.height = 7
    record = house.released(house.grant(), blocks_to_live=10)
    assert house.deposit(record).until == 17
    house.height = 16
    assert house.attest("bureau", record).code == "illegal_transition"
    house.height = 17
    outcome = house.attest("bureau", record, at=DAY)
    assert [event.kind for event in outcome.events] == ["purge_requested", "purge_attested"]
    deposit = house.deposit(record)
    assert (deposit.state, deposit.reason, deposit.due_ms) == ("PURGING", "lived", DAY + ATTEST_WITHIN_MS)
    assert house.attest("insurer-1", record).output["left"] == 0
    forever = house.released(house.grant())
    assert house.attest("bureau", forever).code == "illegal_transition"


def test_a_voucher_that_is_taken_back_is_gone_for_the_next_transaction_of_the_same_block(house):
    voucher = house.grant()
    house.do("insurer-1", "consent.ask", AskArgs(ANN, "insurer-1", "bureau", "claim", ("visit",), ""))
    query, record = f"insurer-1/{house._numbers['insurer-1']}", f"bureau/{house._numbers['bureau'] + 1}"
    args = AnswerArgs(query, voucher, sealed(record, {"visit": "x"}, MEMBERS))
    revoked = house.transaction("ann", "consent.revoke", VoucherArgs(voucher))
    answered = house.transaction("bureau", "consent.answer", args, cosigners=("insurer-1",))
    assert [outcome.code for outcome in house.run(revoked, answered).outcomes] == ["ok", "voucher_revoked"]


def test_a_refused_answer_leaves_no_deposit(house):
    voucher = house.grant(expires_ms=DAY)
    assert house.answer(voucher, at=DAY).code == "voucher_expired"
    assert list(house.tree.items("deposits")) == list(house.tree.items("releases")) == []


def test_a_person_answers_for_their_own_device_and_nobody_elses(house):
    voucher = house.grant()
    outcome = house.answer(voucher, collected=False, holder="ann")
    assert outcome.code == "ok"
    ask = AskArgs(ANN, "insurer-1", "bob", "claim", ("visit",), "")
    assert house.do("insurer-1", "consent.ask", ask).code == "wrong_role"


def test_nothing_of_it_is_business_state(house):
    assert not any(house.contracts["collections"].records[i].business for i in range(3))
