"""The registry as a contract: what it writes, who may ask, what no business contract sees of it, and the two gates."""

import msgspec
import pytest

from node.contracts import Contract, catalogue
from node.contracts import access as access_contract
from node.contracts.access import FileArgs, UseArgs
from node.contracts.fields import Arguments, Record
from node.contracts.registry import contract as registry_contract
from node.contracts.runtime import may_read
from node.membership import Authority, Certify, ClientEntry, KeyRing, MemberEntry, Registry, Revoke, approved
from tests.node.contracts.network import Network as _Network

KEYS = KeyRing.derive(3, ["bureau", "ann", "lee", "node"])


class Network(_Network):
    """The contract tests' network, its one node holding a real key."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.rekey()

    def rekey(self):
        members = (msgspec.structs.replace(self.genesis.members[0], verify_key=KEYS.verify_key("bureau")),)
        self.genesis = msgspec.structs.replace(self.genesis, members=members)
        self.directory = type(self.directory)(self.genesis)

    @property
    def registry(self):
        return Registry(self.directory.founding, self.tree.get)

    def order(self, action, change, *, by="bureau", sequence=None):
        number = self.registry.sequence if sequence is None else sequence
        return approved("test", number, action, change, [(0, KEYS.sign(by))])

    def change(self, action, change, *, who="ann", **options):
        return self.do(who, f"registry.{action}", msgspec.msgpack.encode(self.order(action, change, **options)))


def lee(**details):
    return Certify("client", "lee", "insurer", 0, KEYS.verify_key("lee"), KEYS.seal_key("lee"), **details)


@pytest.fixture
def network():
    return Network()


def test_whoever_submits_it_the_approvals_decide(network):
    for who in ("ann", "regulator", "hospital-1"):
        assert network.change("certify", lee(), who=who, by="ann").code == "approval_forged"
    outcome = network.change("certify", lee(), who="regulator")
    assert (outcome.code, outcome.output) == ("ok", {"sequence": 0})
    assert network.registry.role("lee") == "insurer"


def test_who_is_certified_is_a_party_to_contracts_at_once(network):
    send = msgspec.msgpack.encode(["lee", 1])
    assert network.do("ann", "transfers.send", send).code != "ok"
    network.change("certify", lee())
    assert network.do("lee", "access.test", msgspec.msgpack.encode([])).code == "unknown_filing", (
        "its role is open to it"
    )


def test_a_refused_change_leaves_no_trace_but_its_number(network):
    before = network.tree
    assert network.change("revoke", Revoke("client", "nobody", 0)).code == "client_unknown"
    assert list(network.tree.items(Authority.namespace)) == list(before.items(Authority.namespace)) == []
    assert network.registry.sequence == 0


@pytest.mark.parametrize(
    "raw", [b"", b"\x90", msgspec.msgpack.encode([0, [], []]), msgspec.msgpack.encode([0, ["client", "a", 0, 0], 7])]
)
@pytest.mark.parametrize("action", ["certify", "revoke", "reissue", "members"])
def test_arguments_that_say_nothing_are_refused(network, action, raw):
    assert network.do("ann", f"registry.{action}", raw).code == "arguments_invalid"


def test_more_approvals_than_anybody_needs_are_not_even_looked_at(network):
    order = network.order("revoke", Revoke("client", "ann", 0))
    flood = msgspec.structs.replace(order, approvals=tuple((n, bytes(64)) for n in range(10_000)))
    assert network.do("ann", "registry.revoke", msgspec.msgpack.encode(flood)).code == "arguments_invalid"


def test_records_of_the_registry_are_for_everyone_to_read_and_no_business(network):
    network.change("certify", lee())
    for kind in (ClientEntry, MemberEntry, Authority):
        assert not kind.business
        assert may_read(kind.namespace, "whatever", "ann")


# Nothing that a business contract does depends on the block (rule 4 of the runtime)


class Seen(Record, frozen=True):
    namespace = "seen"

    height: int


class Look(Arguments, frozen=True):
    """Nothing to say."""


def curious(**options):
    contract = Contract("curious", **options)

    @contract.action()
    def look(ctx, args: Look):  # noqa: ARG001 - an action takes arguments
        return ctx.chain.height

    return contract


def test_a_contract_that_does_not_declare_it_cannot_see_the_chain():
    network = Network(contracts=catalogue(curious()))
    outcome = network.do("ann", "curious.look", msgspec.msgpack.encode([]))
    assert (outcome.code, "declares" in outcome.detail) == ("contract_error", True)


def test_a_contract_that_declares_it_can():
    network = Network(contracts=catalogue(curious(reads_chain=True)))
    assert network.do("ann", "curious.look", msgspec.msgpack.encode([])).output == 0


def test_what_depends_on_the_chain_cannot_be_business():
    with pytest.raises(TypeError, match="Seen cannot be of the business state"):
        Contract("curious", records=(Seen,), reads_chain=True)


def test_those_alone_read_the_chain_whose_matter_it_is():
    readers = {name: its for name, its in Network().contracts.items() if its.reads_chain}
    assert sorted(readers) == ["collections", registry_contract.name]
    assert not any(kind.business for its in readers.values() for kind in its.records)


# Two gates: the consortium lets members in, the bureau lets data be read (row 2)


def bureau_network():
    settings = access_contract.Settings(fields=(("diagnosis", "Diagnosis"),))
    return Network(settings=(("access", settings),))


def filed():
    return FileArgs(uses=(UseArgs(purpose="underwriting", fields=("diagnosis",)),), reason="to underwrite")


def test_membership_gives_no_access_to_data():
    """Certified by the consortium, an insurer has filed nothing and may read nothing until the bureau has let it."""
    network = bureau_network()
    assert network.change("certify", lee()).code == "ok"
    node = Certify("observer", "lee", "insurer", 0, KEYS.verify_key("node"), KEYS.seal_key("node"))
    assert network.change("certify", node).code == "ok"
    assert network.tree.get("filings", "lee") is None
    for what, args in (("test", []), ("deploy", ["lee", "1.0"])):
        assert network.do("lee", f"access.{what}", msgspec.msgpack.encode(args)).code == "unknown_filing"
    for act in ("approve", "go-live"):
        assert network.do("bureau", f"access.{act}", msgspec.msgpack.encode(["lee"])).code == "unknown_filing"


def test_access_to_data_gives_no_membership():
    """Filed, reviewed, deployed, tested, live: and still no member, no vote, no word in the registry."""
    network = bureau_network()
    name = "insurer-1"
    steps = [(name, "file", filed()), ("bureau", "approve", [name]), (name, "deploy", ["their-node", "1.0"])]
    steps += [(name, "test", []), ("bureau", "go-live", [name])]
    for who, act, args in steps:
        assert network.do(who, f"access.{act}", msgspec.msgpack.encode(args)).code == "ok"
    assert network.tree.get("filings", name).state == "LIVE"
    registry = network.registry
    assert (registry.voters, registry.member_count, registry.sequence) == ((0,), 1, 0)
    assert "their-node" not in registry.member_names()


def test_who_loses_its_membership_keeps_its_filing_and_the_other_way_round():
    network = bureau_network()
    name = "insurer-1"
    network.do(name, "access.file", filed())
    network.do("bureau", "access.approve", msgspec.msgpack.encode([name]))
    assert network.change("revoke", Revoke("client", name, 0)).code == "ok"
    assert network.tree.get("filings", name).state == "APPROVED"
    assert network.do("bureau", "access.suspend", msgspec.msgpack.encode([name])).code == "illegal_transition"
    assert network.registry.client(name).last.revoked


def test_the_bureau_alone_cannot_certify_and_the_consortium_alone_cannot_approve():
    network = bureau_network()
    assert network.change("certify", lee(), who="bureau", by="lee").code == "approval_forged"
    assert network.do("insurer-2", "access.file", filed()).code == "ok"
    assert network.do("insurer-1", "access.approve", msgspec.msgpack.encode(["insurer-2"])).code == "role_not_allowed"
