"""PBFT's scenes: one replica of n lies, and the others must agree.

The liar runs no core. Everything that it could say, signing with its own key and quoting what others signed, is
under way from the moment it could be made: two PRE-PREPAREs for one height in its views, PREPAREs and COMMITs for every
block there is, VIEW-CHANGEs that tell and that forget what was prepared, and a NEW-VIEW from every quorum of
VIEW-CHANGEs. Who receives which of them, when and how often, is for the search to choose; so it equivocates, withholds
and delays in every way. What is hard to forge is made by a *puppet*: a real core with the liar's key that is shown
some letters and not others.

Bounds: height 1, and the views up to that of the scene. Blocks come from the views' primaries; a liar has two for each
slot of its own. It votes for a block in a view once that view has been told to vote for it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from consensus.chain import commit_bytes
from consensus.pbft.certificates import pre_prepare_bytes, prepare_bytes
from consensus.pbft.messages import CommitVote, NewView, Prepare, PrePrepare, ViewChange
from consensus.protocols import Core, Slot
from consensus.quorum import byzantine_quorum
from consensus.vocabulary import Commit, Effects, NodeId
from scenarios.adversary.explore import machine
from scenarios.adversary.explore.model import GENESIS, Fact, Item, Letter, Recipe, Scene, block_at, signature

VIEW_CHANGE = "pbft.view-change"
CONTENTS = (b"one", b"other")
"""What the liar's two blocks for one slot hold."""


class PbftScene(Scene, frozen=True, kw_only=True):
    """Some PBFT replicas, of which the only one in ``liars`` lies in views up to ``views``, at height 1."""

    views: int = 1

    @property
    def liar(self) -> NodeId:
        return self.liars[0]

    # What the liar can say

    def opening(self) -> Iterator[Letter]:
        for view in range(self.views + 1):
            if self._primary(view) == self.liar:
                for content in CONTENTS:
                    block = block_at(Slot(height=1, parent=GENESIS, round=view), self.liar, content)
                    yield self._says(PrePrepare(view, block, self._signs(pre_prepare_bytes(view, 1, block.hash))))
                    yield from self._votes(view, block.hash)
        yield from self._puppet(())

    def recipes(self, letter: Letter, sent: Sequence[Letter]) -> Iterator[Recipe]:
        message = letter.message
        for view, block_hash in _proposed(message):
            for vote in self._votes(view, block_hash):
                yield Recipe((letter,), vote)
        if letter.sender == self.liar:
            return
        if isinstance(message, Prepare | PrePrepare | ViewChange):
            yield from self._quoted(letter, sent)

    def _quoted(self, letter: Letter, sent: Sequence[Letter]) -> Iterator[Recipe]:
        """VIEW-CHANGEs and NEW-VIEWs in which ``letter`` is quoted, or which rest on it."""
        requests = [
            one
            for one in sent
            if isinstance(one.message, ViewChange)
            and one.sender != self.liar
            and self._primary(one.message.view) == self.liar
        ]
        for history in self._histories(sent):
            for quorum in ((), *combinations(requests, self._quorum - 1)):
                needs = (*history, *quorum)
                distinct = len({one.sender for one in quorum}) == len(quorum)
                if letter in needs and distinct and len({one.message.view for one in quorum}) <= 1:
                    for forged in self._puppet(needs):
                        yield Recipe(needs, forged)

    def _histories(self, sent: Sequence[Letter]) -> Iterator[tuple[Letter, ...]]:
        """What the liar may own up to having seen: nothing, or just enough to have a block prepared in view 0."""
        yield ()
        proposals = [one for one in sent if isinstance(one.message, PrePrepare) and one.message.view == 0]
        prepares = [one for one in sent if isinstance(one.message, Prepare) and one.message.view == 0]
        needed = self._quorum - 1 - (self._primary(0) != self.liar)
        for proposal in proposals:
            fitting = [
                one for one in prepares if one.sender != self.liar and one.message.hash == proposal.message.block.hash
            ]
            for chosen in combinations(fitting, needed):
                yield (proposal, *chosen)

    def _puppet(self, letters: Sequence[Letter]) -> Iterator[Letter]:
        """What an honest core with the liar's key would say that saw exactly these and then lost its patience."""
        shown = [one for one in letters if not isinstance(one.message, ViewChange)]
        asked = [one for one in letters if isinstance(one.message, ViewChange)]
        puppet = machine.started(self, self.liar, {}).machine
        for one in shown:
            if one.sender == self.liar:
                puppet.core.propose(0, one.message.block)
            else:
                puppet = machine.delivered(self, puppet, one.sender, one.message).machine
        outcome = machine.fired(self, puppet, VIEW_CHANGE)
        said = list(outcome.letters)
        for one in asked:
            outcome = machine.delivered(self, outcome.machine, one.sender, one.message)
            said += outcome.letters
        for letter in said:
            if isinstance(letter.message, NewView) or (isinstance(letter.message, ViewChange) and not asked):
                yield self._says(letter.message)

    def _votes(self, view: int, block_hash: bytes) -> Iterator[Letter]:
        """PREPARE and COMMIT for a block."""
        if self._primary(view) != self.liar:
            yield self._says(Prepare(view, 1, block_hash, self.liar, self._signs(prepare_bytes(view, 1, block_hash))))
        yield self._says(CommitVote(view, 1, block_hash, self.liar, self._signs(commit_bytes(view, 1, block_hash))))

    def _says(self, message: object) -> Letter:
        return Letter(self.liar, self.correct, message)

    def _signs(self, data: bytes) -> bytes:
        return signature(self.liar, data)

    def _primary(self, view: int) -> NodeId:
        return view % self.nodes

    @property
    def _quorum(self) -> int:
        return byzantine_quorum(self.nodes)

    # What must hold

    def facts(self, me: NodeId, core: Core, effects: Effects) -> Iterator[Fact]:  # noqa: ARG002 - the interface's
        for effect in effects:
            if isinstance(effect, Commit):
                yield Fact("decided", (effect.height, effect.block.hash))

    def topics(self, item: Item) -> Iterable[Hashable]:
        if isinstance(item, Fact):
            return (("decided", item.detail[0]),)
        message: Any = item.message
        topic: Hashable = None
        match message:
            case _ if item.sender == self.liar:
                pass
            case PrePrepare():
                topic = ("pre-prepare", item.sender, message.view, message.block.height)
            case Prepare():
                topic = ("prepare", item.sender, message.view, message.height)
            case CommitVote():
                topic = ("commit", message.view, message.height)
            case ViewChange() | NewView():
                topic = (type(message).__name__, item.sender, message.view)
        return () if topic is None else (topic,)

    def clash(self, one: Item, other: Item) -> str | None:
        if isinstance(one, Fact) and isinstance(other, Fact):
            return "agreement" if one.detail[1] != other.detail[1] else None
        if isinstance(one, Fact) or isinstance(other, Fact) or _says_the_same(one.message, other.message):
            return None
        return "no equivocation" if one.sender == other.sender else "one prepared block a view and height"


def _proposed(message: object) -> Iterator[tuple[int, bytes]]:
    """The view and hash of whatever this message wants decided at height 1."""
    if isinstance(message, PrePrepare) and message.block.height == 1:
        yield message.view, message.block.hash
    elif isinstance(message, NewView):
        yield from ((message.view, proposal.hash) for proposal in message.pre_prepares if proposal.height == 1)


def _says_the_same(one: object, other: object) -> bool:
    """Equal messages, or votes for one block (who votes, and how it is signed, may differ)."""
    if isinstance(one, CommitVote) and isinstance(other, CommitVote):
        return one.hash == other.hash
    return one == other


def scenes(nodes: int) -> tuple[PbftScene, ...]:
    """What ``consortium explore --protocol pbft`` searches: a first primary that lies, and a second one."""
    return tuple(
        PbftScene(
            name=name,
            protocol="pbft",
            nodes=nodes,
            liars=(liar,),
            budget={VIEW_CHANGE: 3, "propose": 1, "crash": 1},
            requests=True,
        )
        for name, liar in (("lying primary", 0), ("lying successor", 1))
    )
