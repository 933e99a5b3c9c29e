"""Somebody insured, and a claim of theirs, step by step: what tests of claims begin with."""

from __future__ import annotations

from itertools import count

import msgspec

from node.contracts import accounts, claims, versions
from node.contracts.accounts import Opening, account
from node.contracts.claims import Claim, ClaimArgs, HandInArgs, NotifyArgs, ReasonArgs
from node.contracts.claims.reserves import outstanding
from node.contracts.policy import Holding, Policy
from node.contracts.products import Benefit
from node.contracts.vouchers import Subject
from node.ledger.records import Record
from tests.node.contracts.network import Network

ANN = "aa" * 32
POLICY = "insurer-1/900"
CASH = 10**8
SUM = 1_000_000
RESERVE = 50_000
BENEFIT = Benefit("inpatient", 0, SUM, 0, 1_000_000, ("self-paid",))
OTHER = Benefit("hepatitis", 0, SUM // 2, 0, 1_000_000, ())
PANEL = ("broker", "reinsurer", "bob", "insurer-1")


def blank(kind: type[Record], **values):
    """A record with nothing in it but ``values``."""
    empty = {"str": "", "int": 0}
    known = {field.name: empty.get(str(field.type), ()) for field in msgspec.structs.fields(kind)}
    hints = kind.__annotations__
    known = {name: values.get(name, empty.get(hints[name], ())) for name in known}
    return kind(**known)


def house(*, needed=2, starts=100, reserves=(("inpatient", RESERVE),)):
    openings = tuple(Opening(who, CASH) for who in ("insurer-1", "insurer-2", "ann", "broker", "hospital-1"))
    council = versions.Settings(("insurer-1", "insurer-2", "bureau"), 2, 1_000)
    network = Network(
        settings=[
            ("accounts", accounts.Settings(openings)),
            ("claims", claims.Settings(PANEL, needed, reserves)),
            ("versions", council),
        ]
    )
    return insured(network, starts)


def insured(network, starts=100):
    """The network, and ann insured with insurer-1."""
    ends = dict.fromkeys(("ends_ms", "covered_to_ms"), 10**9)
    facts = {"state": "IN_FORCE", "holder": "ann", "subject": ANN, "insurer": "insurer-1", "starts_ms": starts, **ends}
    policy = blank(Policy, benefits=(BENEFIT, OTHER), covered_from_ms=starts, **facts)
    network.tree = network.tree.update(
        {
            ("policies", POLICY): policy,
            ("holdings", ANN): Holding((POLICY,)),
            ("subjects", ANN): Subject(("ann",)),
        }
    )
    return network


class Case:
    """One claim, reported by its patient."""

    def __init__(self, network=None, at=1_000, benefit="inpatient"):
        self.network = network or house()
        self.at = at
        self.numbers = count(1)
        told = self.do("ann", "notify", NotifyArgs(ANN, "hospital-1", benefit))
        self.id = told.output["claim"]

    def do(self, who, action, args, **options):
        self.at += 1
        return self.network.do(who, f"claims.{action}", args, at=self.at, **options)

    def of(self, who, action, reason=None, **options):
        args = ClaimArgs(self.id) if reason is None else ReasonArgs(self.id, reason)
        return self.do(who, action, args, **options)

    def papers(self, *charges, stay=1, invoice=None, **options):
        token = f"{invoice or 1_000 + next(self.numbers):064x}"
        args = HandInArgs(self.id, token, f"{stay:064x}", charges or (("bed", 30_000), ("self-paid", 5_000)), ANN)
        return self.do("ann", "hand-in", args, **{"cosigners": ("hospital-1",), **options})

    def approved(self, *charges, **options):
        self.of("insurer-1", "check")
        self.of("insurer-1", "request-papers", "no_voucher")
        self.papers(*charges, **options)
        return self.of("insurer-1", "assess")

    @property
    def claim(self) -> Claim:
        return self.network.tree.get("claims", self.id)

    def balance(self, who, kind="cash"):
        found = self.network.tree.get("accounts", account(who, kind))
        return found.balance_fen if found else 0

    @property
    def reserve(self):
        kept = self.network.tree.get("case_reserves", self.id)
        assert -self.balance("insurer-1", "reserve") == outstanding(self.network.tree, "insurer-1")
        assert self.balance("insurer-1", "reserve-movement") == outstanding(self.network.tree, "insurer-1")
        return kept.reserve_fen if kept else 0
