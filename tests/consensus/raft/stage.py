"""The verbs of Raft's golden transcripts, played on the lab.

Servers are called S1, S2 ... as in the paper's figures; S1 is node 0. Terms and logs read ``index/term``.

====================================  ================================================================================
``nodes N [option=value ...]``        start N servers and ``observers=`` more without a vote; times are nanoseconds.
                                      ``snapshots=K``: applications keep snapshots of the last K heights they executed
``log S1 TERMS [term=T] [commit=I]``  set a server to a log with entries of these terms (``1,1,4``)
``campaign S1``                       nobody has heard of a leader for long, and S1's election timer fires first
``elect S1``                          the same, delivered until S1 leads; only the outcome is printed
``quietly VERB ...``                  any verb, printing nothing
``tick MS``                           time passes: timers that fall due fire, and nothing is delivered
``run MS``                            time passes and messages arrive; only what the servers do is printed
``fire S1 election|heartbeat|reads``  one timer fires
``propose S1 TEXT``                   S1 orders a block
``reconfigure S1 CHANGE ...``         S1 orders a block that asks for changes: ``add-voter:S4`` ``add-learner:S4``
                                      ``remove:S1``, and ``joint`` or ``manual`` (the joint configuration stays until:)
``leave S1``                          S1 orders a block that leaves the joint configuration
``show-configuration``                every server's latest configuration in one line, and whether it is committed
``transfer S1 S2``                    S1 is to hand its leadership over to S2
``read S1 NUMBER``                    S1 is to answer a linearizable read
``deliver [S1 [S2]]``                 deliver until quiet everything, or what S1 sends, or what S1 sends to S2
``once [S1 [S2]]``                    the same for what is under way now, but not what that gives rise to
``drop [S1 [S2]]``                    lose what is under way
``repeat S1 S2``                      deliver what S1 has under way to S2, and leave a copy of it under way
``partition S1,S2 [S3 ...]``          cut the links between these groups and everyone else; ``heal`` mends them
``crash S1`` · ``restart S1``         what is not durable is lost; the memory too
``adopt S1 FROM``                     hand S1 by catch-up the next block that FROM has decided
``slow S1`` · ``execute S1``          S1's application executes nothing more; it does again
``show``                              every server in one line
====================================  ================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consensus.chain import BLOCKS
from consensus.configuration import Change, Configuration, ConfigurationError, Reconfiguration, Verb
from consensus.raft import RaftOptions
from consensus.raft.messages import (
    AppendDeferral,
    AppendEntries,
    AppendFailure,
    AppendSuccess,
    InstallSnapshot,
    InstallSnapshotReply,
    PreVote,
    PreVoteReply,
    ReadIndex,
    ReadIndexAnswer,
    RequestVote,
    RequestVoteReply,
    SnapshotChunk,
    TimeoutNow,
)
from consensus.raft.records import INCOMING, INCOMING_MANIFEST, HardState, IncomingChunk, IncomingManifest, LogEntry
from consensus.raft.restore import image_of
from consensus.raft.roles import Follower, Leader
from consensus.vocabulary import (
    MILLISECOND,
    Commit,
    Cut,
    Drop,
    Effects,
    Install,
    LocalProtocolError,
    Persist,
    Put,
    Readable,
    Rejected,
    Trace,
)
from tests.consensus.golden import act
from tests.consensus.raft.lab import GENESIS, Flight, Lab, make_block


class Stage:
    """One transcript's network. :meth:`execute` runs a command line and returns what it prints."""

    def __init__(self) -> None:
        self._lab: Lab | None = None
        self._out: list[str] = []

    @property
    def lab(self) -> Lab:
        assert self._lab is not None, "a transcript starts with `nodes`"
        return self._lab

    def execute(self, line: str) -> list[str]:
        self._out = []
        act(self, line.split())
        return self._out

    # -- Verbs ---------------------------------------------------------------------------------------

    def do_nodes(self, count: str, *settings: str) -> None:
        options = {key: int(value) for key, value in (setting.split("=") for setting in settings)}
        observers, snapshots = options.pop("observers", 0), options.pop("snapshots", 0)
        chosen = RaftOptions(**options)
        self._lab = Lab(int(count), observers=observers, snapshots=snapshots, options=chosen, observe=self._observe)
        self._out.clear()

    def do_log(self, name: str, terms: str, *settings: str) -> None:
        given = dict(setting.split("=") for setting in settings)
        blocks, last = [], GENESIS
        for term in () if terms == "-" else map(int, terms.split(",")):
            last = make_block(last.height + 1, last.hash, term, 0, "restored")
            blocks.append(last)
        image = image_of(int(given.get("term", last.round)), None, blocks, int(given.get("commit", "0")))
        for block in image[BLOCKS].values():
            self.lab.decided.setdefault(block.height, block)
            self.lab.decided_in.setdefault(block.height, block.round)
        me = number(name)
        self.lab.crash(me)
        self.lab.nodes[me].store.clear()
        self.lab.nodes[me].store.update(image)
        self.lab.restart(me)
        self._out.clear()

    def do_elect(self, name: str) -> None:
        self.lab.elect(number(name))
        self._out = [line.strip() for line in self._out if " becomes leader" in line]

    def do_quietly(self, *words: str) -> None:
        act(self, list(words))
        self._out.clear()

    def do_campaign(self, name: str) -> None:
        lab = self.lab
        lab.now += 2 * lab.options.election_timeout_max_ns
        lab.nodes[number(name)].timers["raft.election"] = lab.now
        lab.fire(number(name), "raft.election")

    def do_fire(self, name: str, timer: str) -> None:
        self.lab.fire(number(name), f"raft.{timer}")

    def do_tick(self, milliseconds: str) -> None:
        lab = self.lab
        end = lab.now + int(milliseconds) * MILLISECOND
        while True:
            due = [(at, node.me, name) for node in lab.nodes if node.up for name, at in node.timers.items()]
            at, me, name = min(due, default=(end + 1, 0, ""))
            if at > end:
                break
            lab.fire(me, name)
        lab.now = end

    def do_run(self, milliseconds: str) -> None:
        self.lab.run(int(milliseconds) * MILLISECOND)
        self._out = [line.strip() for line in self._out]

    def do_propose(self, name: str, *content: str) -> None:
        self.lab.propose(number(name), *content)

    def do_reconfigure(self, name: str, *words: str) -> None:
        changes = [
            Change(Verb(verb), number(server)) for verb, _, server in (w.partition(":") for w in words) if server
        ]
        change = Reconfiguration(tuple(changes), joint="joint" in words, auto_leave="manual" not in words)
        self._try(lambda: self.lab.propose(number(name), change=change))

    def do_leave(self, name: str) -> None:
        self._try(lambda: self.lab.propose(number(name), leave=True))

    def _try(self, action: Callable[[], object]) -> None:
        """Our own misuse is an answer too."""
        try:
            action()
        except (LocalProtocolError, ConfigurationError) as error:
            self._out.append(f"no: {error}")

    def do_transfer(self, name: str, target: str) -> None:
        self.lab.transfer(number(name), number(target))

    def do_read(self, name: str, context: str) -> None:
        self.lab.read(number(name), int(context))

    def do_deliver(self, *names: str) -> None:
        while flights := self._under_way(*names):
            self._deliver(flights[0])

    def do_once(self, *names: str) -> None:
        for flight in self._under_way(*names):
            self._deliver(flight)

    def do_drop(self, *names: str) -> None:
        for flight in self._under_way(*names):
            self.lab.flights.remove(flight)
            self._out.append(f"lost: {described(flight)}")

    def do_repeat(self, sender: str, receiver: str) -> None:
        for flight in self._under_way(sender, receiver):
            self.lab.flights.append(flight)
            self._deliver(flight)

    def do_partition(self, *groups: str) -> None:
        for group in groups:
            self.lab.isolate(*(number(name) for name in group.split(",")))

    def do_heal(self) -> None:
        self.lab.heal()

    def do_crash(self, name: str) -> None:
        self.lab.crash(number(name))

    def do_restart(self, name: str) -> None:
        self.lab.restart(number(name))

    def do_adopt(self, name: str, source: str) -> None:
        me, giver = self.lab.nodes[number(name)], self.lab.nodes[number(source)]
        height = len(me.chain)
        self.lab.adopt(me.me, giver.chain[height], giver.certified.get(height))

    def do_slow(self, name: str) -> None:
        self.lab.slow.add(number(name))

    def do_execute(self, name: str) -> None:
        self.lab.slow.discard(number(name))
        self.lab.execute(self.lab.nodes[number(name)])

    def do_show(self) -> None:
        for node in self.lab.nodes:
            server = node.core.server
            terms = ",".join(
                str(server.log.term_at(i)) for i in range(server.log.base_index + 1, server.log.last_index + 1)
            )
            line = f"{label(node.me)} {node.core.status().role} term={server.term} log={terms or '-'}"
            if server.log.base_index:
                line += f" after={server.log.base_index}"
            line += f" commit={server.commit_index}"
            if isinstance(server.role, Follower) and server.role.leader is not None:
                line += f" leader={label(server.role.leader)}"
            if isinstance(server.role, Leader):
                line += "".join(
                    f" {label(peer)}:{type(one.state).__name__.lower()}@{one.match_index}/{one.next_index}"
                    for peer, one in server.role.progress.items()
                )
                line += " wants-block" if node.core.wants_block() else ""
            if server.incoming is not None:
                snapshot, chunks = server.incoming.snapshot, server.incoming.chunks
                line += f" receives={snapshot.height}({','.join(map(str, sorted(chunks)))} of {len(snapshot.chunks)})"
            if (busy := node.core.status().busy) is not None:
                line += f" busy: {busy}"
            self._out.append(line if node.up else f"{label(node.me)} down")

    def do_show_configuration(self) -> None:
        for node in self.lab.nodes:
            server = node.core.server
            history = server.configurations.history()
            since, configuration = history[-1]
            state = "committed" if since <= server.commit_index else f"since {since}, not committed"
            told = f"{configured(configuration)} ({state})" if node.up else "down"
            self._out.append(f"{label(node.me)} {told}")

    # -- Telling -------------------------------------------------------------------------------------

    def _under_way(self, sender: str | None = None, receiver: str | None = None) -> list[Flight]:
        return [
            flight
            for flight in self.lab.flights
            if sender in (None, label(flight.sender)) and receiver in (None, label(flight.receiver))
        ]

    def _deliver(self, flight: Flight) -> None:
        suffix = "" if self.lab.nodes[flight.receiver].up else " (down)"
        self._out.append(described(flight) + suffix)
        self.lab.deliver(flight)

    def _observe(self, me: int, effects: Effects) -> None:
        for effect in effects:
            text = told(effect)
            if text is not None:
                self._out.append(f"{INDENT if self._out else ''}{label(me)} {text}")


INDENT = "  "


def number(name: str) -> int:
    """S1 is node 0."""
    assert name.startswith("S"), f"{name}: servers are called S1, S2 ..."
    return int(name[1:]) - 1


def label(me: int) -> str:
    return f"S{me + 1}"


def told(effect: Any) -> str | None:  # noqa: C901, PLR0911  one for each kind of effect
    """An effect in words; None for those that show when they arrive, and for timers."""
    match effect:
        case Trace(kind="raft.role", detail=(role, term)):
            return f"becomes {role} in term {term}"
        case Trace(kind="raft.configuration", detail=(voters, outgoing, learners)):
            return f"goes by {configured(Configuration(voters=voters, outgoing=outgoing, learners=learners))}"
        case Trace(kind="raft.snapshot", detail=(peer, height)):
            return f"offers {label(peer)} a snapshot of {height}"
        case Trace(kind=kind, detail=detail):
            return f"{kind.removeprefix('raft.')} " + " ".join(label(value) for value in detail[:1])
        case Persist(records=records):
            return "writes " + ", ".join(map(written, records))
        case Commit(height=height, block=block, certificate=certificate):
            proof = "" if certificate is None else " by " + ",".join(label(m) for m, _ in certificate.signatures)
            return f"commits {height}/{block.round}{proof}"
        case Install(height=height, snapshot=snapshot):
            return f"installs the state of {height}/{snapshot.header.round}"
        case Readable(context=context, height=None):
            return f"cannot answer read {context}"
        case Readable(context=context, height=height):
            return f"may answer read {context} from height {height} on"
        case Rejected(reason=reason):
            return f"rejects it: {reason}"
        case _:
            return None


def configured(configuration: Configuration) -> str:
    """A configuration in words."""
    text = "voters " + ",".join(map(label, configuration.voters))
    if configuration.joint:
        text += " and those before, " + ",".join(map(label, configuration.outgoing))
    if configuration.learners:
        text += ", learners " + ",".join(map(label, configuration.learners))
    return text


def written(record: Any) -> str:  # noqa: PLR0911  one for each kind of record
    match record:
        case Put(value=HardState(term=term, voted_for=voted_for)):
            return f"term {term}" + ("" if voted_for is None else f" with its vote for {label(voted_for)}")
        case Put(value=LogEntry(block=block)):
            return f"{block.height}/{block.round}"
        case Put(value=IncomingManifest(snapshot=snapshot)):
            return f"the manifest of a snapshot of {snapshot.height}"
        case Put(key=int(key), value=IncomingChunk()):
            return f"its chunk {key - INCOMING_MANIFEST - 1}"
        case Cut(space=space) if space == INCOMING:
            return "nothing of a snapshot"
        case Cut(start=start):
            return f"nothing from {start} on"
        case Drop(end=end):
            return f"nothing before {end}"
        case _:
            return repr(record)


def described(flight: Flight) -> str:  # noqa: C901, PLR0912  one case for each kind of message
    message = flight.message
    match message:
        case PreVote() | RequestVote():
            text = f"{type(message).__name__} term={message.term} last={message.last_index}/{message.last_term}"
            text += " transfer" if isinstance(message, RequestVote) and message.transfer else ""
        case PreVoteReply() | RequestVoteReply():
            text = f"{type(message).__name__} term={message.term} {'granted' if message.granted else 'refused'}"
        case AppendEntries():
            blocks = ",".join(f"{block.height}/{block.round}" for block in message.blocks) or "-"
            previous = f"{message.previous_index}/{message.previous_term}"
            text = f"AppendEntries term={message.term} after={previous} blocks={blocks} commit={message.commit}"
        case AppendSuccess():
            signed = " signed" if message.signature is not None else ""
            text = f"AppendSuccess term={message.term} match={message.match_index}{signed}"
        case AppendFailure():
            conflict = f"{message.conflict_index}/{message.conflict_term}"
            text = f"AppendFailure term={message.term} after={message.previous_index} conflict={conflict}"
        case AppendDeferral():
            text = f"AppendDeferral term={message.term} match={message.match_index}"
        case InstallSnapshot(snapshot=snapshot):
            text = f"InstallSnapshot term={message.term} of {snapshot.height}/{snapshot.header.round}"
            text += f" in {len(snapshot.chunks)} chunks"
        case SnapshotChunk():
            text = f"SnapshotChunk term={message.term} place={message.place}"
        case InstallSnapshotReply():
            text = f"InstallSnapshotReply term={message.term} wanted={','.join(map(str, message.wanted)) or '-'}"
        case ReadIndex():
            text = f"ReadIndex term={message.term} number={message.number}"
        case ReadIndexAnswer():
            text = f"ReadIndexAnswer term={message.term} number={message.number} index={message.index}"
        case TimeoutNow():
            text = f"TimeoutNow term={message.term}"
        case _:
            text = repr(message)
    return f"{label(flight.sender)} -> {label(flight.receiver)} {text}"
