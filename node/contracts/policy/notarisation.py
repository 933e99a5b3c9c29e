"""Notarisation 保单存证 and verification of policies (rows 7, 8, 23).

By the holder's choice a policy is put on record and gets a hash that is unique; a second one is refused. The hash is
salted, so that nobody can find out by trying which policy it stands for. Anyone who is shown a policy can compare its
fingerprint; one changed bit, also a silent edit by the insurer, shows.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, Digest, ObjectId
from node.contracts.policy.records import Notarisation, Policy, contract, find_own


class NotariseArgs(Arguments, frozen=True):
    """Which policy, and 32 bytes of the holder's choice, so that the hash cannot be foretold."""

    policy: ObjectId
    salt: Digest


class VerifyArgs(Arguments, frozen=True):
    """A policy, and the fingerprint of the document that is held to be it."""

    policy: ObjectId
    fingerprint: Digest


@contract.action(roles=("patient",))
def notarise(ctx: Context, args: NotariseArgs) -> Plain:
    """By the holder's choice: put the policy on record and get its unique hash back."""
    policy = find_own(ctx, args.policy)
    ctx.require(policy.state == "IN_FORCE", "policy_not_in_force", args.policy)
    unique = notarisation_hash(args.policy, policy.fingerprint, args.salt)
    fresh = not policy.notarisation and ctx.get(Notarisation, unique) is None
    ctx.require(fresh, "already_notarised", args.policy)
    ctx.put(args.policy, replace(policy, notarisation=unique))
    record = Notarisation(
        policy=args.policy, holder=ctx.client, authorisation=policy.authorisation, time_ms=ctx.time_ms
    )
    ctx.put(unique, record)
    return {"hash": unique}


@contract.action()
def verify(ctx: Context, args: VerifyArgs) -> Plain:
    """Compare the fingerprint of a document with the policy's; whoever was shown a policy may ask."""
    return {"matches": is_document_of(ctx.find(Policy, args.policy), args.fingerprint)}


def is_document_of(policy: Policy, fingerprint: str) -> bool:
    """Is the document with that fingerprint the policy's, to the last bit?"""
    return policy.fingerprint == fingerprint


def notarisation_hash(policy_id: str, fingerprint: str, salt: str) -> str:
    """SHA-256 of msgpack ``["consortium/policy", policy, fingerprint, salt]``, in hex."""
    return sha256(msgspec.msgpack.encode(("consortium/policy", policy_id, fingerprint, salt))).hexdigest()
