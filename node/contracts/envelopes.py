"""Sealed envelopes on the chain: which version of each stands, and sealing one anew when a party's key changes.

A payload is sealed to the keys that its parties have at the time. Once one of them has another, or has gone, whoever
can open it seals the same openings again, to the keys of now, as the next version. Nobody joins that way: to show a
payload to another is a release of its own, under the rules of the contract that it belongs to, and a consent where
there must be one.

What was sealed before stays on the chain, for whoever has the old key: sealing anew keeps a payload within reach of
its parties and takes it from nobody.
"""

from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

import msgspec

from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Readers, Record
from node.privacy.commitments import Commitments
from node.privacy.envelope import Sealed


class Enclosed(Record, frozen=True):
    """The version of a sealed payload that stands; the key is its record ("client/number").

    ``content``: SHA-256 of msgpack ``["consortium/content", commitments]``, in hex. No business state: how a payload is
    kept follows from the privacy mode of a run.
    """

    namespace: ClassVar[str] = "enclosed"
    business: ClassVar[bool] = False
    readers: ClassVar[Readers] = Readers.EVERYONE

    version: int
    content: str
    recipients: tuple[str, ...]


class ResealArgs(Arguments, frozen=True):
    """The same openings, sealed to the parties' keys of now."""

    envelope: Sealed


contract = Contract("envelopes", records=(Enclosed,))


@contract.action()
def reseal(ctx: Context, args: ResealArgs) -> Plain:
    """Seal a payload again, as its next version: by one of its parties, to them or to those who are left."""
    envelope = args.envelope
    known = ctx.find(Enclosed, envelope.record)
    ctx.require(ctx.client in known.recipients, "not_a_party", ctx.client)
    ctx.require(envelope.version == known.version + 1, "wrong_version", f"the next is {known.version + 1}")
    ctx.require(content_of(envelope.commitments) == known.content, "other_content", envelope.record)
    joining = tuple(name for name in envelope.recipients if name not in known.recipients)
    ctx.require(not joining, "nobody_joins", ", ".join(joining))
    ctx.carry(envelope, envelope.record)
    return {"record": envelope.record, "version": envelope.version}


def note(ctx: Context, envelope: Sealed) -> None:
    """Remember what stands of the record; the runtime does it for each sealed payload that a transaction carries."""
    standing = Enclosed(
        version=envelope.version, content=content_of(envelope.commitments), recipients=envelope.recipients
    )
    ctx.put(envelope.record, standing)


def content_of(commitments: Commitments) -> str:
    """What two versions of a payload have in common."""
    return sha256(msgspec.msgpack.encode(("consortium/content", commitments))).hexdigest()
