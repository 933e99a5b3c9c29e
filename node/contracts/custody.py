"""Third-party custody of digital policies 数字保单第三方托管 (row 23).

The insurer hands the same policy document to a custodian, sealed; the custodian compares the fingerprint of what it
holds with the chain's. Insurer, custodian and chain would have to lie together to change a policy unseen.
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, ObjectId, Record
from node.contracts.policy import Policy, is_document_of
from node.ledger.transaction import Name
from node.privacy.envelope import Envelope


class Custody(Record, frozen=True):
    """A policy in custody; the key is the policy. ``comparisons`` counts, ``mismatches`` are those that failed."""

    namespace: ClassVar[str] = "custody"

    custodian: str
    comparisons: int
    mismatches: int


KEEPERS = ("broker", "custodian")
"""Who may keep policies for others."""

MISMATCH = EventKind("policy_mismatch", parties=("custodian", "holder", "insurer"))

contract = Contract("custody", records=(Custody,), events=(MISMATCH,))


class DepositArgs(Arguments, frozen=True):
    """A policy for a custodian: the document with its salt, sealed to it."""

    policy: ObjectId
    custodian: Name
    document: Envelope


class CompareArgs(Arguments, frozen=True):
    """The fingerprint of the document that the custodian holds."""

    policy: ObjectId
    fingerprint: Digest


@contract.action(roles=("insurer",))
def deposit(ctx: Context, args: DepositArgs) -> Plain:
    """Give a policy into custody, again when it was amended; the custodian sees that document and nothing else."""
    policy = ctx.find(Policy, args.policy)
    ctx.require(policy.insurer == ctx.client, "wrong_insurer", policy.insurer)
    ctx.require(ctx.role_of(args.custodian) in KEEPERS, "wrong_role", args.custodian)
    ctx.require(args.custodian in args.document.recipients, "wrong_recipients", args.custodian)
    earlier = ctx.get(Custody, args.policy)
    ctx.require(earlier is None or earlier.custodian == args.custodian, "in_custody_already", args.policy)
    ctx.carry(args.document, ctx.object_id)
    if earlier is None:
        ctx.put(args.policy, Custody(custodian=args.custodian, comparisons=0, mismatches=0))
    return {"policy": args.policy}


@contract.action(roles=KEEPERS)
def compare(ctx: Context, args: CompareArgs) -> Plain:
    """Compare the document in custody with the policy on the chain; holder and insurer are told of a mismatch."""
    custody = ctx.find(Custody, args.policy)
    ctx.require(custody.custodian == ctx.client, "wrong_custodian", custody.custodian)
    policy = ctx.find(Policy, args.policy)
    matches = is_document_of(policy, args.fingerprint)
    compared = Custody(
        custodian=custody.custodian,
        comparisons=custody.comparisons + 1,
        mismatches=custody.mismatches + (not matches),
    )
    ctx.put(args.policy, compared)
    if not matches:
        ctx.emit(
            "policy_mismatch",
            policy=args.policy,
            custodian=ctx.client,
            holder=policy.holder,
            insurer=policy.insurer,
        )
    return {"matches": matches, "mismatches": compared.mismatches}
