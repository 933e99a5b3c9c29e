"""Lies about the three phases: to some, of another block, in another view, at another height, in another's name."""

from __future__ import annotations

import msgspec

from consensus.chain import Block
from consensus.pbft.certificates import pre_prepare_bytes
from consensus.pbft.messages import Checkpoint, CommitVote, NewView, Prepare, PrePrepare, ViewChange
from consensus.vocabulary import Broadcast, Reply
from network.virtual.bare.messages import Done
from node.ledger.merkle import merkle_root
from scenarios.adversary.byzantine.node import Outward, Voice
from scenarios.adversary.byzantine.signing import resigned

FAR = 1_000_000
"""So many views on, nobody is left to ask."""

_VOTES = (PrePrepare, Prepare, CommitVote)
_PROTOCOL = (*_VOTES, ViewChange, NewView, Checkpoint)


def equivocate(voice: Voice, effect: Outward) -> list[Outward]:
    """Tells half of the others another block, or another hash, at the same view and height."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, _VOTES):
        return [effect]
    if isinstance(message, PrePrepare):
        lie = resigned(message, voice.crypto, block=_another(message.block))
    else:
        lie = resigned(message, voice.crypto, hash=bytes(31) + b"\1")
    return voice.split(effect, lie)


def _another(block: Block) -> Block:
    """A block for the same place that is in order by itself: the same transactions, stated by an older state."""
    header = msgspec.structs.replace(block.header, state_height=0, state=block.header.state, round=block.round)
    return Block(header, block.transactions[:-1] if block.transactions else ())


def conspire(voice: Voice, effect: Outward) -> list[Outward]:
    """Tells either half of the others, by number, of another block, and votes for each where it is told of.

    Liars who do so need not speak to each other: which two blocks there are follows from either, and the halves from
    the numbers. With more than f of them each half may come to a quorum of its own.
    """
    message, block = effect.message, voice.block
    if isinstance(message, PrePrepare):
        block = message.block
    if isinstance(effect, Reply) or not isinstance(message, PrePrepare | Prepare) or block is None:
        return [effect]
    pair = sorted((block, _rival(block)), key=lambda one: one.hash)
    told: list[Outward] = []
    for half, told_of in enumerate(pair):
        receivers = tuple(node for node in voice.receivers(effect) if node % 2 == half)
        if isinstance(message, PrePrepare):
            said = resigned(message, voice.crypto, block=told_of)
        else:
            said = resigned(message, voice.crypto, hash=told_of.hash)
        vote = CommitVote(message.view, block.height, told_of.hash, voice.me, b"")
        told += [Broadcast(one, to=receivers) for one in (said, resigned(vote, voice.crypto))] if receivers else []
    return told


def _rival(block: Block) -> Block:
    """Another block for the same place that is in order: first and last transaction change places; its own rival's."""
    if len(block.transactions) < 2:
        return block
    first, *between, last = block.transactions
    turned = (last, *between, first)
    return Block(msgspec.structs.replace(block.header, transactions=merkle_root(turned)), turned)


def withhold(voice: Voice, effect: Outward) -> list[Outward]:
    """Loses half of its own protocol messages."""
    lost = isinstance(effect.message, _PROTOCOL) and voice.draws.below(2) == 0
    return [] if lost else [effect]


def mute(voice: Voice, effect: Outward) -> list[Outward]:
    """Never speaks to some."""
    if isinstance(effect, Reply):
        return [effect]
    receivers = voice.receivers(effect)
    heard = tuple(node for node in receivers if node not in voice.some)
    if heard == receivers:
        return [effect]
    return [Broadcast(effect.message, to=heard)] if heard else []


def replay(voice: Voice, effect: Outward) -> list[Outward]:
    """Says again something that it said long ago."""
    if isinstance(effect, Reply) or not voice.said or voice.draws.below(4):
        return [effect]
    old = voice.said[voice.draws.below(len(voice.said))]
    return [effect] if isinstance(old, Done) else [effect, Broadcast(old, to=voice.others)]


def forge(voice: Voice, effect: Outward) -> list[Outward]:
    """Votes in the name of another as well, with its own signature, and with none that fits."""
    message = effect.message
    if not isinstance(message, Prepare | CommitVote) or isinstance(effect, Reply):
        return [effect]
    name = voice.others[voice.draws.below(len(voice.others))]
    return [effect, Broadcast(resigned(message, voice.crypto, replica=name), to=voice.receivers(effect))]


def wrong_digest(voice: Voice, effect: Outward) -> list[Outward]:
    """Votes for a block that nobody proposed."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, Prepare | CommitVote) or voice.draws.below(3):
        return [effect]
    return [Broadcast(resigned(message, voice.crypto, hash=b"\7" * 32), to=voice.receivers(effect))]


def wrong_view(voice: Voice, effect: Outward) -> list[Outward]:
    """Speaks in the view before or after; or proposes as the primary of its own next view, which nobody is in."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, (*_VOTES, ViewChange)) or voice.draws.below(3):
        return [effect]
    if isinstance(message, Prepare) and voice.block is not None and voice.draws.below(2):
        return [effect, Broadcast(_far(voice, voice.block, message), to=voice.receivers(effect))]
    view = max(0, message.view + 1 - 2 * voice.draws.below(2))
    return [effect, Broadcast(resigned(message, voice.crypto, view=view), to=voice.receivers(effect))]


def _far(voice: Voice, like: Block, vote: Prepare) -> PrePrepare:
    """A PRE-PREPARE for the height above ``vote``, in the liar's own next view, or in one that nobody lives to see."""
    first = vote.view + 1 + (FAR if voice.draws.below(2) else 0)
    view = next(later for later in range(first, first + len(voice.voters)) if _leads(voice, later))
    header = msgspec.structs.replace(
        like.header, height=vote.height + 1, parent=vote.hash, round=view, proposer=voice.me
    )
    signature = voice.crypto.sign(pre_prepare_bytes(view, header.height, header.hash))
    return PrePrepare(view, Block(header, like.transactions), signature)


def _leads(voice: Voice, view: int) -> bool:
    return voice.voters[view % len(voice.voters)] == voice.me


def wrong_sequence(voice: Voice, effect: Outward) -> list[Outward]:
    """Votes at the height before or after, or far beyond the window."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, Prepare | CommitVote) or voice.draws.below(3):
        return [effect]
    height = max(0, message.height + (1, -1, 100)[voice.draws.below(3)])
    return [effect, Broadcast(resigned(message, voice.crypto, height=height), to=voice.receivers(effect))]
