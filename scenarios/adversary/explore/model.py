"""What a search explores: a *scene* of some protocol, and what must never be seen in it.

Everything protocol-specific is a :class:`Scene`: which nodes there are, how often what may happen, what a liar forges,
which facts a step establishes, and which two things contradict each other. The rest of this room knows no protocol.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from hashlib import blake2b, sha256
from typing import Any, NamedTuple

import msgspec

from consensus.chain import BLOCKS, FORMAT_VERSION, NO_HASH, Block, Header
from consensus.protocols import Application, Core, Crypto, Setup, Slot, Verdict, protocol
from consensus.vocabulary import Effects, Image, NodeId

GENESIS = sha256(b"explore/genesis").digest()


class Letter(NamedTuple):
    """A message that was sent. It may arrive at any time, any number of times, or never."""

    sender: NodeId
    to: tuple[NodeId, ...]
    message: Any


class Fact(NamedTuple):
    """Something that happened and stays true: ``("decided", (3, hash, term))``."""

    kind: str
    detail: tuple[Any, ...]


Item = Letter | Fact


class Recipe(NamedTuple):
    """Once all of ``needs`` were sent, a liar can make ``makes``."""

    needs: tuple[Letter, ...]
    makes: Letter


class Keys:
    """Signatures as keyed hashes: only who has the key makes them, anyone can check them."""

    def __init__(self, me: NodeId) -> None:
        self._me = me

    def sign(self, data: bytes) -> bytes:
        return signature(self._me, data)

    def verify(self, member: NodeId, data: bytes, signature_: bytes) -> bool:
        return signature_ == signature(member, data)


def signature(member: NodeId, data: bytes) -> bytes:
    """What ``member`` alone can sign."""
    return blake2b(data, key=b"explore/%d" % member, digest_size=64).digest()


class Ledger(Application):
    """The application: accepts every block whose stated state it has executed; its state is the chain so far."""

    def __init__(self, image: Image) -> None:
        blocks = image.get(BLOCKS, {})
        self.heads = {height: block.hash for height, block in sorted(blocks.items()) if isinstance(height, int)}
        self.height = max(self.heads, default=0)

    def execute(self, block: Block) -> None:
        """Take up a decided block."""
        self.heads[block.height] = block.hash
        self.height = block.height

    def validate(self, block: Block) -> Verdict:
        return Verdict.WAIT if block.header.state_height > self.height else Verdict.ACCEPT

    def manifest(self, height: int) -> tuple[bytes, ...] | None:
        head = self.heads.get(height)
        return None if head is None else (self.chunk_digest(head),)

    def chunk(self, height: int, place: int) -> bytes | None:
        return self.heads.get(height) if place == 0 else None


def block_at(slot: Slot, proposer: NodeId, content: bytes = b"") -> Block:
    """The one block that ``proposer`` proposes in this slot (or another one, of other ``content``)."""
    header = Header(
        version=FORMAT_VERSION,
        network="explore",
        height=slot.height,
        parent=slot.parent,
        round=slot.round,
        proposer=proposer,
        members=NO_HASH,
        transactions=sha256(content).digest(),
        state_height=0,
        state=NO_HASH,
    )
    return Block(header=header, transactions=(content,))


class Scene(msgspec.Struct, kw_only=True, frozen=True):
    """A protocol, its nodes, and how often each kind of event may happen; subclasses say what is forbidden.

    ``budget`` maps timers by name, and "propose", "crash" and "pause", to how often each may happen in all of the
    network; what it does not name never happens. ``liars`` run no core: what they can say comes from :meth:`opening`
    and :meth:`recipes`.
    """

    name: str
    protocol: str
    nodes: int
    budget: dict[str, int]
    options: Any = None
    liars: tuple[NodeId, ...] = ()
    requests: bool = False  # does every node always have requests that wait to be ordered?
    honest_is_heard: bool = False  # is it a flaw that a node rejects a message?

    @property
    def voters(self) -> tuple[NodeId, ...]:
        return tuple(range(self.nodes))

    @property
    def correct(self) -> tuple[NodeId, ...]:
        return tuple(node for node in range(self.nodes) if node not in self.liars)

    def core(self, me: NodeId, image: Image, application: Application) -> Core:
        """The real core of one node, not yet started. Chance is left out: every draw is 0."""
        entry = protocol(self.protocol)
        setup = Setup(
            me=me,
            voters=entry.voters_of(self.voters),
            genesis=GENESIS,
            application=application,
            crypto=self.crypto(me),
            image=image,
            random=int,
            options=self.options,
        )
        return entry.core(setup)

    def crypto(self, me: NodeId) -> Crypto:
        """The keys of ``me``."""
        return Keys(me)

    def prelude(self) -> Sequence[tuple[NodeId, str]]:
        """Timers that fire before the search begins, each followed by the delivery of everything."""
        return ()

    def opening(self) -> Iterator[Letter]:
        """What liars can say from the start."""
        yield from ()

    def recipes(self, letter: Letter, sent: Sequence[Letter]) -> Iterator[Recipe]:  # noqa: ARG002 - a default
        """What liars can say from now on, ``letter`` being new among what was ever ``sent`` anywhere."""
        yield from ()

    def facts(self, me: NodeId, core: Core, effects: Effects) -> Iterator[Fact]:  # noqa: ARG002 - a default
        """What a step of ``me`` has established; ``core`` is as it is after the step."""
        yield from ()

    def topics(self, item: Item) -> Iterable[Hashable]:  # noqa: ARG002 - a default
        """Only items that share a topic are asked to agree."""
        return ()

    def clash(self, one: Item, other: Item) -> str | None:  # noqa: ARG002 - a default
        """The property that these two break together, or None."""
        return None

    def describe(self, item: Item) -> str:
        """One line about an item, for a transcript."""
        if isinstance(item, Fact):
            return f"{item.kind} {' '.join(map(brief, item.detail))}"
        return f"{item.sender}->{','.join(map(str, item.to))} {brief(item.message)}"


def brief(value: Any) -> str:
    """A value in few letters: hashes shortened, signatures left out."""
    if isinstance(value, bytes):
        return value.hex()[:6]
    if isinstance(value, Block | Header):
        return f"block {value.height}/{value.round} {value.hash.hex()[:6]}"
    if isinstance(value, msgspec.Struct):
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__ if name != "signature")
        return f"{type(value).__name__}({', '.join(f'{name}={brief(field)}' for name, field in fields)})"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(brief, value))}]"
    return str(value)
