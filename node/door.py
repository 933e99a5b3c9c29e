"""The door 门: whose frames a node takes, by the registry as of the last block that it executed.

A frame must bear the key that is in force for its sender at the next height: a member's or a wallet's. A key that was
revoked, has expired, or is of a node's former number is refused by name, so that the log says what happened. An
organisation whose node's key was re-issued stands under a new number from then on, and its old key opens nothing.

A node that is behind goes by what it has executed: it hears whoever was a member then, and catches up by them.
"""

from __future__ import annotations

import msgspec

from consensus.vocabulary import NodeId
from network.frames import FrameError
from network.topics import WALLET_PREFIX
from node.chain_state import ChainState
from node.membership import Certificate, Registry
from node.membership.founding import Founding


class Guest(msgspec.Struct, frozen=True):
    """Somebody who may come in: the key to show, and the number of a node (None: a wallet)."""

    key: bytes
    number: NodeId | None


class Door:
    """Looks senders up in the state that ``chain`` holds now; what it found is kept until the next block."""

    def __init__(self, founding: Founding, chain: ChainState) -> None:
        self._founding = founding
        self._chain = chain
        self._look()

    def _look(self) -> None:
        self._tree = self._chain.tree
        self._registry = Registry(self._founding, self._tree.get)
        self._names = self._registry.member_names()
        self._numbers = {name: number for number, name in enumerate(self._names)}  # the last number of each ...
        for number, name in enumerate(self._names):
            if self._numbers[name] != number and self._holds(number) and not self._holds(self._numbers[name]):
                self._numbers[name] = number  # ... unless only a former one's key holds yet
        self._guests: dict[str, Guest] = {}

    def _holds(self, number: NodeId) -> bool:
        member = self._registry.member(number)
        return member is not None and member.certificate.standing(self._chain.height + 1) is None

    @property
    def names(self) -> tuple[str, ...]:
        """Every node's name by its number."""
        if self._chain.tree is not self._tree:
            self._look()
        return self._names

    def number(self, sender: str) -> NodeId | None:
        """Under which number its frames count; None for a wallet."""
        return self._numbers.get(sender) if self.names else None

    def key(self, sender: str) -> bytes | None:
        """The key that a frame of ``sender`` must bear; None for a stranger.

        FrameError("key_revoked"), or "key_expired", "key_not_yet_valid", where it had or will have one.
        """
        names = self.names
        guest = self._guests.get(sender)
        if guest is None:
            guest = self._find(sender, names)
            if guest is None:
                return None
            self._guests[sender] = guest  # never more than the registry has names: strangers are not kept
        return guest.key

    def _find(self, sender: str, names: tuple[str, ...]) -> Guest | None:
        number = self._numbers.get(sender)
        if number is not None:
            assert names[number] == sender  # noqa: S101 - by construction
            member = self._registry.member(number)
            return Guest(self._in_force(sender, (member.certificate,) if member else ()), number)
        if not sender.startswith(WALLET_PREFIX):
            return None
        entry = self._registry.client(sender.removeprefix(WALLET_PREFIX))
        return Guest(self._in_force(sender, entry.certificates), None) if entry is not None else None

    def _in_force(self, sender: str, certificates: tuple[Certificate, ...]) -> bytes:
        height = self._chain.height + 1
        refusal = ""
        for certificate in certificates:
            standing = certificate.standing(height)
            if standing is None:
                return bytes.fromhex(certificate.verify_key)
            refusal = standing
        raise FrameError(refusal or "unknown_sender", f"{sender} has no key in force at height {height}")
