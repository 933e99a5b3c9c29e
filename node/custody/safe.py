"""The safe: what the chain, our organisation's wallet and other members make of the payloads of one node.

Every step is durable before anything is said about it: an acknowledged deposit survives a crash, and a purge that was
confirmed stays done. What is done with a block may be done again: whoever skipped blocks, or stopped in between, comes
to the same shelf.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from consensus.vocabulary import Effects, Image, NodeId, Persist, Put, Record, Rejected, Reply, Send, Trace
from network.custody import Custody, Deposit, Hand, IsErased, State, Want, custody_bytes
from node.chain_state import ChainState
from node.contracts.deposits import Deposit as Entrusted
from node.contracts.runtime import Execution
from node.custody.errand import Allowance, Errand
from node.custody.shelf import CUSTODY, DEPOSITS_MAX, GONE, Safekept, Shelf, Stage
from node.membership.certificates import MemberEntry
from node.membership.registry import Registry
from node.privacy import Collected, Opening, Sealed, derive, seal_openings, unseal

_encode = msgspec.msgpack.Encoder().encode
_decode_sealed = msgspec.msgpack.Decoder(Sealed).decode


class Safe:
    """The payloads of one node. Without a ``seal_secret`` it can open none, and takes part in no collection.

    ``name``: the organisation whose node it is, also before the chain has certified this node.
    """

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        me: NodeId,
        name: str,
        network: str,
        registry: Callable[[], Registry],
        chain: ChainState,
        seal_secret: bytes,
        sign: Callable[[bytes], bytes],
        image: Image,
    ) -> None:
        self._me = me
        self._name = name
        self._network = network
        self._registry = registry
        self._chain = chain
        self._seal_secret = seal_secret
        self._sign = sign
        self._shelf = Shelf(image.get(CUSTODY, {}))
        self._errand = Errand(self._givers)
        self._allowance = Allowance()

    def started(self) -> Effects:
        """See to what is over by now, and ask again for what was awaited when the last life ended."""
        records, effects = self.overtaken()
        for kept in self._shelf:
            if kept.stage is Stage.AWAITED:
                effects += self._errand.begin(kept)
        return [Persist(tuple(records)), *effects] if records else effects

    # The chain

    def executed(self, height: int, execution: Execution) -> tuple[list[Record], Effects]:
        """A block was executed, at our head or below it: what to make durable with it, and what to ask of others."""
        touched: _Before = {}
        for outcome in execution.outcomes if self._seal_secret else ():
            for envelope in outcome.envelopes:
                if isinstance(envelope, Collected) and self._name in envelope.recipients:
                    self._put(self._entrusted(envelope, height), touched)
            brought = self._shelf.of_record(f"{outcome.client}/{outcome.number}")
            unused = [kept for kept in brought if kept.stage is Stage.DEPOSITED]  # refused, or it commits to another
            events = (event for event in outcome.events if event.kind == "purge_requested")
            purged = [kept for event in events for kept in self._shelf.of_record(str(event.values["record"]))]
            for kept in (*unused, *purged):
                self._put(kept.erased(height), touched)
        named = [each for key in touched if (each := self._shelf.get(key)) is not None]
        for kept in (*named, *self._shelf.due(self._chain.height)):
            if self._is_over(kept):
                self._put(kept.erased(height), touched)
        return self._turned(touched)

    def overtaken(self) -> tuple[list[Record], Effects]:
        """The state is a later one than what we last saw to: erase what it says is over, as after a block."""
        touched: _Before = {}
        for kept in self._shelf:
            if self._is_over(kept):
                self._put(kept.erased(self._chain.height), touched)
        return self._turned(touched)

    def _entrusted(self, envelope: Collected, height: int) -> Safekept:
        """What a block commits to: held where our wallet brought just that before, awaited otherwise."""
        known = self._shelf.get(f"{envelope.record}/{envelope.version}")
        same = known is not None and known.commitments == envelope.commitments
        if same and known is not None and known.members:
            return known  # this block was executed before
        held = same and known is not None and known.stage is Stage.DEPOSITED
        return Safekept(
            record=envelope.record,
            version=envelope.version,
            stage=Stage.HELD if held else Stage.AWAITED,
            commitments=envelope.commitments,
            members=envelope.recipients,
            until=height + envelope.blocks_to_live if envelope.blocks_to_live else 0,
            height=height,
            openings=known.openings if held and known is not None else (),
        )

    def _is_over(self, kept: Safekept) -> bool:
        """Is its time over, as the state at our head says? That may be ahead of the block that is executed (a gap)."""
        chain = self._chain
        entrusted = chain.tree.get(Entrusted.namespace, kept.record)
        if isinstance(entrusted, Entrusted):
            if entrusted.state != "HELD":
                return True
            if kept.stage is Stage.DEPOSITED and chain.gap is not None and self._name in entrusted.members:
                return False  # the block that commits to it is one that we have yet to execute
        if kept.stage is Stage.DEPOSITED and ((claim := _claim(kept.record)) is None or chain.executed(*claim)):
            return True
        return 0 < kept.end <= chain.height

    def _put(self, kept: Safekept, touched: _Before) -> None:
        touched.setdefault(kept.key, self._shelf.get(kept.key))
        self._shelf.put(kept)

    def _turned(self, touched: _Before) -> tuple[list[Record], Effects]:
        """What to make durable of what was touched, and what follows from the stages that it came to."""
        records: list[Record] = []
        effects: Effects = []
        for key, before in touched.items():
            kept = self._shelf.get(key)
            if kept is None or kept == before:
                continue
            records.append(Put(CUSTODY, key, kept))
            if kept.stage is Stage.AWAITED:
                effects += self._errand.begin(kept)
                continue
            self._errand.end(key)
            if kept.stage is not Stage.HELD:
                effects.append(Trace("erased", (kept.record, kept.version)))
        return records, effects

    # Our wallet

    def keep(self, message: Deposit | IsErased) -> Effects:
        """A word from our organisation's wallet."""
        return self._deposited(message) if isinstance(message, Deposit) else self._asked_for(message)

    def _deposited(self, deposit: Deposit) -> Effects:
        """Our wallet brings the payload of a transaction to come; it is told once that is durable."""
        openings = self._opened(deposit.record, deposit.version, deposit.sealed)
        if deposit.client != self._name or openings is None:
            return _refused("a deposit that is none of ours")
        commitments = tuple((opening.path, opening.digest) for opening in openings)
        known = self._shelf.get(f"{deposit.record}/{deposit.version}")
        if known is None or known.stage is Stage.LAPSED:
            fresh = Safekept(deposit.record, deposit.version, Stage.DEPOSITED, commitments, openings=openings)
            return self._brought(deposit, replace(fresh, height=self._chain.height))
        if known.commitments != commitments:
            return _refused("a deposit that is not what was committed to")
        if known.stage in GONE:
            return _refused("a deposit of what is to be gone")
        if known.stage is Stage.AWAITED:
            return self._taken(replace(known, stage=Stage.HELD, openings=openings), deposit)
        return [self._say(deposit.client, deposit.record, deposit.version, State.KEPT)]

    def _brought(self, deposit: Deposit, kept: Safekept) -> Effects:
        """What no block has committed to yet."""
        if self._shelf.deposited >= DEPOSITS_MAX:
            return _refused("a deposit beyond what may wait here")
        if self._is_over(kept):
            return _refused("a deposit for a transaction that cannot come any more")
        return self._taken(kept, deposit)

    def _taken(self, kept: Safekept, deposit: Deposit) -> Effects:
        said = self._say(deposit.client, deposit.record, deposit.version, State.KEPT)
        return [*self._take(kept), said]

    def _asked_for(self, question: IsErased) -> Effects:
        """Our wallet asks whether a purge is done here; it is told so when it is."""
        kept = self._shelf.get(f"{question.record}/{question.version}")
        if question.client != self._name or kept is None or kept.stage not in GONE:
            return []
        return [self._say(question.client, question.record, question.version, State.ERASED)]

    def _say(self, client: str, record: str, version: int, state: State) -> Reply:
        signature = self._sign(custody_bytes(self._network, client, record, version, state))
        return Reply(client, Custody(client, record, version, state, signature))

    # Other members

    def receive(self, now: int, sender: NodeId, message: Want | Hand) -> Effects:
        """A word from another node."""
        return self._wanted(now, sender, message) if isinstance(message, Want) else self._handed(sender, message)

    def _wanted(self, now: int, sender: NodeId, want: Want) -> Effects:
        """Another node asks for a payload: it gets it, sealed to that node's key, where the chain names it a member."""
        kept = self._shelf.get(f"{want.record}/{want.version}")
        if kept is None or not kept.members:
            return []
        member = self._in_force(sender)
        if member is None or member.name not in kept.members:
            return [Rejected(sender, "wants a payload of a collection that it is no member of")]
        if kept.stage is not Stage.HELD or not self._allowance.allows(now, sender):
            return []
        party = (member.name, bytes.fromhex(member.certificate.seal_key))
        sealed = handed_over(self._seal_secret, kept.record, kept.version, kept.openings, party)
        return [Send(sender, Hand(want.record, want.version, _encode(sealed)))]

    def _handed(self, sender: NodeId, hand: Hand) -> Effects:
        """A member hands over what we may hold; what opens other commitments is refused."""
        kept = self._shelf.get(f"{hand.record}/{hand.version}")
        if kept is None or kept.stage is not Stage.AWAITED:
            return []  # it came twice, or too late
        openings = self._opened(hand.record, hand.version, hand.sealed)
        commitments = tuple((opening.path, opening.digest) for opening in openings or ())
        if openings is None or commitments != kept.commitments:
            return [Rejected(sender, "a payload that is not what the chain commits to")]
        return self._take(replace(kept, stage=Stage.HELD, openings=openings))

    def timer(self) -> Effects:
        """Ask the next member for what did not come."""
        return self._errand.timer()

    def _take(self, kept: Safekept) -> Effects:
        self._shelf.put(kept)
        self._errand.end(kept.key)
        return [Persist((Put(CUSTODY, kept.key, kept),))]

    def _givers(self, kept: Safekept) -> tuple[NodeId, ...]:
        """The other members' nodes, first that of the one whose transaction it came with; none while we are none."""
        if self._in_force(self._me) is None:
            return ()
        author = kept.record.rpartition("/")[0]
        others = sorted((name for name in kept.members if name != self._name), key=lambda name: name != author)
        registry = self._registry()
        numbers = [node for name in others for node in registry.numbers_of(name)]
        return tuple(node for node in numbers if self._in_force(node) is not None)

    def _in_force(self, node: NodeId) -> MemberEntry | None:
        """Who speaks under that number now; None where it is not certified yet, or revoked."""
        entry = self._registry().member(node)
        return entry if entry is not None and entry.certificate.standing(self._chain.height) is None else None

    def _opened(self, record: str, version: int, sealed: bytes) -> tuple[Opening, ...] | None:
        """What lies in an envelope to us; None where it is of another record, or none for us at all."""
        try:
            envelope = _decode_sealed(sealed)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if (envelope.record, envelope.version) != (record, version):
            return None
        return unseal(envelope, self._name, self._seal_secret)


_Before = dict[str, Safekept | None]
"""Key -> what stood there before a block."""


def _claim(record: str) -> tuple[str, int] | None:
    """(client, number) of the transaction that carries a record; None for a record that none can carry."""
    client, _, number = record.rpartition("/")
    return (client, int(number)) if number.isdecimal() and str(int(number)) == number else None


def _refused(reason: str) -> Effects:
    return [Trace("refused", (reason,))]


def handed_over(
    seal_secret: bytes, record: str, version: int, openings: tuple[Opening, ...], party: tuple[str, bytes]
) -> Sealed:
    """What the member with ``seal_secret`` hands to ``party``, a name and its X25519 public key."""
    secret = derive(seal_secret, "hand", record, version, party[0])
    return seal_openings(secret, record, openings, [party], version)
