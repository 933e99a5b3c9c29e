"""Identities on the chain: keys that are lost, revoked, expired, not yet valid or somebody else's, told as stories."""

import msgspec
import pytest

from consensus.protocols import Verdict
from network.requests import Query
from node.contracts.transfers import SendArgs
from node.ledger.transaction import Body, encode_transaction, sign_transaction
from node.membership import Certify, ClientEntry, KeyRing, Registry, Reissue, Revoke, approved
from scenarios.runner.workload import Step
from tests.node.lab import KEYS, MEMBERS, NETWORK, OPENING_FEN, Host, Net, block_on, genesis, replies, transaction
from tests.node.world import Town

NEW = KeyRing.derive(31, ["ann", "cleo"])
OLD_KEY, NEW_KEY = KEYS.sign("ann"), NEW.sign("ann")


def asked(action, change, *, sequence=0, by=(0,), number=1, client="bob"):
    """The transaction by which ``client`` submits a change that the nodes ``by`` approve of."""
    approvals = [(node, KEYS.sign(MEMBERS[node])) for node in by]
    order = approved(NETWORK, sequence, action, change, approvals)
    return signed(client, number, KEYS.sign(client), ("registry", action), order)


def payment(number, sign, *, client="ann", payee="bob", amount=1):
    return signed(client, number, sign, ("transfers", "send"), SendArgs(payee, amount))


def signed(client, number, sign, action, arguments):
    body = Body(1, NETWORK, client, number, *action, msgspec.msgpack.encode(arguments), 0)
    return sign_transaction(body, [(client, sign)])


def next_key(name="ann", **details):
    return Reissue(name, NEW.verify_key(name), NEW.seal_key(name), **details)


def told(*transactions):
    """The steps that submit these one after the other, each when the one before is acknowledged."""
    steps = []
    for one in transactions:
        body, after = one.body, tuple(step.id for step in steps[-1:])
        steps.append(
            Step(
                id=f"{body.client}/{body.number}",
                client=body.client,
                number=body.number,
                raw=encode_transaction(one),
                transaction_id=one.id,
                after=after,
            )
        )
    return steps


def cash(tree, name):
    return tree.get("accounts", f"{name}/cash").balance_fen


def registry_of(replica):
    return Registry.of(genesis("pbft", 4), replica.chain.tree.get)


# The whole story (systems row 61), in virtual time


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_lost_key_is_re_issued_by_the_members_and_the_old_one_is_dead(protocol):
    town = Town(
        protocol,
        4,
        *told(
            payment(1, OLD_KEY, amount=10),
            asked("reissue", next_key(), by=(0, 2)),  # under either protocol less than a quorum of four
            asked("reissue", next_key(), by=(0, 2, 3), number=2),
            payment(2, OLD_KEY, amount=100),  # whoever found the old key
            payment(3, NEW_KEY, amount=5),
            asked("reissue", next_key(), by=(0, 2, 3), number=3),  # the approvals, once more
        ),
    )
    assert town.run(60)
    codes = [(item.step.id, item.code) for item in town.heard.acknowledged]
    assert codes == [
        ("ann/1", "ok"),
        ("bob/1", "approvals_too_few"),
        ("bob/2", "ok"),
        ("ann/2", "key_revoked"),
        ("ann/3", "ok"),
        ("bob/3", "sequence_wrong"),
    ]
    town.settle(1)
    for node in range(4):
        tree = town.replica(node).chain.tree
        assert cash(tree, "ann") == OPENING_FEN - 15, "what belonged to the name still does"
        entry = tree.get(ClientEntry.namespace, "ann")
        assert [certificate.revoked for certificate in entry.certificates] == [True, False]
        assert entry.certificates[0].until_height == entry.certificates[1].from_height


# To the height: solo, one block for each submission


class Town1:
    """One node that decides alone; heights follow each submission."""

    def __init__(self):
        self.net = Net("solo")
        self.host = self.net[0]

    def submit(self, transaction):
        """The code in the receipt; None where the node took nothing in."""
        self.host.out.clear()
        self.net.submit(0, encode_transaction(transaction))
        codes = [entry.code for receipt in replies(self.host.out) for entry in receipt.entries]
        return codes[0] if codes else None

    @property
    def height(self):
        return self.host.chain.height

    def numbered(self, first, sign, until, **details):
        """(height, code) of payments numbered from ``first`` on, one a block, up to the block at ``until``."""
        found = []
        while self.height < until:
            code = self.submit(payment(first + len(found), sign, **details))
            found.append((self.height, code))
        return found


@pytest.fixture
def town():
    return Town1()


def test_to_the_very_height_the_old_key_holds_and_then_the_new_one_does(town):
    assert town.submit(asked("reissue", next_key(from_height=5))) == "ok"
    assert town.submit(payment(1, NEW_KEY)) == "key_not_yet_valid"
    assert town.numbered(2, OLD_KEY, until=6) == [(3, "ok"), (4, "ok"), (5, "key_revoked"), (6, "key_revoked")]
    assert town.submit(payment(9, NEW_KEY)) == "ok"


def test_a_certified_client_is_taken_in_from_its_first_height_to_its_last(town):
    cleo = Certify("client", "cleo", "insurer", 0, NEW.verify_key("cleo"), NEW.seal_key("cleo"), 4, 6)
    early = payment(1, NEW.sign("cleo"), client="cleo", payee="ann")
    assert town.submit(early) is None, "a stranger yet"
    assert town.submit(asked("certify", cleo)) == "ok"
    assert town.submit(payment(1, OLD_KEY, payee="cleo", amount=50)) == "ok", "who is certified has a role at once"
    codes = town.numbered(1, NEW.sign("cleo"), client="cleo", payee="ann", until=7)
    assert town.height == 7
    assert codes == [(3, "key_not_yet_valid"), (4, "ok"), (5, "ok"), (6, "key_expired"), (7, "key_expired")]


def test_who_is_revoked_is_refused_and_the_others_are_not(town):
    assert town.submit(asked("revoke", Revoke("client", "ann", 0))) == "ok"
    assert town.submit(payment(1, OLD_KEY)) == "key_revoked"
    assert town.submit(payment(2, KEYS.sign("bob"), client="bob", payee="ann")) == "ok"


def test_a_co_signers_dead_key_counts_for_nothing_either(town):
    town.submit(asked("revoke", Revoke("client", "ann", 0)))
    body = Body(1, NETWORK, "bob", 2, "transfers", "send", msgspec.msgpack.encode(SendArgs("ann", 1)), 0)
    assert town.submit(sign_transaction(body, [("bob", KEYS.sign("bob")), ("ann", OLD_KEY)])) == "key_revoked"


def test_a_key_that_was_never_certified_is_not_even_taken_in(town):
    """Wrong: neither a stranger's key nor another client's signs for ann, before or after her key changes."""
    for number in (1, 2):
        for sign in (KEYS.sign("stranger"), KEYS.sign("bob")):
            assert town.submit(payment(number, sign)) is None
        town.submit(asked("reissue", next_key(), sequence=number - 1, number=number))
    assert town.height == 2


def test_a_refusal_for_a_dead_key_uses_the_number_up_and_changes_nothing_else(town):
    town.submit(asked("revoke", Revoke("client", "ann", 0)))
    before = {name: cash(town.host.chain.tree, name) for name in ("ann", "bob")}
    town.submit(payment(1, OLD_KEY))
    assert {name: cash(town.host.chain.tree, name) for name in ("ann", "bob")} == before
    assert town.host.chain.executed("ann", 1)


def test_after_a_restart_a_node_knows_the_same_keys(town):
    town.submit(asked("reissue", next_key()))
    town.submit(payment(1, NEW_KEY))
    again = Host(type(town.net.common)(genesis()), 0, image=town.host.store.load())  # nothing remembered
    again.start()
    assert again.chain.tree.root == town.host.chain.tree.root
    assert again.chain.height == town.height


def test_a_block_with_what_no_certified_key_signed_is_refused(town):
    town.submit(asked("reissue", next_key()))
    replica = town.host.replica
    for sign, verdict in ((NEW_KEY, Verdict.ACCEPT), (OLD_KEY, Verdict.ACCEPT), (KEYS.sign("bob"), Verdict.REJECT)):
        block = block_on(replica, [encode_transaction(payment(4, sign))])
        assert replica.validate(block) is verdict


def test_a_network_that_changes_no_identity_holds_no_record_of_any(town):
    town.submit(transaction())
    assert not [space for space in town.host.chain.tree.namespaces() if space.startswith("registry")]


def test_queries_are_answered_while_a_key_is_in_force(town):
    query = Query("ann", 1, "accounts", "ann/cash")
    assert answers(town, query) == ["ok"]
    town.submit(asked("revoke", Revoke("client", "ann", 0)))
    assert answers(town, query) == []
    town.submit(asked("reissue", next_key(), sequence=1, number=2))
    assert answers(town, query) == ["ok"]


def answers(town, query):
    town.host.out.clear()
    town.host.take(town.host.replica.query(0, query))
    return [answer.code.value for answer in replies(town.host.out)]


def test_replicas_verify_what_a_certified_node_signs(town):
    node = Certify("observer", "member-1", "insurer", 0, KEYS.verify_key("member-1"), KEYS.seal_key("member-1"))
    signature = KEYS.sign("member-1")(b"a vote")
    assert not town.host.replica._crypto.verify(1, b"a vote", signature)
    town.host.submit(encode_transaction(asked("certify", node)))
    assert town.host.replica._crypto.verify(1, b"a vote", signature)
