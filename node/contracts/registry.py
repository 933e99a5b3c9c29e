"""The consortium's registry 联盟成员名册: clients and nodes certified, revoked, re-issued; voters voted in and out.

Organisations and people are who the consortium says they are: every change carries the approvals of a quorum of voting
members, made with their nodes' keys (:mod:`node.membership.rule`), so whoever submits it needs no role (auditors, who
know no roles, apply the same rule). A client that lost its key 私钥丢失 gets another by the members' votes, keeping its
name and all that belongs to it (row 61). Who may *read data* is another matter: the bureau's
(:mod:`node.contracts.access`, row 2). Neither gives the other.

A ``members`` change stands alone in its block and is judged before it is ordered, so here it is only written down.
"""

from __future__ import annotations

from consensus.chain import Natural
from node.contracts.context import Context, Plain, Refusal
from node.contracts.contract import ANYONE, Contract
from node.contracts.fields import Arguments
from node.membership import Certify, Order, RegistryRefusal, Reissue, Revoke, carry_out
from node.membership.certificates import RECORDS
from node.membership.changes import REGISTRY, Approvals, Members

contract = Contract(REGISTRY, records=RECORDS, reads_chain=True)


class CertifyArgs(Arguments, frozen=True):
    """A new client or node, and who approves of it."""

    sequence: Natural
    change: Certify
    approvals: Approvals


class RevokeArgs(Arguments, frozen=True):
    """Whose key is to end, and who approves of it."""

    sequence: Natural
    change: Revoke
    approvals: Approvals


class ReissueArgs(Arguments, frozen=True):
    """A client's next key, and who approves of it."""

    sequence: Natural
    change: Reissue
    approvals: Approvals


class MembersArgs(Arguments, frozen=True):
    """Who is to vote and who no longer, and who approves of it."""

    sequence: Natural
    change: Members
    approvals: Approvals


@contract.action(roles=ANYONE)
def certify(ctx: Context, args: CertifyArgs) -> Plain:
    """Let a client or a node in 成员准入, as a quorum of the nodes that vote has signed."""
    return _carry_out(ctx, "certify", args)


@contract.action(roles=ANYONE)
def revoke(ctx: Context, args: RevokeArgs) -> Plain:
    """End a client's or a node's key 证书吊销, as a quorum of the nodes that vote has signed."""
    return _carry_out(ctx, "revoke", args)


@contract.action(roles=ANYONE)
def reissue(ctx: Context, args: ReissueArgs) -> Plain:
    """Give a client its next key 密钥补发, as such a quorum has signed; one that was lost is dead from then on."""
    return _carry_out(ctx, "reissue", args)


@contract.action(roles=ANYONE)
def members(ctx: Context, args: MembersArgs) -> Plain:
    """Change who votes in the consensus 共识成员变更, as a quorum of those who vote has signed."""
    return _carry_out(ctx, "members", args)


def _carry_out(ctx: Context, action: str, args: CertifyArgs | RevokeArgs | ReissueArgs | MembersArgs) -> Plain:
    chain = ctx.chain
    order = Order(args.sequence, args.change, args.approvals)
    try:
        records = carry_out(chain.registry, action, order, chain.height, chain.verify)
    except RegistryRefusal as refusal:
        raise Refusal(refusal.code, refusal.detail) from None
    for (_, key), record in records.items():
        ctx.put(key, record)
    return {"sequence": args.sequence}
