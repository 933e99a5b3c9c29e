"""The verbs of PBFT's golden transcripts, played on the test network.

Replicas are called R0, R1 ... as in the paper; R0 is the primary of view 0. A block reads ``height:text``, and
``height:text/v`` says in which view. A KIND is PRE-PREPARE, PREPARE, COMMIT, VIEW-CHANGE, NEW-VIEW, FETCH, FETCHED,
STATUS, CHECKPOINT, STABLE, FETCH-STABLE, FETCH-MANIFEST, MANIFEST, FETCH-CHUNK or CHUNK; FROM and TO are replicas,
``*`` for any; ``h2`` among them means height 2 alone.

======================================  ==============================================================================
``nodes N [option=value ...]``          start N replicas (``observers=1``, ``byzantine=0``, or any option of PBFT)
``propose R0 TEXT ...``                 R0 proposes a block for each text; ``+4,-0`` asks for a change of members
``deliver [KIND ...] [FROM [TO]]``      deliver what is under way and matches, and what that gives rise to
``once [KIND ...] [FROM [TO]]``         the same, but not what that gives rise to
``lose [KIND ...] [FROM [TO]]``         forget what is under way and matches
``repeat [KIND ...] [FROM [TO]]``       leave a second copy of it under way
``equivocate R0 TEXT R1,R2``            R0 signs another block for the place of its last one and sends it to these
``usurp R3 TEXT R1``                    R3 signs a block for R1's next height, whosever turn it is, and sends it to R1
``forge KIND FROM TO [as R2]``          FROM sends TO a vote for the last block with a bad signature, or in another name
``far PREPARE FROM TO HEIGHT``          FROM votes, rightly signed, for a block at that height
``vote FROM TO HEIGHT [wrong]``         FROM sends TO a signed CHECKPOINT, of the right state or of another
``lie R1 [KIND]``                       from now on R1 sends wrong CHUNKs, or nothing of another KIND; none: it stops
``forget R1 ...``                       R1 does not keep the states of checkpoints any more
``corrupt R1``                          the executed state of R1 is not what the blocks make it
``transfer R1 ...``                     the state transfer timer fires there
``busy R0`` · ``marks``                 why R0 takes no block; every replica's low watermark, and what its disk keeps
``demand R1 ...`` · ``content R1 ...``  requests wait there, or no longer
``timeout R1 ...``                      the view-change timer fires there (requests wait)
``resend R1 ...``                       the resend timer fires there
``complain R1 ...``                     a request was ignored for long, 10 s later
``patience R1``                         the present timeout
``turns R1 COUNT``                      whose turn the next heights are, as R1 counts
``crash R1`` · ``restart R1``           everything but what is durable is lost
``partition R1,R2`` · ``heal``          cut these off from everyone else
``adopt R3 R0``                         catch-up: R3 takes what R0 has decided
``members R1``                          who decides the next height, as R1 knows
``show``                                every replica in one line
``quietly VERB ...``                    any verb, printing nothing
======================================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consensus.chain import BLOCKS
from consensus.pbft import Options
from consensus.pbft.certificates import pre_prepare_bytes, prepare_bytes
from consensus.pbft.messages import (
    Checkpoint,
    Chunk,
    CommitVote,
    Fetch,
    FetchChunk,
    Fetched,
    FetchManifest,
    FetchStable,
    Manifest,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    StableCheckpoint,
    StatusReport,
    TransferRecord,
    ViewChange,
    ViewRecord,
)
from consensus.protocols import Slot
from consensus.snapshots import checkpoint_bytes
from consensus.vocabulary import SECOND, Commit, Cut, Install, Persist, Put, Rejected, Trace
from tests.consensus.golden import act
from tests.consensus.pbft.cluster import GENESIS, Cluster, Flight, ModelCrypto, make_block

KINDS: dict[str, type] = {
    "PRE-PREPARE": PrePrepare,
    "PREPARE": Prepare,
    "COMMIT": CommitVote,
    "VIEW-CHANGE": ViewChange,
    "NEW-VIEW": NewView,
    "FETCH": Fetch,
    "FETCHED": Fetched,
    "STATUS": StatusReport,
    "CHECKPOINT": Checkpoint,
    "STABLE": StableCheckpoint,
    "FETCH-STABLE": FetchStable,
    "FETCH-MANIFEST": FetchManifest,
    "MANIFEST": Manifest,
    "FETCH-CHUNK": FetchChunk,
    "CHUNK": Chunk,
}
NAMES = {kind: name for name, kind in KINDS.items()}


class Stage:
    """One transcript's network. :meth:`execute` runs a command line and returns what it prints."""

    def __init__(self) -> None:
        self._cluster: Cluster | None = None
        self._out: list[str] = []
        self._names: dict[bytes, str] = {GENESIS: "genesis"}
        self._last: Any = None

    @property
    def cluster(self) -> Cluster:
        assert self._cluster is not None, "a transcript starts with `nodes`"
        return self._cluster

    def execute(self, line: str) -> list[str]:
        self._out = []
        act(self, line.split())
        return self._out

    # Verbs

    def do_nodes(self, count: str, *settings: str) -> None:
        given = {key: int(value) for key, value in (setting.split("=") for setting in settings)}
        observers, byzantine = given.pop("observers", 0), given.pop("byzantine", None)
        liars = [] if byzantine is None else [byzantine]
        self._cluster = Cluster(
            int(count), observers=observers, byzantine=liars, options=Options(**given), observe=self._observe
        )
        quorum, faults = self.cluster.quorum, self.cluster.faults
        self._out = [f"n={count} f={faults} quorum={quorum}"]

    def do_propose(self, name: str, *texts: str) -> None:
        for text in texts:
            core = self.cluster.core(number(name))
            slot = core.slot()
            if slot is None:
                self._out.append(f"{name} has no slot for {text}")
                return
            block = make_block(slot, number(name), (text.encode(),))
            self._name(block, text)
            self._last = block
            self._out.append(f"{name} proposes {self._block(block.height, block.hash)}/{slot.round}")
            self.cluster.carry_out(number(name), core.propose(self.cluster.now, block))

    def do_deliver(self, *words: str) -> None:
        self.cluster.deliver(selector(words))

    def do_once(self, *words: str) -> None:
        for flight in self._matching(words):
            self.cluster.flights.remove(flight)
            if self.cluster.nodes[flight.to].up:
                self.cluster.give(flight.sender, flight.to, flight.message)

    def do_lose(self, *words: str) -> None:
        lost = self._matching(words)
        self.cluster.drop(selector(words))
        self._out.append(f"{len(lost)} messages lost")

    def do_repeat(self, *words: str) -> None:
        self.cluster.flights += self._matching(words)

    def do_equivocate(self, name: str, text: str, receivers: str) -> None:
        last, liar = self._last, number(name)
        block = make_block(Slot(last.height, last.parent, last.round), liar, (text.encode(),))
        self._name(block, text)
        data = pre_prepare_bytes(last.round, block.height, block.hash)
        message = PrePrepare(last.round, block, ModelCrypto(liar).sign(data))
        for receiver in receivers.split(","):
            self.cluster.flights.append(Flight(self.cluster.now, 0, liar, number(receiver), message))

    def do_usurp(self, name: str, text: str, receiver: str) -> None:
        context, liar = self.cluster.core(number(receiver))._context, number(name)
        height, parent = context.log.tip
        block = make_block(Slot(height + 1, parent, context.view), liar, (text.encode(),))
        self._name(block, text)
        data = pre_prepare_bytes(context.view, block.height, block.hash)
        self.cluster.give(liar, number(receiver), PrePrepare(context.view, block, ModelCrypto(liar).sign(data)))

    def do_forge(self, kind: str, sender: str, to: str, *named: str) -> None:
        signer = number(named[1]) if named else number(sender)
        view = self.cluster.core(number(to)).status().round
        message = KINDS[kind](view, self._last.height, self._last.hash, signer, bytes(64))
        self.cluster.give(number(sender), number(to), message)

    def do_far(self, kind: str, sender: str, to: str, height: str) -> None:
        assert kind == "PREPARE"
        data = prepare_bytes(0, int(height), GENESIS)
        signature = ModelCrypto(number(sender)).sign(data)
        self.cluster.give(number(sender), number(to), Prepare(0, int(height), GENESIS, number(sender), signature))

    def do_vote(self, name: str, to: str, height: str, *wrong: str) -> None:
        digest = bytes(32) if wrong else self.cluster.canonical(int(height))
        signature = ModelCrypto(number(name)).sign(checkpoint_bytes(int(height), digest))
        self.cluster.give(number(name), number(to), Checkpoint(int(height), digest, number(name), signature))

    def do_lie(self, name: str, kind: str = "") -> None:
        def lying(sender: int, _to: int, message: Any) -> Any:
            if sender != number(name) or not kind or not isinstance(message, KINDS[kind]):
                return message
            return Chunk(message.height, message.place, b"no chunk of it") if isinstance(message, Chunk) else None

        self.cluster.filter_sent = lying

    def do_forget(self, *names: str) -> None:
        for name in names:
            application = self.cluster.nodes[number(name)].application
            application.kept = 0
            application.states.clear()

    def do_corrupt(self, name: str) -> None:
        self.cluster.corrupt(number(name))

    def do_transfer(self, *names: str) -> None:
        for name in names:
            self.cluster.fire(number(name), "pbft.transfer")

    def do_busy(self, name: str) -> None:
        self._out.append(f"{name} is busy: {self.cluster.core(number(name)).status().busy}")

    def do_marks(self) -> None:
        for node in self.cluster.nodes:
            held = {space: len(node.image.get(f"pbft.{space}", {})) for space in ("accepted", "prepared")}
            kept = ", ".join(f"{count} {space}" for space, count in held.items())
            self._out.append(f"R{node.number} decided {node.height}, stable {node.stable}; on disk: {kept}")

    def do_demand(self, *names: str) -> None:
        self.cluster.demand(*map(number, names))

    def do_content(self, *names: str) -> None:
        self.cluster.demand(*map(number, names), waiting=False)

    def do_timeout(self, *names: str) -> None:
        self.cluster.demand(*map(number, names))
        for name in names:
            self.cluster.fire(number(name), "pbft.view-change")

    def do_complain(self, *names: str) -> None:
        self.cluster.now += 10 * SECOND
        for name in names:
            core = self.cluster.core(number(name))
            self.cluster.carry_out(number(name), core.complain(self.cluster.now))

    def do_resend(self, *names: str) -> None:
        for name in names:
            self.cluster.fire(number(name), "pbft.resend")

    def do_patience(self, name: str) -> None:
        timeout = self.cluster.core(number(name))._patience.timeout
        self._out.append(f"{name} waits {timeout / SECOND:g} s")

    def do_turns(self, name: str, count: str) -> None:
        context = self.cluster.core(number(name))._context
        first = context.log.tip.height + 1
        turns = [context.proposer(height) for height in range(first, first + int(count))]
        told = " ".join("?" if turn is None else f"R{turn}" for turn in turns)
        self._out.append(f"{name} expects {told} from height {first}")

    def do_crash(self, *names: str) -> None:
        for name in names:
            self.cluster.crash(number(name))

    def do_restart(self, *names: str) -> None:
        for name in names:
            self.cluster.restart(number(name))

    def do_partition(self, names: str) -> None:
        self.cluster.isolate(*map(number, names.split(",")))

    def do_heal(self) -> None:
        self.cluster.heal()

    def do_adopt(self, name: str, source: str) -> None:
        self.cluster.catch_up(number(name), number(source))

    def do_show(self) -> None:
        for node in self.cluster.nodes:
            if node.core is None:
                self._out.append(f"R{node.number} down")
                continue
            status = node.core.status()
            phase = "changing to view" if status.changing else "view"
            blocks = [self._block(block.height, block.hash) for _, block in sorted(node.image.get(BLOCKS, {}).items())]
            decided = ",".join(blocks) or "-"
            self._out.append(f"R{node.number} {status.role} {phase} {status.round} decided={decided}")

    def do_members(self, name: str) -> None:
        status = self.cluster.core(number(name)).status()
        assert status.configuration is not None
        members = self.cluster.core(number(name))._context.members
        voters = ",".join(f"R{voter}" for voter in status.configuration.voters)
        self._out.append(f"{name} counts {voters}: f={members.faults} quorum={members.quorum}")

    def do_quietly(self, *words: str) -> None:
        act(self, list(words))
        self._out.clear()

    # What is printed

    def _observe(self, node: int, what: Any) -> None:  # noqa: C901 - one case a kind
        match what:
            case Flight():
                self._out.append(f"R{what.sender} -> R{what.to} {self._message(what.message)}")
            case Persist():
                self._out += [f"  R{node} {told}" for told in map(self._record, what.records) if told]
            case Commit():
                self._out.append(f"  R{node} commits {self._block(what.height, what.block.hash)}{_proof(what)}")
            case Rejected():
                self._out.append(f"  R{node} refuses: {what.reason}")
            case Install():
                self._out.append(f"  R{node} installs the state at {what.height}")
            case Trace(kind="pbft.suspicion"):
                self._out.append(f"  R{node} suspects R{what.detail[0]}: {what.detail[1]}")
            case Trace(kind="pbft.liar"):
                self._out.append(f"  R{node} knows R{what.detail[0]} for a liar: {what.detail[1]}")
            case Trace(kind="pbft.diverged"):
                self._out.append(f"  R{node} has diverged: a quorum has another state at {what.detail[0]}")
            case Trace(kind="pbft.epoch"):
                voters = ",".join(f"R{voter}" for voter in what.detail[1:])
                self._out.append(f"  R{node} sees {voters} decide above {what.detail[0]}")
            case Trace(kind="pbft.transfer_failed"):
                self._out.append(f"  R{node} finds nobody who keeps the state at {what.detail[0]}")

    def _record(self, record: Any) -> str:  # noqa: PLR0911 - one return a kind
        match record:
            case Put(value=PrePrepare() as accepted):
                return f"accepts {self._in_view(accepted)}"
            case Put(value=PreparedCertificate() as prepared):
                return f"has prepared {self._certificate(prepared)}"
            case Put(key="stable", value=StableCheckpoint() as proof):
                signers = ",".join(f"R{replica}" for replica, _ in proof.signatures)
                return f"moves its low watermark to {proof.height}, proven by {signers}"
            case Put(value=TransferRecord(snapshot=snapshot)):
                return f"begins to fetch the state at {snapshot.height}, {len(snapshot.chunks)} chunks"
            case Put(value=Chunk() as chunk):
                return f"has chunk {chunk.place}"
            case Put(value=ViewRecord(view=view, active=active)):
                return f"enters view {view}" if active else f"leaves for view {view}"
            case Cut(start=start) if record.space == "pbft.prepared":
                return f"forgets prepared certificates from height {start}"
        return ""

    def _message(self, message: Any) -> str:  # noqa: C901, PLR0911 - one return a kind
        name = NAMES.get(type(message), type(message).__name__)
        match message:
            case PrePrepare():
                return f"{name} {self._in_view(message)}"
            case Prepare() | CommitVote():
                return f"{name} {self._block(message.height, message.hash)}/{message.view}"
            case ViewChange():
                prepared = ",".join(map(self._certificate, message.prepared)) or "-"
                return f"{name} {message.view} stable={message.height} prepared={prepared}"
            case NewView():
                voters = ",".join(f"R{change.replica}" for change in message.view_changes)
                proposed = ",".join(self._block(p.height, p.hash) for p in message.pre_prepares) or "-"
                return f"{name} {message.view} by={voters} proposes={proposed}"
            case Fetch():
                return f"{name} {self._block(message.height, message.hash)}"
            case Fetched():
                return f"{name} {self._block(message.block.height, message.block.hash)}"
            case Checkpoint() | StableCheckpoint():
                right = self.cluster.states.get(message.height) is not None
                right = right and message.digest == self.cluster.canonical(message.height)
                return f"{name} {message.height}{'' if right else ' of another state'}"
            case FetchStable():
                return f"{name} above {message.height}"
            case FetchManifest() | Manifest():
                none = isinstance(message, Manifest) and message.snapshot is None
                return f"{name} {message.height}{' not kept' if none else ''}"
            case FetchChunk() | Chunk():
                none = isinstance(message, Chunk) and message.data is None
                return f"{name} {message.height}.{message.place}{' not kept' if none else ''}"
        return f"{name} view={message.view}" if isinstance(message, StatusReport) else name

    def _in_view(self, message: PrePrepare) -> str:
        return f"{self._block(message.block.height, message.block.hash)}/{message.view}"

    def _certificate(self, prepared: PreparedCertificate) -> str:
        return f"{self._block(prepared.height, prepared.hash)}/{prepared.view}"

    def _name(self, block: Any, text: str) -> None:
        self._names[block.hash] = text

    def _block(self, height: int, block_hash: bytes) -> str:
        return f"{height}:{self._names.get(block_hash, block_hash.hex()[:6])}"

    def _matching(self, words: tuple[str, ...]) -> list[Flight]:
        wanted = selector(words)
        return [flight for flight in self.cluster.flights if wanted(flight)]


def _proof(commit: Commit) -> str:
    return "" if commit.certificate is not None else " (vouched for by the block above)"


def number(name: str) -> int:
    return int(name.removeprefix("R"))


def height_of(message: Any) -> int | None:
    return message.block.height if isinstance(message, PrePrepare | Fetched) else getattr(message, "height", None)


def selector(words: tuple[str, ...]) -> Callable[[Flight], bool]:
    """Which flights ``[KIND ...] [FROM [TO]]`` means."""
    kinds = tuple(KINDS[word] for word in words if word in KINDS)
    heights = [int(word[1:]) for word in words if word.startswith("h")]
    ends: list[str] = [word for word in words if word not in KINDS and not word.startswith("h")]
    ends += ["*"] * (2 - len(ends))

    def wanted(flight: Flight) -> bool:
        return (
            (not kinds or isinstance(flight.message, kinds))
            and (not heights or height_of(flight.message) in heights)
            and ends[0] in {"*", f"R{flight.sender}"}
            and ends[1] in {"*", f"R{flight.to}"}
        )

    return wanted
