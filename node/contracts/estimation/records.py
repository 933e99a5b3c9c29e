"""The contract "estimation": its records and its states."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Readers, Record
from node.contracts.lifecycle import Lifecycle

MODEL = Lifecycle(
    "model",
    {
        "PROPOSED": {"approve": "APPROVED", "refuse": "REFUSED"},
        "APPROVED": {"withdraw": "WITHDRAWN"},
        "REFUSED": {},
        "WITHDRAWN": {},
    },
)

STUDY = Lifecycle("study", {"ASKED": {"supply": "ASKED", "publish": "PUBLISHED"}, "PUBLISHED": {}})

AGE_END = 121
"""The age before which every band ends: the bands of a study go from 0 to here."""

PARTIES_MIN, PARTIES_MAX = 3, 15
"""Of two parties, each could subtract its own part; a share is sealed to one more at most."""

BANDS_MAX = 32


class Model(Record, frozen=True):
    """How rates are worked out of sums: a digest of the document, and what the contract applies of it.

    A rate is what a band costs a head, and ``loading_ppm`` more, up to the next fen.
    """

    namespace: ClassVar[str] = "estimation_models"
    readers: ClassVar[Readers] = Readers.EVERYONE

    state: str
    proposer: str
    digest: str
    loading_ppm: int


class Edge(Struct, frozen=True):
    """How many people of a pool are younger than ``age``: what published tables together tell of one age."""

    age: int
    people: int


class Pool(Record, frozen=True):
    """Data of several insurers that none shows another; the key is the object that opened it.

    ``people_min``: the fewest people that what is published may stand for. ``noise_fen``: by how much at most a
    published amount differs from the true one. ``studies_max``: how many may be published before the pool is used up.
    ``edges`` are all ages at which a published band began, ascending.
    """

    namespace: ClassVar[str] = "data_pools"
    readers: ClassVar[Readers] = Readers.EVERYONE

    platform: str
    parties: tuple[str, ...]
    people_min: int
    noise_fen: int
    studies_max: int
    ends_ms: int
    joined: tuple[str, ...] = ()
    studies: int = 0
    edges: tuple[Edge, ...] = ()


class PoolKey(Record, frozen=True):
    """A party's X25519 key for the masks of a pool, at ``pool|party``."""

    namespace: ClassVar[str] = "data_pool_keys"

    sealing_key: str


class Pooling(Record, frozen=True):
    """In which pool a party's data is, and until when; the key is the party. In one at a time: two would show it."""

    namespace: ClassVar[str] = "data_pooling"

    pool: str
    ends_ms: int


class Study(Record, frozen=True):
    """A question to a pool: people and amounts in bands of age that begin at ``firsts``; the key is the object."""

    namespace: ClassVar[str] = "studies"
    readers: ClassVar[Readers] = Readers.EVERYONE

    state: str
    pool: str
    model: str
    asker: str
    firsts: tuple[int, ...]
    supplied: tuple[str, ...] = ()


class StudyShare(Record, frozen=True):
    """Which object a party's share came with, at ``study|party``."""

    namespace: ClassVar[str] = "study_shares"

    supply: str


class Rate(Struct, frozen=True):
    """Of ages from ``first`` on: how many people, what they cost with noise, and the rate a head."""

    first: int
    people: int
    amount_fen: int
    rate_fen: int


class Rates(Record, frozen=True):
    """What a study came to; the key is the study."""

    namespace: ClassVar[str] = "pooled_rates"
    readers: ClassVar[Readers] = Readers.EVERYONE

    pool: str
    model: str
    bands: tuple[Rate, ...]


PUBLISHED = EventKind("rates_published")

contract = Contract(
    "estimation", records=(Model, Pool, PoolKey, Pooling, Study, StudyShare, Rates), events=(PUBLISHED,)
)
