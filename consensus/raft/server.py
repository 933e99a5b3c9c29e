"""A Raft server's state, and the only ways to change it.

What figure 2 of the paper lists stands here under the paper's names: the persistent term, vote and log, the
volatile commit index, and the role with the fields of its own (``roles.py``). The rules that act on it are in
``election.py``, ``append.py`` (followers) and ``replication.py`` (leaders).

Two promises are kept in this one place, whatever those rules do:

* **Durable before said.** Term, vote and log entries that changed are queued as records, and :meth:`Server.send`,
  :meth:`Server.broadcast` and :meth:`Server.commit` first emit the queue as one ``Persist``. Nothing can leave
  the server, or count as committed, before what it rests on.
* **Rejected means unchanged.** Handlers raise :class:`PeerError` only before their first change.
"""

from __future__ import annotations

from typing import Any

from consensus.chain import Block, Certificate
from consensus.protocols import Setup
from consensus.raft.electorate import Electorate
from consensus.raft.incoming import Incoming, begin, chunk_record
from consensus.raft.messages import ReadIndexAnswer
from consensus.raft.options import RaftOptions, options_of
from consensus.raft.progress import Installing, Progress
from consensus.raft.records import INCOMING, LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.raft.recovery import Recovered, recover
from consensus.raft.roles import NAMES, TRANSITIONS, Asker, Candidate, Follower, Leader, Observer, PreCandidate, Role
from consensus.raft.tally import Tally
from consensus.snapshots import Snapshot
from consensus.vocabulary import (
    Broadcast,
    CancelTimer,
    Commit,
    Cut,
    Drop,
    Effects,
    Install,
    LocalProtocolError,
    NodeId,
    Persist,
    Put,
    Readable,
    Record,
    Send,
    SetTimer,
    Trace,
)

ELECTION = "raft.election"
"""Timer of followers (no leader heard) and candidates (no majority won)."""

HEARTBEAT = "raft.heartbeat"
"""Timer of leaders (speak) and candidates (repeat unanswered requests)."""

READS = "raft.reads"
"""Timer of followers that have asked their leader for reads (give up what is overdue)."""


class PeerError(Exception):
    """A peer said something malformed or impossible. Raised before anything has changed."""


class Server:
    """The state of one server; see the module's text for its two promises."""

    def __init__(self, setup: Setup) -> None:
        self.options: RaftOptions = options_of(setup.options)
        self.me = setup.me
        self.voters = setup.voters
        self._founders = tuple(voter for voter in setup.voters if voter != setup.me)
        self.application = setup.application
        self.crypto = setup.crypto
        self._random = setup.random
        self.effects: Effects = []
        self._records: list[Record] = []
        self._hard_state_changed = False
        self._life: int | None = None
        self.questions = 0  # put to leaders for reads, in this life
        self._load(recover(setup, self.options.log_keep))
        self.role: Role = Observer()
        self.electorate: Electorate = self.configurations.latest
        self._follow_configuration()

    # -- Durable state ---------------------------------------------------------------------------------

    def _load(self, found: Recovered) -> None:
        """Take up what the store held."""
        self.term: int = found.hard_state.term
        self.voted_for: NodeId | None = found.hard_state.voted_for
        self.restarted = self.term > 0
        self.log = found.log
        self.commit_index = self.executed_index = found.commit_index
        self.certificate = found.certificate
        self.configurations = found.configurations
        self.incoming = found.incoming
        if found.leftover:
            self._records.append(Cut(space=LOG, start=self.log.last_index + 1))

    def enter_term(self, term: int, voted_for: NodeId | None = None) -> None:
        """Move to a later term; durable before anything else is said. Terms never fall (section 5.1)."""
        if term <= self.term:
            raise LocalProtocolError(f"term {term} does not follow term {self.term}")
        self.term = term
        self.voted_for = voted_for
        self._hard_state_changed = True

    def vote_for(self, candidate: NodeId) -> None:
        """Give this term's vote, once (section 5.2)."""
        if self.voted_for not in (None, candidate):
            raise LocalProtocolError(f"the vote of term {self.term} is given to {self.voted_for} already")
        if self.voted_for is None:
            self.voted_for = candidate
            self._hard_state_changed = True

    def append(self, block: Block, electorate: Electorate) -> None:
        """Add an entry at the log's end, which ``electorate`` decides."""
        self.log.append(block)
        self._records.append(Put(space=LOG, key=block.height, value=LogEntry(block=block)))
        self.configurations.append(block.height, electorate)
        if electorate is not self.electorate:
            self._follow_configuration()

    def adopt(self, block: Block, electorate: Electorate) -> None:
        """The same for a decided block from outside: not in our own log's space, as its Commit makes it durable."""
        self.log.append(block)
        self.configurations.append(block.height, electorate)
        if electorate is not self.electorate:
            self._follow_configuration()

    def truncate(self, start: int) -> None:
        """Take back the uncommitted entries from ``start`` on."""
        if start <= self.commit_index:
            raise LocalProtocolError(f"entry {start} is committed; it cannot be truncated")
        self.log.truncate(start)
        self._records.append(Cut(space=LOG, start=start))
        self.configurations.truncate(start)
        if self.configurations.latest is not self.electorate:
            self._follow_configuration()

    def commit(self, index: int, certificates: dict[int, Certificate]) -> None:
        """Decide every entry up to ``index``; those without a certificate are vouched for by a later one."""
        self.flush()
        for height in range(self.commit_index + 1, index + 1):
            certificate = certificates.get(height)
            self.effects.append(Commit(height=height, block=self.log.block_at(height), certificate=certificate))
            if certificate is not None:
                self.configurations.certified(certificate)
        self.commit_index = index
        self.certificate = certificates.get(index)
        if self.incoming is not None and self.incoming.snapshot.height <= index:
            self._forget_incoming()  # the entries came first, or catch-up did

    def executed(self, index: int) -> None:
        """The application has executed ``index``. Entries far below are forgotten, now and then (section 7).

        They stand in the ledger, and what they led to in the application's state, which snapshots can carry.
        """
        if index > self.commit_index:
            raise LocalProtocolError(f"height {index} cannot be executed; {self.commit_index} is committed")
        self.executed_index = max(self.executed_index, index)
        keep = self.options.log_keep
        if self.executed_index - self.log.base_index < 2 * keep:
            return
        base = min(self.executed_index - keep, self._needed_from())
        if base > self.log.base_index:
            self.log.compact(base)
            self.configurations.compact(base)
            self._records.append(Drop(space=LOG, end=base + 1))

    def _needed_from(self) -> int:
        """What follows a snapshot is needed by whoever is receiving it, for as long as that may reasonably take."""
        if not isinstance(self.role, Leader):
            return self.executed_index
        states = [progress.state for progress in self.role.progress.values()]
        heights = [state.snapshot.height for state in states if isinstance(state, Installing) and not state.silent]
        return max(min(heights, default=self.executed_index), self.executed_index - 8 * self.options.log_keep)

    # -- Receiving a snapshot --------------------------------------------------------------------------

    def receive_snapshot(self, snapshot: Snapshot) -> Incoming:
        """Begin to receive ``snapshot``, in place of any other; what both have in common stays."""
        self.incoming, records = begin(snapshot, self.incoming)
        self._records += records
        return self.incoming

    def receive_chunk(self, place: int, chunk: bytes) -> None:
        """Keep a chunk of it, which was checked."""
        assert self.incoming is not None  # noqa: S101
        if place not in self.incoming.chunks:
            self.incoming.chunks[place] = chunk
            self._records.append(chunk_record(place, chunk))

    def install(self, incoming: Incoming) -> None:
        """Take the state of a snapshot that is complete in place of all that it covers.

        Should a crash come before the log is durably without what contradicts the snapshot, the next start finds that
        it does not follow, and cuts it then.
        """
        snapshot, header = incoming.snapshot, incoming.snapshot.header
        if snapshot.height <= self.commit_index:
            raise LocalProtocolError(f"a snapshot of {snapshot.height} after {self.commit_index} was committed")
        self.flush()
        chunks = tuple(incoming.chunks[place] for place in range(len(snapshot.chunks)))
        self.effects.append(Install(height=snapshot.height, snapshot=snapshot, chunks=chunks))
        if self.log.restart(snapshot.height, header.round, header.hash):
            self._records.append(Drop(space=LOG, end=snapshot.height + 1))
        else:
            self._records.append(Cut(space=LOG, start=0))
            self.configurations.truncate(snapshot.height + 1)
        self.configurations.install(snapshot.height, snapshot.configuration)
        if self.configurations.latest.configuration == self.electorate.configuration:
            self.electorate = self.configurations.latest
        else:
            self._follow_configuration()
        self.commit_index = self.executed_index = snapshot.height
        self.certificate = snapshot.certificate
        if snapshot.certificate is not None:
            self.configurations.certified(snapshot.certificate)
        self._forget_incoming()

    def _forget_incoming(self) -> None:
        self.incoming = None
        self._records.append(Cut(space=INCOMING, start=0))

    # -- Who takes part --------------------------------------------------------------------------------

    def _follow_configuration(self) -> None:
        """Act by the latest configuration in our log from here on, committed or not (dissertation, section 4.1)."""
        self.electorate = self.configurations.latest
        me, members = self.me, self.electorate.configuration.members
        self.peers = tuple(member for member in members if member != me)
        """Every other member: whom a leader sends the log."""
        self.rivals = tuple(elector for elector in self.electorate.electors if elector != me)
        """Every other member with a vote: whom a candidate asks."""
        self.reconfigured = True
        """Our role does not know of it yet (see :func:`consensus.raft.membership.take_effect`)."""

    def may_stand(self) -> bool:
        """Does our log give us a vote, or take it from us by a block that may yet fail?

        In the latter case our log may be the only complete one: without us, nobody could be elected who would commit
        that block (dissertation, section 4.2.2). Our own vote then counts only for others.
        """
        if self.me in self.electorate.electors:
            return True
        since = self.configurations.since
        return since > self.commit_index and self.me in self.configurations.at(since - 1).electors

    # -- What leaves the server ------------------------------------------------------------------------

    def flush(self) -> None:
        """Emit what must be durable before whatever comes next."""
        if self._hard_state_changed:
            state = HardState(term=self.term, voted_for=self.voted_for)
            self._records.insert(0, Put(space=STATE, key=STATE_KEY, value=state))
            self._hard_state_changed = False
        if self._records:
            self.effects.append(Persist(records=tuple(self._records)))
            self._records.clear()

    def send(self, to: NodeId, message: Any) -> None:
        if self._records or self._hard_state_changed:
            self.flush()
        self.effects.append(Send(to=to, message=message))

    def broadcast(self, message: Any, to: tuple[NodeId, ...] | None = None) -> None:
        """To every other member, or to exactly the nodes of ``to``."""
        self.flush()
        receivers = self.peers if to is None else to
        if not receivers:
            return
        self.effects.append(Broadcast(message=message, to=None if receivers == self._founders else receivers))

    def trace(self, kind: str, *detail: Any) -> None:
        self.effects.append(Trace(kind=kind, detail=detail))

    def take_effects(self) -> Effects:
        """Everything emitted since the last call, what is still queued included."""
        if self._records or self._hard_state_changed:
            self.flush()
        effects, self.effects = self.effects, []
        return effects

    # -- Roles -----------------------------------------------------------------------------------------

    def become_follower(self, now: int, term: int, leader: NodeId | None = None) -> None:
        """Follow ``leader`` (or nobody known yet) in ``term``, which is the current one or later.

        The wait for the next election is not cut short by a new term, nor prolonged, neither a follower's nor a
        candidate's: only hearing a leader and granting a vote begin it anew (section 5.2). So a candidate that
        cannot win, its log being too short, does not hold up those that can.
        """
        news = term > self.term
        if news:
            self.enter_term(term)
        if isinstance(self.role, Follower):
            if news or self.role.leader != leader:
                self._give_up_reads(self.role)
                self.role.leader, self.role.beat = leader, -1
            return
        promise = self.role.heard_at if isinstance(self.role, Observer) else None
        waiting = (self.role.timeout, self.role.stood_at) if isinstance(self.role, Candidate) else None
        timeout, since = waiting or (self.random_timeout(), now)
        self._lay_down()
        self._become(Follower(timeout=timeout, reset_at=since, heard_at=promise, leader=leader))
        if waiting is None:
            self.effects.append(SetTimer(name=ELECTION, after_ns=timeout))

    def become_observer(self) -> None:
        """Without a vote, and without a leader that speaks to us: wait until one does."""
        if self.may_stand():
            raise LocalProtocolError("a server that votes does not look on")
        self._lay_down()
        self._become(Observer())

    def answer_read(self, asker: Asker | int, index: int | None) -> None:
        """Tell whoever asked for a read from which index on it may be answered; None: it may not."""
        if isinstance(asker, int):
            self.effects.append(Readable(context=asker, height=index))
        else:
            answer = ReadIndexAnswer(term=self.term, life=asker.life, number=asker.number, index=index)
            self.send(asker.node, answer)

    def _give_up_reads(self, role: Follower) -> None:
        """The leader that was asked leads no more."""
        for asked in role.asked:
            self.answer_read(asked.context, None)
        role.asked.clear()

    def _lay_down(self) -> None:
        """End what the present role has under way."""
        if isinstance(self.role, Leader):
            for read in self.role.reads:
                self.answer_read(read.asker, None)
        if isinstance(self.role, Leader | Candidate | PreCandidate):
            self.effects.append(CancelTimer(name=HEARTBEAT))

    def become_pre_candidate(self) -> None:
        """Ask around before standing (dissertation, section 9.6); the term stays."""
        self._become(PreCandidate(votes={self.me: True}))
        self._await_votes(self.random_timeout())

    def become_candidate(self, now: int, *, transfer: bool = False) -> None:
        """Stand for election in the next term, with our own vote (section 5.2)."""
        self.enter_term(self.term + 1, voted_for=self.me)
        timeout = self.random_timeout()
        self._become(Candidate(votes={self.me: True}, timeout=timeout, stood_at=now, transfer=transfer))
        self._await_votes(timeout)

    def become_leader(self, now: int) -> Leader:
        """Lead the term that was just won: every follower's log is unknown, so probe from the end."""
        start = self.log.last_index + 1
        progress = {peer: Progress(next_index=start, heard_at=now) for peer in self.peers}
        role = Leader(progress=progress, tally=Tally(), sent_at={0: now})
        self._become(role)
        self.effects.append(CancelTimer(name=ELECTION))
        self.effects.append(SetTimer(name=HEARTBEAT, after_ns=self.options.heartbeat_ns))
        return role

    def _become(self, role: Role) -> None:
        if type(role) not in TRANSITIONS[type(self.role)]:
            raise LocalProtocolError(f"a {type(self.role).__name__} does not become a {type(role).__name__}")
        if isinstance(self.role, Follower):
            self._give_up_reads(self.role)
        self.role = role
        self.trace("raft.role", NAMES[type(role)], self.term)

    def _await_votes(self, timeout: int) -> None:
        self.effects.append(SetTimer(name=ELECTION, after_ns=timeout))
        self.effects.append(SetTimer(name=HEARTBEAT, after_ns=self.options.heartbeat_ns))

    @property
    def life(self) -> int:
        """A number of this incarnation that no other has, drawn when it is first needed."""
        if self._life is None:
            self._life = self._random() >> 1
        return self._life

    def random_timeout(self) -> int:
        """An election timeout, uniform over the options' range."""
        low, high = self.options.election_timeout_min_ns, self.options.election_timeout_max_ns
        return low + self._random() % (high - low)

    def stands_by_a_leader(self, now: int) -> bool:
        """Was a leader heard within the least election timeout? Then nobody else gets our vote.

        So a server that rejoins, or hears nothing, cannot depose a leader that the rest can hear
        (dissertation, section 4.2.3). CheckQuorum sees to it that a leader's own belief is fresh.
        """
        if not self.options.pre_vote:
            return False
        if isinstance(self.role, Leader):
            return True
        if not isinstance(self.role, Follower | Observer) or self.role.heard_at is None:
            return False
        return now - self.role.heard_at < self.options.election_timeout_min_ns
