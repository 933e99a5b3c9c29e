"""The door 门: whose frames a node takes, by the registry as of the last block that it executed.

A frame must bear a key that speaks for its sender at the next height. For a wallet that is the key in force. For an
organisation it is the key of each of its nodes that decides, whatever became of its certificate: who decides is the
configuration's to say, and nobody may mute a voter by certifying another node under its name, or by revoking one that
was voted out and decides on for a while. That includes whom a change under way lets decide: under Raft the change may
wait for that node's own word. Besides, it is the key in force of the last node that was certified under the name: so a
node whose key was issued anew can catch up before it is voted in, and its former key opens nothing once that is voted
out. Any other key is refused by name, so that the log says what happened.

A node that is behind goes by what it has executed: it hears whoever was a member then, and catches up by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from consensus.vocabulary import NodeId
from network.frames import FrameError
from network.topics import WALLET_PREFIX
from node.chain_state import ChainState
from node.membership import Certificate, Registry
from node.membership.founding import Founding

Guest = Mapping[bytes, NodeId | None]
"""Each key that speaks for a sender, and the number of the node whose it is (None: a wallet); the likeliest first."""


class Door:
    """Looks senders up in the state that ``chain`` holds now; what it found is kept until that or the electors change.

    ``electors`` are those who have a vote on the block at the head of ``chain``, or on the next.
    """

    def __init__(self, founding: Founding, chain: ChainState, electors: Callable[[], tuple[NodeId, ...]]) -> None:
        self._founding = founding
        self._chain = chain
        self._electors_of = electors
        self._look()

    def _look(self) -> None:
        self._head = self._chain.head
        self._electors = self._electors_of()
        self._registry = Registry(self._founding, self._chain.tree.get)
        self._names = self._registry.member_names()
        self._numbers: dict[str, list[NodeId]] = {}
        for number, name in enumerate(self._names):
            self._numbers.setdefault(name, []).append(number)
        self._guests: dict[str, Guest] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Every node's name by its number."""
        if self._chain.head is not self._head:
            self._look()
        return self._names

    def key(self, sender: str) -> bytes | None:
        """The key that a frame of ``sender`` must bear, or the likeliest of them; None for a stranger.

        FrameError("key_revoked"), or "key_expired", "key_not_yet_valid", where it had or will have one.
        """
        guest = self._guest(sender)
        return next(iter(guest)) if guest is not None else None

    def other_keys(self, sender: str) -> tuple[bytes, ...]:
        """The others that it may bear as well: where an organisation has two nodes for a while."""
        guest = self._guest(sender)
        return tuple(guest)[1:] if guest is not None else ()

    def number(self, sender: str, key: bytes) -> NodeId | None:
        """Under which number frames of ``sender`` with that key count; None for a wallet."""
        return (self._guest(sender) or {}).get(key)

    def _guest(self, sender: str) -> Guest | None:
        if self._chain.head is not self._head or self._electors_of() != self._electors:
            self._look()
        guest = self._guests.get(sender)
        if guest is None:
            guest = self._find(sender)
            if guest is not None:
                self._guests[sender] = guest  # never more than the registry has names: strangers are not kept
        return guest

    def _find(self, sender: str) -> Guest | None:
        """The nodes of that name, and the wallet that is addressed so: neither mutes the other."""
        height = self._chain.height + 1
        nodes = {number: self._certificate(number) for number in self._numbers.get(sender, ())}
        wallet = self._wallet(sender)
        speaks = {number: its for number, its in nodes.items() if number in self._electors}
        for number in reversed(nodes):
            if nodes[number].standing(height) is None:
                speaks.setdefault(number, nodes[number])
                break
        guest: dict[bytes, NodeId | None] = {_key(certificate): number for number, certificate in speaks.items()}
        for certificate in wallet:
            if certificate.standing(height) is None:
                guest.setdefault(_key(certificate), None)
        held = (*nodes.values(), *wallet)
        if held and not guest:
            reason = held[-1].standing(height) or "unknown_sender"
            raise FrameError(reason, f"{sender} has no key in force at height {height}")
        return guest or None

    def _wallet(self, sender: str) -> tuple[Certificate, ...]:
        """Every certificate of the client that ``sender`` is the address of."""
        if not sender.startswith(WALLET_PREFIX):
            return ()
        entry = self._registry.client(sender.removeprefix(WALLET_PREFIX))
        return entry.certificates if entry is not None else ()

    def _certificate(self, number: NodeId) -> Certificate:
        member = self._registry.member(number)
        assert member is not None  # noqa: S101 - whoever has a number has a certificate
        return member.certificate


def _key(certificate: Certificate) -> bytes:
    return bytes.fromhex(certificate.verify_key)
