"""What Byzantine nodes do, by name. Each behaviour is one function, and a liar may have several.

Most strike now and then, not always: a node that only ever lies is soon of no more harm than a dead one.
"""

from __future__ import annotations

from typing import Any

from consensus.vocabulary import NodeId
from network.gossip import Transactions
from network.requests import Submit
from network.virtual.bare.messages import Request
from scenarios.adversary.byzantine import proofs, votes
from scenarios.adversary.byzantine.node import Behaviour, Voice


def _censors(voice: Voice, sender: NodeId, message: Any) -> bool:  # noqa: ARG001 - a behaviour
    """Never orders every third request, or every third client's."""
    if isinstance(message, Request):
        return message.number % 3 != 0
    if isinstance(message, Submit):
        return sum(message.client.encode()) % 3 != 0
    return not isinstance(message, Transactions)


BEHAVIOURS: dict[str, Behaviour] = {
    behaviour.name: behaviour
    for behaviour in (
        Behaviour("equivocate", votes.equivocate),
        Behaviour("withhold", votes.withhold),
        Behaviour("mute", votes.mute),
        Behaviour("replay", votes.replay),
        Behaviour("forge", votes.forge),
        Behaviour("wrong-digest", votes.wrong_digest),
        Behaviour("wrong-view", votes.wrong_view),
        Behaviour("wrong-sequence", votes.wrong_sequence),
        Behaviour("bad-proofs", proofs.bad_proofs),
        Behaviour("lying-checkpoint", proofs.lying_checkpoint),
        Behaviour("lying-transfer", proofs.lying_transfer),
        Behaviour("lying-reply", proofs.lying_reply),
        Behaviour("censor", hears=_censors),
        Behaviour("delay", holds=True),
    )
}
"""Every behaviour by name. Twins, the remaining one, are :mod:`scenarios.adversary.twins`."""

BESIDES = ("bad-proofs", "lying-checkpoint", "lying-transfer", "lying-reply")
"""Those that are about rare words, and leave a liar as much of a part in all else as it had: they go with any other."""

LIES = BEHAVIOURS | {"conspire": Behaviour("conspire", votes.conspire)}
"""Every lie that a scenario may name. Conspiring is not drawn: up to f who do so come to nothing."""
