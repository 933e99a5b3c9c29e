"""Frames of everybody who means a node harm, made out of the honest traffic of a network.

The honest traffic is recorded from a network of replicas: every message that :data:`VICTIM`, a backup of PBFT's four,
is sent. Half of it brings the node to some height, among it the revocation of an observer. Then comes the attack; then
the other half, which the node must follow to the very head that the recorded network has. So "takes part" is one hash.

The attack is drawn from a seed. Each kind bends honest frames, or signs its own as somebody who holds a key: a member
that lies (:data:`LIAR`, PBFT bears one), a wallet, a member that was revoked, a stranger.
"""

from __future__ import annotations

import random
from collections import Counter

import msgspec

from consensus.protocols import protocol
from consensus.vocabulary import Broadcast, Send
from network.codec import MESSAGES_PER_FRAME, MessageCodec
from network.frames import FRAME_BYTES_MAX, FRAME_VERSION, SIGNATURE_BYTES, Frame, seal_frame
from network.gossip import Fetch, Transactions
from network.requests import Query, Submit
from network.topics import build_topic, topic_of
from node.ledger.transaction import encode_transaction, sign_transaction
from node.membership import KeyRing, Revoke, approved
from tests.node.lab import KEYS, MEMBERS, NETWORK, Net, transaction, transfer

VICTIM, LIAR, REVOKED, HEIGHTS = 3, 2, 4, 24
LIFE = 7
"""The incarnation that honest senders speak in; what they said in the one before is old."""
STRANGER = KeyRing.derive(13, ["stranger"])
CODEC = MessageCodec(protocol("pbft").messages)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.decode


class Recorded(Net):
    """A network that notes what the victim is sent: (sender, is it to everyone, message)."""

    def __init__(self):
        self.heard = []
        super().__init__("pbft", voters=4, observers=1)

    def send(self, host, effects):
        for effect in effects:
            if isinstance(effect, Send) and effect.to == VICTIM:
                self.heard.append((host.number, False, effect.message))
            elif isinstance(effect, Broadcast) and host.number != VICTIM:
                self.heard.append((host.number, True, effect.message))
        super().send(host, effects)


def record():
    """(messages up to the middle, messages after it, the head in the middle, the head at the end)."""
    net = Recorded()
    for number in range(1, HEIGHTS // 2):
        net.submit(0, transfer(number))
    net.submit(0, _revocation())
    middle, head = len(net.heard), net[VICTIM].chain.head.hash
    for number in range(HEIGHTS // 2, HEIGHTS):
        net.submit(0, transfer(number))
    return net.heard[:middle], net.heard[middle:], head, net[VICTIM].chain.head.hash


def _revocation():
    change = Revoke("observer", MEMBERS[REVOKED], REVOKED)
    order = approved(NETWORK, 0, "revoke", change, [(n, KEYS.sign(MEMBERS[n])) for n in range(3)])
    body = msgspec.structs.replace(
        transaction(1, "bob").body, contract="registry", action="revoke", arguments=_encode(order)
    )
    return encode_transaction(sign_transaction(body, [("bob", KEYS.sign("bob"))]))


class Voice:
    """Seals frames as one name: (topic, bytes)."""

    def __init__(self, name, sign=None, incarnation=LIFE, sequence=0):
        self.name = name
        self.sign = sign or KEYS.sign(name.removeprefix("wallet."))
        self.incarnation = incarnation
        self.sequence = sequence

    def frame(self, body, receiver=MEMBERS[VICTIM], kind="direct", **changes):
        self.sequence += 1
        frame = Frame(FRAME_VERSION, NETWORK, self.name, self.incarnation, self.sequence, kind, body, receiver)
        return msgspec.structs.replace(frame, **changes)

    def seal(self, body, **details):
        frame = self.frame(body, **details)
        return topic_of(frame), seal_frame(frame, self.sign, bytes_max=2 * FRAME_BYTES_MAX)

    def say(self, *messages, **details):
        return self.seal(CODEC.encode(messages), **details)


def honest(messages, voices):
    """The recorded messages as frames of those who sent them."""
    return [
        voices[sender].say(message, **({"receiver": "", "kind": "voters"} if everyone else {}))
        for sender, everyone, message in messages
    ]


class Attack:
    """Frames of every kind, drawn from ``seed``. ``heard`` and ``coming`` are honest frames, taken and not yet."""

    def __init__(self, seed, heard, coming, messages):
        self._random = random.Random(seed)
        self._heard = heard
        self._coming = coming
        self._honest = [*heard, *coming]
        self._messages = [message for _, _, message in messages]
        liar, bob = MEMBERS[LIAR], "wallet.bob"
        self._liar = Voice(liar, sequence=20_000)
        self._former = Voice(liar, incarnation=LIFE - 1)
        self._wallet = Voice(bob, sequence=20_000)
        self._revoked = Voice(MEMBERS[REVOKED], sequence=20_000)
        self._stranger = Voice("stranger", STRANGER.sign("stranger"))
        self._impostor = Voice(MEMBERS[0], KEYS.sign(liar), sequence=20_000)
        self.sent = Counter()

    def frames(self, count, without=()):
        """So many frames, of the kinds in :data:`KINDS` as often as it says; the kinds ``without`` left out."""
        names = [name for name, often in KINDS.items() if name not in without for _ in range(often)]
        return [self._draw(self._random.choice(names)) for _ in range(count)]

    def lies(self, count):
        """So many frames of a member that says what it likes under its own key."""
        return [self._draw("lie_by_a_member") for _ in range(count)]

    def _draw(self, kind):
        self.sent[kind] += 1
        return getattr(self, f"_{kind}")()

    def _one(self):
        topic, raw = self._random.choice(self._honest)
        return topic, bytearray(raw)

    def _noise(self):
        return self._random.choice(self._honest)[0], self._random.randbytes(self._random.randrange(2000))

    def _flipped(self):
        topic, raw = self._one()
        for place in self._random.sample(range(len(raw)), self._random.choice((1, 1, 1, 8))):
            raw[place] ^= 1 << self._random.randrange(8)
        return topic, bytes(raw)

    def _cut(self):
        topic, raw = self._one()
        return topic, bytes(raw[: self._random.randrange(len(raw))])

    def _longer(self):
        topic, raw = self._one()
        return topic, bytes(raw) + self._random.randbytes(self._random.randrange(1, 64))

    def _field(self):
        """One field is another value; the signature is what it was."""
        topic, raw = self._one()
        fields = _decode(bytes(raw[SIGNATURE_BYTES:]))
        place = self._random.randrange(len(fields))
        odd = (None, -1, 2**63 - 1, 2**64 - 1, 1.5, "", "x" * 70, "A/#", b"", [], [[]], {}, True, list(fields))
        fields[place] = self._random.choice([value for value in odd if value != fields[place]])
        return topic, bytes(raw[:SIGNATURE_BYTES]) + _encode(fields)

    def _spelled(self):
        """The same values in other bytes: an integer in more of them than it needs."""
        topic, raw = self._one()
        at = SIGNATURE_BYTES + 1
        return topic, bytes(raw[:at]) + b"\xcc" + bytes(raw[at:])

    def _deep(self):
        topic, raw = self._one()
        return topic, bytes(raw[:SIGNATURE_BYTES]) + b"\x91" * self._random.choice((100, 2000, 100_000))

    def _oversized(self):
        return self._random.choice(self._honest)[0], _HUGE

    def _replayed(self):
        return self._random.choice(self._heard)

    def _former_life(self):
        return self._former.say(self._random.choice(self._messages))

    def _misplaced(self):
        """A frame that is yet to come, where it does not belong."""
        topic, raw = self._random.choice(self._coming)
        names = [name for name in MEMBERS[:5] if name not in topic]
        return build_topic(NETWORK, self._random.choice(names), "direct", MEMBERS[VICTIM]), raw

    def _meant_for_another(self):
        return self._liar.say(self._random.choice(self._messages), receiver=MEMBERS[0])

    def _by_a_stranger(self):
        return self._stranger.say(self._random.choice(self._messages))

    def _by_the_revoked(self):
        return self._revoked.say(self._random.choice(self._messages))

    def _by_another(self):
        return self._impostor.say(self._random.choice(self._messages))

    def _of_another_network(self):
        frame = self._liar.frame(b"\x90", network="elsewhere")
        topic = build_topic(NETWORK, frame.sender, frame.kind, frame.receiver)
        return topic, seal_frame(frame, self._liar.sign)

    def _of_another_version(self):
        return self._liar.seal(b"\x90", version=2)

    def _nonsense_by_a_member(self):
        body = self._random.randbytes(self._random.randrange(200))
        return self._liar.seal(self._random.choice((body, b"\x91" * 5000, b"", b"\x80", b"\xdd\xff\xff\xff\xff")))

    def _many_by_a_member(self):
        return self._liar.seal(CODEC.encode([Fetch(1)] * (MESSAGES_PER_FRAME + 1)))

    def _lie_by_a_member(self):
        """A message of the protocol with one bit or value changed, wherever that still makes a message."""
        body = bytearray(CODEC.encode([self._random.choice(self._messages)]))
        body[self._random.randrange(1, len(body))] ^= 1 << self._random.randrange(8)
        return self._liar.seal(bytes(body))

    def _forged_transactions_by_a_member(self):
        return self._liar.say(Transactions((self._forged(),)))

    def _forged_transactions_by_a_wallet(self):
        return self._wallet.say(Submit("bob", (self._forged(),)), kind="submit")

    def _wallet_out_of_turn(self):
        words = (*self._messages[:50], Submit("ann", (transfer(900),)), Query("ann", 1, "accounts", "ann/cash"))
        return self._wallet.say(self._random.choice(words))

    def _forged(self):
        raw = bytearray(_ORDINARY)
        raw[self._random.randrange(len(raw))] ^= 1 << self._random.randrange(8)
        return bytes(raw)


_HUGE = bytes(FRAME_BYTES_MAX + 1)
_ORDINARY = transfer(901)

KINDS = {
    "noise": 60, "flipped": 60, "cut": 30, "longer": 30, "field": 60, "spelled": 10, "deep": 6, "oversized": 2,
    "replayed": 60, "former_life": 20, "misplaced": 40, "meant_for_another": 20, "by_a_stranger": 40,
    "by_the_revoked": 40, "by_another": 40, "of_another_network": 10, "of_another_version": 10,
    "nonsense_by_a_member": 20, "many_by_a_member": 1,
    "forged_transactions_by_a_member": 10, "forged_transactions_by_a_wallet": 10, "wallet_out_of_turn": 20,
}  # fmt: skip
"""Kind -> how often, of some 600. Lies of a member come besides: some of them change what a core remembers of it."""
