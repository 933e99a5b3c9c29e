"""Lies about what is proven: in VIEW-CHANGEs and NEW-VIEWs, in CHECKPOINTs, and to whoever is behind."""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.chain import Block, Certificate
from consensus.pbft.messages import (
    Checkpoint,
    Chunk,
    Fetched,
    Manifest,
    NewView,
    PreparedCertificate,
    PrePrepare,
    ViewChange,
)
from consensus.vocabulary import Broadcast, Reply, Send
from network.gossip import Decided, Position
from network.virtual.bare.messages import Done
from scenarios.adversary.byzantine.node import Outward, Voice
from scenarios.adversary.byzantine.signing import resigned


def bad_proofs(voice: Voice, effect: Outward) -> list[Outward]:
    """Changes views with proofs that are empty, doubled, mixed or made up; a new primary strays from what it must do.

    A third of what it says of views is the truth.
    """
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, ViewChange | NewView) or not voice.draws.below(3):
        return [effect]
    lie = _strayed(voice, message) if isinstance(message, NewView) else _misreported(voice, message)
    return [Broadcast(lie, to=voice.receivers(effect))]


def _misreported(voice: Voice, message: ViewChange) -> ViewChange:
    """A VIEW-CHANGE that reports something else."""
    prepared = message.prepared
    changed: Any
    match voice.draws.below(5):
        case 0:
            changed = ()
        case 1:
            changed = tuple(
                msgspec.structs.replace(one, prepares=one.prepares[:1] * len(one.prepares)) for one in prepared
            )
        case 2:
            changed = prepared[1:] + prepared[:1]
        case 3:
            changed = tuple(
                msgspec.structs.replace(one, header=msgspec.structs.replace(one.header, state=b"\5" * 32))
                for one in prepared
            )
        case _:
            changed = (*prepared, *_made_up(voice, message))
    return resigned(message, voice.crypto, prepared=changed)  # type: ignore[no-any-return]


def _made_up(voice: Voice, message: ViewChange) -> tuple[PreparedCertificate, ...]:
    """A certificate of the last view for a block of its own above what it reports, signed by itself alone."""
    if voice.block is None:
        return ()
    height, parent = message.height, message.hash
    if message.prepared:
        height, parent = message.prepared[-1].height, message.prepared[-1].hash
    view = message.view - 1
    header = msgspec.structs.replace(
        voice.block.header,
        height=height + 1,
        parent=parent,
        round=view,
        proposer=voice.voters[view % len(voice.voters)],
    )
    proposal = resigned(PrePrepare(view, Block(header, ()), b""), voice.crypto)
    backups = [node for node in voice.voters if node != header.proposer]
    signed = tuple((node, proposal.signature) for node in backups[: len(backups) * 2 // 3 + 1])
    return (PreparedCertificate(view, header, proposal.signature, signed),)


def _strayed(voice: Voice, message: NewView) -> NewView:
    """A NEW-VIEW that proposes less, or builds on a VIEW-CHANGE that it wrote itself in another's name."""
    changes = message.view_changes
    if voice.draws.below(2):
        return resigned(message, voice.crypto, pre_prepares=message.pre_prepares[:-1])  # type: ignore[no-any-return]
    others = [place for place, change in enumerate(changes) if change.replica != voice.me]
    place = others[voice.draws.below(len(others))]
    forged = resigned(changes[place], voice.crypto, prepared=())
    changed = (*changes[:place], forged, *changes[place + 1 :])
    return resigned(message, voice.crypto, view_changes=changed)  # type: ignore[no-any-return]


def lying_checkpoint(voice: Voice, effect: Outward) -> list[Outward]:
    """States another root than the one that it computed."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, Checkpoint):
        return [effect]
    return [Broadcast(resigned(message, voice.crypto, digest=b"\3" * 32), to=voice.receivers(effect))]


def lying_transfer(voice: Voice, effect: Outward) -> list[Outward]:
    """Gives those that are behind chunks, manifests and blocks that are not what was decided, asked for or not."""
    message = effect.message
    if not isinstance(effect, Send):
        return [effect]
    if isinstance(message, Position) and voice.block is not None and voice.draws.below(2):
        header = msgspec.structs.replace(voice.block.header, height=message.height + 1, parent=message.head)
        made_up = _restated(Block(header, voice.block.transactions))
        return [effect, Send(effect.to, Decided(((made_up, None),)))]
    lie = _instead(voice, message)
    return [effect] if lie is message else [Send(effect.to, lie)]


def _instead(voice: Voice, message: Any) -> Any:
    """What a lying helper answers in place of ``message``."""
    match message:
        case Chunk(data=bytes(data)):
            return msgspec.structs.replace(message, data=data[:-1] + bytes([data[-1] ^ 1]))
        case Manifest(snapshot=snapshot) if snapshot is not None:
            header = msgspec.structs.replace(snapshot.header, state=b"\4" * 32)
            proof = snapshot.certificate
            if proof is not None:
                proof = Certificate(proof.round, proof.height, header.hash, proof.signatures)
            return msgspec.structs.replace(
                message, snapshot=msgspec.structs.replace(snapshot, header=header, certificate=proof)
            )
        case Fetched(block=block):
            return Fetched(Block(block.header, (b"lies",)))
        case Decided(blocks=blocks) if voice.draws.below(2):
            return Decided(((_restated(blocks[0][0]), None), *blocks[1:]))
        case Decided(blocks=blocks):
            return Decided(tuple((Block(block.header, (b"lies",)), certificate) for block, certificate in blocks))
    return message


def _restated(block: Block) -> Block:
    """The same transactions in the same place, in a block that nobody proposed."""
    return Block(msgspec.structs.replace(block.header, round=block.round + 1), block.transactions)


def lying_reply(voice: Voice, effect: Outward) -> list[Outward]:  # noqa: ARG001 - a behaviour
    """Tells clients that all is done somewhere else."""
    message = effect.message
    if isinstance(effect, Reply) and isinstance(message, Done):
        return [Reply(effect.client, msgspec.structs.replace(message, height=message.height + 1))]
    return [effect]
