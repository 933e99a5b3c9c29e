"""Ledgers drawn at random, every block well signed: our auditor and the example's agree on each, and on which line.

What a drawn step asks for may be refused when it is executed, or make its block invalid: nobody here knows beforehand.
Both auditors follow who is who by code of their own, so where they agree on thousands of histories, the format says
enough. A longer campaign is a loop over more seeds.
"""

import random
import re
from contextlib import suppress

import pytest

from consensus.configuration import Configuration, ConfigurationError
from node.membership import Certify, Reissue, Revoke
from tests.node.ledger.auditors import EXAMPLE, verdicts

NAMES = ("alice", "bob", "carol", "dora", "zoe")
SEEDS = 60


class Drawn:
    """Appends what ``draw`` comes up with to a ledger."""

    def __init__(self, ledger, draw):
        self.ledger = ledger
        self.draw = draw

    def grow(self, blocks):
        steps = (self.transactions, self.client, self.node, self.revoke, self.reissue, self.members)
        for _ in range(blocks):
            step = self.draw.choices(steps, weights=(6, 2, 2, 2, 3, 4))[0]
            with suppress(ConfigurationError, LookupError, ValueError):  # what the builder itself cannot put together
                step(self.draw.choice(NAMES))

    def order(self, action, change):
        registry, details = self.ledger.following.registry, {}
        if self.draw.random() < 0.1:
            details["by"] = tuple(sorted(self.draw.sample(range(registry.member_count), 2)))
        if self.draw.random() < 0.1:
            details["sequence"] = registry.sequence + 1
        return self.ledger.order(action, change, **details)

    def height(self):
        """Nought, this block's, or a little above."""
        return self.draw.choice((0, 0, 0, *range(len(self.ledger.chain), len(self.ledger.chain) + 4)))

    def number(self):
        """Of a node, or one too many."""
        return self.draw.randrange(self.ledger.following.registry.member_count + 1)

    def transactions(self, name):
        others = sorted(set(self.draw.sample(NAMES, self.draw.choice((0, 0, 1, 2)))) - {name})
        certified = self.ledger.genesis.protocol != "raft" or self.draw.random() < 0.6
        forged = {"proposer": self.number()} if self.draw.random() < 0.1 else {}
        transaction = self.ledger.transaction(name, tuple(others))
        self.ledger.append(transaction, certified=certified, lag=self.draw.choice((1, 1, 2)), **forged)

    def client(self, name):
        key = self.ledger.key(name)
        change = Certify("client", name, "patient", self.number(), key, bytes(32), self.height(), self.height())
        self.ledger.append(self.order("certify", change))

    def node(self, _):
        name = self.draw.choice(("member-0", "newcomer"))
        self.ledger.names.append(f"{name}/{len(self.ledger.names)}")
        key = self.ledger.key(self.ledger.names[-1])
        change = Certify("observer", name, "insurer", 0, key, bytes(32), self.height(), self.draw.choice((0, 0, 99)))
        self.ledger.append(self.order("certify", change))
        del self.ledger.names[self.ledger.following.registry.member_count :]  # in vain

    def revoke(self, name):
        if self.draw.random() < 0.5:
            change = Revoke("client", name, 0, self.height())
        else:
            number = self.number()
            change = Revoke("observer", self.ledger.following.registry.member_names()[number], number, self.height())
        self.ledger.append(self.order("revoke", change))

    def reissue(self, name):
        """Often of bob, who hands in every change; now and then whoever gets a key goes on with the former one."""
        name = self.draw.choice((name, "bob"))
        key = self.draw.choice((name, f"{name}/2", f"{name}/3"))
        sequence = self.ledger.following.registry.sequence
        change = Reissue(name, self.ledger.key(key), bytes(32), self.height(), self.height())
        self.ledger.append(self.order("reissue", change))
        if self.ledger.following.registry.sequence > sequence and self.draw.random() < 0.5:
            self.ledger.key_names[name] = key

    def members(self, _):
        numbers = sorted({self.number() for _ in range(self.draw.choice((1, 1, 2, 3)))})
        changes = tuple((self.draw.choice(("add-voter", "remove")), number) for number in numbers)
        if self.draw.random() < 0.6:
            self.ledger.elect(*changes)
            return
        self.ledger.append(self.order("members", changes))
        if self.draw.random() < 0.5:
            self.ledger.deciders = Configuration(voters=self.ledger.following.registry.voters)


def require_alike(registry, identities):
    """Both came to the same of every name, number and key."""
    assert (registry.sequence, registry.voters) == (identities.sequence, tuple(identities.voters))
    for name in NAMES:
        entry = registry.client(name)
        ours = [] if entry is None else [told(certificate) for certificate in entry.certificates]
        assert ours == [heard(key) for key in identities.clients.get(name, ())]
    ours = [told(registry.member(number).certificate) for number in range(registry.member_count)]
    assert ours == [heard(key) for key in identities.members]


def told(certificate):
    span = certificate.from_height, certificate.until_height, certificate.revoked
    return bytes.fromhex(certificate.verify_key), certificate.recorded, *span


def heard(key):
    return key.key, key.recorded, key.since, key.until, key.revoked


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_two_auditors_agree_on_every_drawn_ledger(protocol, make_ledger, file):
    accepted = 0
    for seed in range(SEEDS):
        draw = random.Random(f"{protocol}/{seed}")
        ledger = make_ledger(protocol, voting=draw.choice((1, 2, 3, 4)))
        Drawn(ledger, draw).grow(draw.randint(2, 14))
        ours, theirs = verdicts(file, ledger.bytes())
        where = theirs and int(re.search(r"\.jsonl:(\d+): ", str(theirs))[1])
        assert (ours and ours.line) == where, (seed, ours, theirs)
        if ours is None:
            accepted += 1
            require_alike(ledger.following.registry, EXAMPLE.audit(str(file)).identities)
    assert 5 < accepted < SEEDS - 5
