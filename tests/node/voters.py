"""Changes of the registry in the tests' towns, and what an outsider who knows everybody says of them."""

from __future__ import annotations

import msgspec

from consensus.protocols import Application, Verdict
from consensus.protocols import protocol as registered
from node.ledger.genesis import members_hash
from node.ledger.transaction import Body, encode_transaction, sign_transaction
from node.membership import Certify, approved
from node.membership.blocks import change_in
from scenarios.runner.workload import Step
from tests.node.lab import KEYS, MEMBERS, NETWORK

_encode = msgspec.msgpack.Encoder().encode


def vote(number, action, change, sequence, by, **forged):
    """Ann's registry transaction, approved by the nodes ``by``, whose keys are those of their numbers' names.

    ``forged``: a field of its body, or ``approved_for``, the network that the approvals are for.
    """
    network = forged.pop("approved_for", NETWORK)
    order = approved(network, sequence, action, change, [(node, KEYS.sign(MEMBERS[node])) for node in by])
    body = Body(1, NETWORK, "ann", number, "registry", action, _encode(order), 0)
    return sign_transaction(msgspec.structs.replace(body, **forged), [("ann", KEYS.sign("ann"))])


def change_step(number, action, change, sequence, by, *, at_ns=0, after=()):
    """A step of ann's that changes the registry."""
    transaction = vote(number, action, change, sequence, by)
    return Step(
        id=f"ann/{number}",
        client="ann",
        number=number,
        raw=encode_transaction(transaction),
        transaction_id=transaction.id,
        at_ns=at_ns,
        after=after,
    )


def newcomer(number, name=None):
    """The certificate of a node that gets this number, under the key that the tests' member of that number has."""
    key = MEMBERS[number]
    return Certify("observer", name or key, "insurer", 0, KEYS.verify_key(key), KEYS.seal_key(key))


class Omniscient(Application):
    """Reads changes of members from blocks, as replicas must, and knows every node's key from the beginning."""

    def __init__(self, protocol):
        self._protocol = registered(protocol)

    def validate(self, block):  # noqa: ARG002 - nothing here judges blocks
        return Verdict.ACCEPT

    def reconfiguration(self, block):
        return change_in(block)

    def members_hash(self, configuration):
        return members_hash(
            self._protocol.name, self._protocol.quorum, configuration, lambda number: KEYS.verify_key(MEMBERS[number])
        )
