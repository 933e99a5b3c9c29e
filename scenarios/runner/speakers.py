"""Who speaks on a run's bus, and under which keys: those of the genesis, and those that the story asks for.

Nodes go by the registry, height by height. Who only listens takes every key that a party of this run ever has for that
party's, since what it says counts whenever it is said.
"""

from __future__ import annotations

import msgspec

from network.frames import FrameError, read_frame, verify_frame
from network.topics import wallet_address
from node.ledger.transaction import decode_transaction
from node.membership import Certify, Reissue, decode_order
from node.membership.changes import REGISTRY
from scenarios.runner.plan import Plan
from scenarios.runner.workload import Step

_MARK = msgspec.msgpack.encode(REGISTRY)


class Speakers:
    """The keys of every node and wallet of one run, by the name under which it stands on the bus."""

    def __init__(self, plan: Plan) -> None:
        self._network = plan.genesis.network
        self._keys: dict[str, list[bytes]] = {member.name: [member.verify_key] for member in plan.genesis.members}
        for client in plan.genesis.clients:
            self._add(client.name, client.verify_key)
        for step in plan.workload.steps:
            change = certificate_in(step)
            if change is not None:
                self._add(change.name, change.verify_key)

    def _add(self, client: str, key: bytes) -> None:
        self._keys.setdefault(wallet_address(client), []).append(key)

    def signed(self, payload: bytes) -> bool:
        """Is this a frame that a party of this run signed?"""
        try:
            read = read_frame(payload, self._network)
        except FrameError:
            return False
        for key in self._keys.get(read.frame.sender, ()):
            try:
                verify_frame(read, key)
            except FrameError:
                continue
            return True
        return False


def certificate_in(step: Step) -> Certify | Reissue | None:
    """The client's certificate that the step asks for; None where it asks for something else."""
    if _MARK not in step.raw:
        return None  # most steps, told without decoding them
    body = decode_transaction(step.raw).body
    if body.contract != REGISTRY or body.action not in {"certify", "reissue"}:
        return None
    change: Certify | Reissue = decode_order(body.action, body.arguments).change
    return None if isinstance(change, Certify) and change.kind != "client" else change
