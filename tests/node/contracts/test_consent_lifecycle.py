"""The whole life of consent, against a model: who asks, grants, revokes, answers and purges, in any order.

The model knows the rules in a few lines and nothing of the contracts. Whatever happens, reads and access records are
the same in number and content, nothing is read without a live voucher that covers it, and what was released under a
voucher that is gone can only be on its way out.
"""

from collections import Counter
from random import Random

import pytest

from node.contracts import access, consent
from node.contracts.access import DeployArgs, FileArgs, InstitutionArgs, NoArgs, UseArgs
from node.contracts.collections import PurgeArgs, RecordArgs
from node.contracts.consent import AnswerArgs, AskArgs, GrantArgs, RegisterArgs, VoucherArgs
from node.privacy.envelope import Collected
from tests.node.contracts.network import Network
from tests.node.contracts.parties import sealed

FIELDS = ("birth_date", "insured_status", "visit")
SUBJECTS = {"aa" * 32: ("ann",), "bb" * 32: ("bob", "ann")}
INSURERS = ("insurer-1", "insurer-2")
PURPOSES = {"claim": ("visit", "insured_status"), "underwriting": FIELDS}
TIMEOUT = 40
HOLDERS = ("bureau", "hospital-1")

PEOPLE = ("ann", "bob")


def house():
    network = Network(
        settings=[
            ("access", access.Settings(tuple((name, name) for name in FIELDS))),
            ("consent", consent.Settings(query_timeout_ms=TIMEOUT)),
        ]
    )
    network.do("bureau", "consent.register", RegisterArgs(tuple(SUBJECTS.items())))
    uses = tuple(UseArgs(purpose, fields) for purpose, fields in PURPOSES.items())
    for name in INSURERS:
        whose = InstitutionArgs(name)
        network.do(name, "access.file", FileArgs(uses, "business"))
        network.do("bureau", "access.approve", whose)
        network.do(name, "access.deploy", DeployArgs(name, "1"))
        network.do(name, "access.test", NoArgs())
        assert network.do("bureau", "access.go-live", whose).code == "ok"
    return network


class Lives:
    """A walk: each step does something that ``draw`` chooses, and compares what came of it with the model."""

    def __init__(self, seed):
        self.network = house()
        self.draw = Random(seed)
        self.outcomes = Counter()
        self.now = 0
        self.granted = {}  # voucher -> what it says, and whether it was taken back
        self.asked = {}  # query -> what it says, and whether it was answered
        self.reads = {}  # (query, field) -> voucher
        self.held = {}  # record of a collection -> voucher, members who attested
        self.purging = set()

    def do(self, who, what, args, **options):
        outcome = self.network.do(who, what, args, at=self.now, **options)
        self.outcomes[what, outcome.code] += 1
        return outcome

    def some_fields(self):
        return tuple(sorted(self.draw.sample(FIELDS, self.draw.randint(1, len(FIELDS)))))

    def query(self):
        """One of those asked lately."""
        return self.draw.choice(list(self.asked)[-4:])

    def voucher(self, *fitting):
        """One of ``fitting``, where there are any; now and then just any, or one that there is not."""
        kind = self.draw.random()
        if kind < 0.1:
            return "ann/99999"
        return self.draw.choice(fitting if fitting and kind < 0.8 else [*list(self.granted)[-6:], "ann/99999"])

    # Steps

    def ask(self):
        asked = {
            "subject": self.draw.choice(sorted(SUBJECTS)),
            "reader": self.draw.choice(INSURERS),
            "purpose": self.draw.choice(sorted(PURPOSES)),
            "fields": self.some_fields(),
        }
        holder = self.draw.choice(HOLDERS)
        args = AskArgs(asked["subject"], asked["reader"], holder, asked["purpose"], asked["fields"], "")
        query = self.do(asked["reader"], "consent.ask", args).output["query"]
        self.asked[query] = {**asked, "holder": holder, "at": self.now, "answered": False}

    def grant(self):
        """Meant for a query, all but one part of it perhaps."""
        said = dict(self.asked[self.query()])
        if self.draw.random() < 0.3:
            part, choices = self.draw.choice(
                [("subject", sorted(SUBJECTS)), ("reader", INSURERS), ("purpose", sorted(PURPOSES))]
            )
            said[part] = self.draw.choice(choices)
        said |= {"fields": self.some_fields(), "expires": self.now + self.draw.randint(5, 60), "revoked": False}
        who = self.draw.choice(PEOPLE)
        args = GrantArgs(said["subject"], said["reader"], said["purpose"], said["fields"], "", said["expires"])
        outcome = self.do(who, "consent.grant", args)
        if who not in SUBJECTS[said["subject"]]:
            assert outcome.code == "not_the_subject"
        else:
            self.granted[outcome.output["voucher"]] = said

    def revoke(self):
        who = self.draw.choice(PEOPLE)
        voucher = self.voucher(*(under for under, _ in self.held.values()), *self.granted)
        outcome = self.do(who, "consent.revoke", VoucherArgs(voucher))
        said = self.granted.get(voucher)
        if said is None:
            assert outcome.code == "unknown_voucher"
        elif who not in SUBJECTS[said["subject"]]:
            assert outcome.code == "not_the_subject"
        elif said["revoked"]:
            assert outcome.code == "illegal_transition"
        else:
            assert outcome.code == "ok"
            said["revoked"] = True
            due = {record for record, (under, _) in self.held.items() if under == voucher} - self.purging
            assert set(outcome.output["purge_requested"]) == due
            self.purging |= due

    def covers(self, voucher, query):
        said, asked = self.granted.get(voucher), self.asked[query]
        return (
            said is not None
            and not asked["answered"]
            and self.now <= asked["at"] + TIMEOUT
            and not said["revoked"]
            and self.now < said["expires"]
            and all(said[part] == asked[part] for part in ("subject", "reader", "purpose"))
        )

    def answer(self):
        """Under a voucher that fits, if there is one; as a rule with every signature."""
        query = self.query()
        voucher = self.voucher(*(voucher for voucher in self.granted if self.covers(voucher, query)))
        asked, said = self.asked[query], self.granted.get(voucher, {"fields": ()})
        filed = PURPOSES[asked["purpose"]]
        fields = tuple(name for name in asked["fields"] if name in said["fields"] and name in filed)
        holder, reader = asked["holder"], asked["reader"]
        record = f"{holder}/{self.network._numbers.get(holder, 0) + 1}"
        parties = tuple(sorted((holder, reader)))
        envelope = sealed(record, dict.fromkeys(fields or ("visit",), "x"), parties)
        collected, signed = self.draw.random() < 0.7, self.draw.random() < 0.9
        if collected:
            envelope = Collected(record, 0, envelope.commitments, parties, 0)
        cosigners = ({reader, "bureau"} if signed else {"bureau"}) - {holder}
        outcome = self.do(holder, "consent.answer", AnswerArgs(query, voucher, envelope), cosigners=cosigners)
        expected = bool(signed and fields and self.covers(voucher, query))
        assert (outcome.code == "ok") == expected
        assert bool(outcome.envelopes) == expected
        if not expected:
            return
        assert outcome.output["granted"] == fields
        asked["answered"] = True
        self.reads |= {(query, field): voucher for field in fields}
        if collected:
            self.held[record] = (voucher, set())

    def request_purge(self):
        record = self.draw.choice(sorted(self.held))
        under, _ = self.held[record]
        voucher = self.voucher(under)
        who = self.draw.choice((*PEOPLE, "bureau", *INSURERS))
        outcome = self.do(who, "collections.request-purge", PurgeArgs(record, voucher))
        said = self.granted[under]
        members = self.network.tree.get("deposits", record).members
        expected = (
            voucher == under
            and record not in self.purging
            and (said["revoked"] or self.now >= said["expires"])
            and (who in SUBJECTS[said["subject"]] or who in members)
        )
        assert (outcome.code == "ok") == expected
        if expected:
            self.purging.add(record)

    def attest(self):
        record = self.draw.choice(sorted(self.held))
        who = self.draw.choice((*HOLDERS, *INSURERS))
        outcome = self.do(who, "collections.attest", RecordArgs(record))
        members = self.network.tree.get("deposits", record).members
        _, attested = self.held[record]
        expected = record in self.purging and who in members and who not in attested
        assert (outcome.code == "ok") == expected
        if expected:
            attested.add(who)

    def step(self):
        possible = [self.ask]
        possible += [self.grant, self.grant, self.answer, self.answer] if self.asked else []
        possible += [self.request_purge, self.attest, self.attest] if self.held else []
        possible += [self.revoke] if self.granted else []
        self.draw.choice(possible)()
        self.now += self.draw.choice((0, 0, 1, 1, 5, 20))

    # What holds after each

    def require_reads_and_records_to_agree(self):
        log = dict(self.network.tree.items("access_log"))
        assert {key: entry.voucher for key, entry in log.items()} == {
            f"{query}/{field}": voucher for (query, field), voucher in self.reads.items()
        }
        for key, entry in log.items():
            asked = self.asked[key.rpartition("/")[0]]
            assert (entry.reader, entry.holder, entry.subject) == (asked["reader"], asked["holder"], asked["subject"])

    def require_deposits_to_be_on_their_way_out(self):
        deposits = dict(self.network.tree.items("deposits"))
        assert set(deposits) == set(self.held)
        for record, (voucher, attested) in self.held.items():
            deposit = deposits[record]
            gone = record in self.purging and attested == set(deposit.members)
            assert deposit.state == ("PURGED" if gone else "PURGING" if record in self.purging else "HELD")
            assert {name for name, _ in deposit.attested} == attested
            if self.granted[voucher]["revoked"]:
                assert deposit.state != "HELD"


def walk(seed, steps=150):
    lives = Lives(seed)
    for _ in range(steps):
        lives.step()
        lives.require_reads_and_records_to_agree()
        lives.require_deposits_to_be_on_their_way_out()
    return lives


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_consent_holds(seed):
    assert walk(seed).reads


def test_the_walks_come_by_every_outcome_that_there_is():
    seen = sum((walk(seed).outcomes for seed in range(8, 20)), Counter())
    wanted = {
        "consent.grant": ("ok", "not_the_subject"),
        "consent.revoke": ("ok", "not_the_subject", "illegal_transition", "unknown_voucher"),
        "consent.answer": (
            *("ok", "signature_missing", "illegal_transition", "query_timed_out", "voucher_revoked", "voucher_expired"),
            *("wrong_subject", "wrong_audience", "wrong_purpose", "nothing_granted", "unknown_voucher"),
        ),
        "collections.request-purge": ("ok", "voucher_live", "not_concerned", "unknown_release", "illegal_transition"),
        "collections.attest": ("ok", "illegal_transition", "not_a_member", "attested_already"),
    }
    assert [(what, code) for what, codes in wanted.items() for code in codes if not seen[what, code]] == []
