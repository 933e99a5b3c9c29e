"""The registry under drawn changes: what holds whatever the members approve of, and whatever bytes arrive."""

import msgspec
import pytest

from network.virtual.draws import Stream
from node.membership import (
    Certify,
    KeyRing,
    OrderError,
    Registry,
    RegistryRefusal,
    Reissue,
    Revoke,
    approved,
    carry_out,
    decode_order,
    judge,
    verify,
)
from node.membership.changes import ACTIONS
from tests.node.lab import KEYS, MEMBERS, NETWORK, genesis

NAMES = ("ann", "bob", "cleo", "dan")
RING = KeyRing.derive(17, ["anyone"])
CHANGES = 60
LAST = 80


def drawn_key(draws, name):
    return RING.generation(name, 1 + draws.below(4))


def drawn_height(draws, height):
    return (0, height + 1 + draws.below(20), draws.below(height + 1))[draws.below(3)]


def drawn_change(draws, height):
    """An action and its change, sensible or not."""
    name = NAMES[draws.below(len(NAMES))]
    keys, begin = drawn_key(draws, name), drawn_height(draws, height)
    end = (0, begin + draws.below(15))[draws.below(2)]
    match draws.below(6):
        case 0:
            return "certify", Certify("client", name, "patient", 0, keys.verify_key, keys.seal_key, begin, end)
        case 1:
            return "certify", Certify("observer", name, "insurer", 0, keys.verify_key, keys.seal_key, begin, end)
        case 2:
            return "revoke", Revoke("client", name, 0, begin)
        case 3:
            return "members", (("add-voter", "remove")[draws.below(2)], draws.below(5))
        case _:
            return "reissue", Reissue(name, keys.verify_key, keys.seal_key, begin, end)


class Story:
    """Drawn changes, one a block; ``said`` is what the registry said of each height's keys at that very height."""

    def __init__(self, seed):
        draws = Stream(f"registry/{seed}")
        self.records = {}
        self.registry = Registry.of(genesis("pbft", 4), lambda *place: self.records.get(place))
        self.said = {0: self.keys()}
        self.done = 0
        for height in range(1, CHANGES + 1):
            action, change = drawn_change(draws, height)
            change = (change,) if action == "members" else change
            self.done += self.try_to(action, change, height)
            self.said[height] = self.keys()

    def try_to(self, action, change, height):
        by = [number for number in self.registry.voters if number < 4]
        order = approved(NETWORK, self.registry.sequence, action, change, [(n, KEYS.sign(MEMBERS[n])) for n in by])
        before = dict(self.records)
        try:
            self.records.update(carry_out(self.registry, action, order, height, verify))
        except RegistryRefusal:
            assert self.records == before
            return 0
        assert self.registry.sequence == (before[AUTHORITY].sequence if before else 0) + 1
        return 1

    def keys(self, as_of=None):
        return {name: self.registry.client_keys(name, as_of) for name in NAMES}


AUTHORITY = ("registry.authority", "authority")


@pytest.mark.parametrize("seed", range(6))
def test_what_holds_whatever_is_approved(seed):
    story = Story(seed)
    assert story.done > 10, "the draws make sense often enough to mean something"
    registry = story.registry
    for height, said in story.said.items():
        assert story.keys(as_of=height) == said, "a later registry says of a height what the one of that height did"
    for name in NAMES:
        entry = registry.client(name)
        for certificate in entry.certificates if entry else ():
            assert certificate.recorded == 0 or certificate.from_height > certificate.recorded
        for height in range(LAST) if entry else ():
            in_force = [its for its in entry.certificates if its.standing(height) is None]
            assert len(in_force) <= 1
            key = registry.client_key_at(name, height)
            assert (key is None) == (not in_force)
            assert key is None or registry.standing(name, key, height) is None
    assert registry.voters
    assert not any(registry.member(number).certificate.until_height for number in registry.voters)
    keys = [registry.member_key(number) for number in range(registry.member_count)]
    assert len(dict.fromkeys(keys)) == len(keys), "each number binds a key of its own"


@pytest.mark.parametrize("seed", range(3))
def test_a_key_once_dead_never_comes_back_and_what_was_in_force_stays_so(seed):
    """Block by block: no later change touches a height at or below its own block."""
    draws, records = Stream(f"registry/dead/{seed}"), {}
    story = Story.__new__(Story)
    story.records, story.registry = records, Registry.of(genesis("pbft", 4), lambda *place: records.get(place))
    past = {}
    for height in range(1, CHANGES + 1):
        action, change = drawn_change(draws, height)
        story.try_to(action, (change,) if action == "members" else change, height)
        for name in NAMES:
            past[name, height] = story.registry.client_key_at(name, height)
        for (name, at), key in past.items():
            assert story.registry.client_key_at(name, at) == key


@pytest.mark.parametrize("action", list(ACTIONS))
def test_no_other_bytes_carry_the_same_approvals(action):
    """One byte or one field changed: no order, or one that nobody approved of; nothing else, and no exception."""
    keys = RING.generation("cleo", 1)
    change = {
        "certify": Certify("client", "cleo", "patient", 0, keys.verify_key, keys.seal_key),
        "revoke": Revoke("client", "ann", 0),
        "reissue": Reissue("ann", keys.verify_key, keys.seal_key),
        "members": (("remove", 3),),
    }[action]
    registry = Registry.of(genesis("pbft", 4))
    order = approved(NETWORK, 0, action, change, [(n, KEYS.sign(MEMBERS[n])) for n in (0, 1, 3)])
    raw = msgspec.msgpack.encode(order)
    assert judge(registry, action, decode_order(action, raw), 1, verify) is None
    draws = Stream(f"registry/bytes/{action}")
    for _ in range(400):
        place, bit = draws.below(len(raw)), 1 << draws.below(8)
        mutated = bytearray(raw)
        mutated[place] ^= bit
        try:
            other = decode_order(action, bytes(mutated))
        except OrderError:
            continue
        assert judge(registry, action, other, 1, verify) is not None
