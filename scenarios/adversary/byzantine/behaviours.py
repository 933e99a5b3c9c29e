"""What Byzantine nodes do, by name. Each behaviour is one function, and a liar may have several.

Most strike now and then, not always: a node that only ever lies is soon of no more harm than a dead one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.chain import Block
from consensus.pbft.messages import (
    Checkpoint,
    Chunk,
    CommitVote,
    Fetched,
    Manifest,
    NewView,
    Prepare,
    PrePrepare,
    ViewChange,
)
from consensus.vocabulary import Broadcast, NodeId, Reply, Send
from network.gossip import Decided, Transactions
from network.requests import Submit
from network.virtual.bare.messages import Done, Request
from scenarios.adversary.byzantine.node import Hears, Outward, Speaks, Voice
from scenarios.adversary.byzantine.signing import resigned

_VOTES = (PrePrepare, Prepare, CommitVote)
_PROTOCOL = (*_VOTES, ViewChange, NewView, Checkpoint)


def _equivocate(voice: Voice, effect: Outward) -> list[Outward]:
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


def _withhold(voice: Voice, effect: Outward) -> list[Outward]:
    """Loses half of its own protocol messages."""
    lost = isinstance(effect.message, _PROTOCOL) and voice.draws.below(2) == 0
    return [] if lost else [effect]


def _mute(voice: Voice, effect: Outward) -> list[Outward]:
    """Never speaks to some."""
    if isinstance(effect, Reply):
        return [effect]
    heard = tuple(node for node in voice.receivers(effect) if node not in voice.some)
    return [Broadcast(effect.message, to=heard)] if heard else []


def _replay(voice: Voice, effect: Outward) -> list[Outward]:
    """Says again something that it said long ago."""
    if isinstance(effect, Reply) or not voice.said or voice.draws.below(4):
        return [effect]
    old = voice.said[voice.draws.below(len(voice.said))]
    return [effect] if isinstance(old, Done) else [effect, Broadcast(old, to=voice.others)]


def _forge(voice: Voice, effect: Outward) -> list[Outward]:
    """Votes in the name of another as well, with its own signature, and with none that fits."""
    message = effect.message
    if not isinstance(message, Prepare | CommitVote) or isinstance(effect, Reply):
        return [effect]
    name = voice.others[voice.draws.below(len(voice.others))]
    return [effect, Broadcast(resigned(message, voice.crypto, replica=name), to=voice.receivers(effect))]


def _digest(voice: Voice, effect: Outward) -> list[Outward]:
    """Votes for a block that nobody proposed."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, Prepare | CommitVote) or voice.draws.below(3):
        return [effect]
    return [Broadcast(resigned(message, voice.crypto, hash=b"\7" * 32), to=voice.receivers(effect))]


def _view(voice: Voice, effect: Outward) -> list[Outward]:
    """Speaks in the view before or after."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, (*_VOTES, ViewChange)) or voice.draws.below(3):
        return [effect]
    view = max(0, message.view + 1 - 2 * voice.draws.below(2))
    return [effect, Broadcast(resigned(message, voice.crypto, view=view), to=voice.receivers(effect))]


def _sequence(voice: Voice, effect: Outward) -> list[Outward]:
    """Votes at the height before or after, or far beyond the window."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, Prepare | CommitVote) or voice.draws.below(3):
        return [effect]
    height = max(0, message.height + (1, -1, 100)[voice.draws.below(3)])
    return [effect, Broadcast(resigned(message, voice.crypto, height=height), to=voice.receivers(effect))]


def _proofs(voice: Voice, effect: Outward) -> list[Outward]:
    """Changes views with proofs that are empty, doubled or mixed; as a new primary proposes other than it must."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, ViewChange | NewView):
        return [effect]
    if isinstance(message, NewView):
        lie = resigned(message, voice.crypto, pre_prepares=message.pre_prepares[:-1])
        return [Broadcast(lie, to=voice.receivers(effect))]
    prepared = message.prepared
    match voice.draws.below(3):
        case 0:
            changed: Any = ()
        case 1:
            changed = tuple(
                msgspec.structs.replace(one, prepares=one.prepares[:1] * len(one.prepares)) for one in prepared
            )
        case _:
            changed = prepared[1:] + prepared[:1]
    return [Broadcast(resigned(message, voice.crypto, prepared=changed), to=voice.receivers(effect))]


def _checkpoint(voice: Voice, effect: Outward) -> list[Outward]:
    """States another root than the one that it computed."""
    message = effect.message
    if isinstance(effect, Reply) or not isinstance(message, Checkpoint):
        return [effect]
    return [Broadcast(resigned(message, voice.crypto, digest=b"\3" * 32), to=voice.receivers(effect))]


def _transfer(voice: Voice, effect: Outward) -> list[Outward]:  # noqa: ARG001 - a behaviour
    """Answers whoever is behind with chunks, manifests and blocks that are not what was asked for."""
    message = effect.message
    if not isinstance(effect, Send):
        return [effect]
    match message:
        case Chunk(data=bytes()):
            return [Send(effect.to, msgspec.structs.replace(message, data=b"lies"))]
        case Manifest(snapshot=snapshot) if snapshot is not None:
            return [Send(effect.to, msgspec.structs.replace(message, height=message.height + 1))]
        case Fetched(block=block):
            return [Send(effect.to, Fetched(Block(block.header, (b"lies",))))]
        case Decided(blocks=blocks):
            bent = tuple((Block(block.header, (b"lies",)), certificate) for block, certificate in blocks)
            return [Send(effect.to, msgspec.structs.replace(message, blocks=bent))]
    return [effect]


def _reply(voice: Voice, effect: Outward) -> list[Outward]:  # noqa: ARG001 - a behaviour
    """Tells clients that all is done somewhere else."""
    message = effect.message
    if isinstance(effect, Reply) and isinstance(message, Done):
        return [Reply(effect.client, Done(message.number, message.height + 1, message.block))]
    return [effect]


def _as_ever(voice: Voice, effect: Outward) -> list[Outward]:  # noqa: ARG001 - a behaviour
    return [effect]


def _censors(voice: Voice, sender: NodeId, message: Any) -> bool:  # noqa: ARG001 - a behaviour
    """Never orders every third request, or every third client's."""
    if isinstance(message, Request):
        return message.number % 3 != 0
    if isinstance(message, Submit):
        return sum(message.client.encode()) % 3 != 0
    return not isinstance(message, Transactions)


def _listens(voice: Voice, sender: NodeId, message: Any) -> bool:  # noqa: ARG001 - a behaviour
    return True


class Behaviour(msgspec.Struct, frozen=True):
    """How a behaviour bends speaking and hearing. ``holds``: it says everything just under the timeout late."""

    speaks: Speaks = _as_ever
    hears: Hears = _listens
    holds: bool = False


BEHAVIOURS: dict[str, Behaviour] = {
    "equivocate": Behaviour(_equivocate),
    "withhold": Behaviour(_withhold),
    "mute": Behaviour(_mute),
    "replay": Behaviour(_replay),
    "forge": Behaviour(_forge),
    "wrong-digest": Behaviour(_digest),
    "wrong-view": Behaviour(_view),
    "wrong-sequence": Behaviour(_sequence),
    "bad-proofs": Behaviour(_proofs),
    "lying-checkpoint": Behaviour(_checkpoint),
    "lying-transfer": Behaviour(_transfer),
    "lying-reply": Behaviour(_reply),
    "censor": Behaviour(hears=_censors),
    "delay": Behaviour(holds=True),
}
"""Every behaviour by name."""
