"""What a block holds for one organisation reaches its vault and its safe, whichever way the block came, and once."""

import msgspec
import pytest
from msgspec.structs import replace

from consensus.snapshots import DELIVERED
from consensus.vocabulary import Persist, Put, Send
from network.catchup import TIMER as CATCHUP
from network.custody import Deposit, Want
from network.gossip import Below, Position
from node.contracts import supervision
from node.custody import CUSTODY, Stage
from node.custody import TIMER as CUSTODIAN
from node.ledger.genesis import Client
from node.ledger.transaction import Body, encode_transaction, sign_transaction
from node.membership import Certify, approved
from node.payloads import VAULT
from node.privacy import Mode, Payload, commit, enclose, seal_openings
from node.pruning import prune, restore
from tests.node.lab import KEYS, MEMBERS, NETWORK, Host, Net, genesis, of, rejections, transfer
from tests.node.test_pruning import database_with, image_in

REPORTER, REGULATOR = MEMBERS[:2]
FIELDS = {"amount": 700}
COLLECTED, SEALED, SHORT = (f"{REPORTER}/{number}" for number in (1, 2, 3))
_encode = msgspec.msgpack.encode


def founding():
    """Member 0 reports to member 1, the regulator; member 2 has no part in it."""
    plain = genesis("raft", 3)
    clients = tuple(
        Client(name, role, number, KEYS.verify_key(name), KEYS.seal_key(name))
        for number, (name, role) in enumerate(((REPORTER, "insurer"), (REGULATOR, "regulator")))
    )
    scope = _encode(supervision.Settings(scopes=(("loss", ("amount",)),)))
    settings = (*plain.settings, (supervision.contract.name, scope))
    return replace(plain, clients=(*plain.clients, *clients), settings=tuple(sorted(settings)))


def report(number, mode, live=0):
    """A report, and what its wallet brings to the node before."""
    record, secret = f"{REPORTER}/{number}", bytes(32)
    openings = commit(secret, record, FIELDS)
    payload = Payload(
        record=record,
        openings=openings,
        recipients=tuple((name, KEYS.seal_key(name)) for name in (REPORTER, REGULATOR)),
        secret=secret,
        blocks_to_live=live,
    )
    arguments = supervision.ReportArgs(kind="loss", about="ann/1", values=enclose(payload, mode))
    body = Body(1, NETWORK, REPORTER, number, "supervision", "report", _encode(arguments), 0)
    sealed = seal_openings(secret, record, openings, [(REPORTER, KEYS.seal_key(REPORTER))])
    signed = encode_transaction(sign_transaction(body, [(REPORTER, KEYS.sign(REPORTER))]))
    return signed, Deposit(REPORTER, record, 0, _encode(sealed))


@pytest.fixture
def net():
    """Three reports: in a collection, sealed, and in a collection that is over by now; then eighteen blocks more."""
    net = Net(founding=founding(), voters=3, private=True)
    for number, mode, live in ((1, Mode.COLLECTION, 0), (2, Mode.ENCRYPTED, 0), (3, Mode.COLLECTION, 4)):
        raw, deposit = report(number, mode, live)
        if mode is Mode.COLLECTION:
            net[0].take(net[0].replica.keep(deposit))
        net.submit(0, raw)
    for number in range(1, 19):
        net.submit(0, transfer(number))
    return net


def shelf(image):
    return {key.rpartition("/")[0]: kept.stage for key, kept in image.get(CUSTODY, {}).items()}


def restored(net, tmp_path, *, forgetful=False):
    """Node 1 with its bodies to be fetched again; a forgetful one never saw what they held, like after a snapshot."""
    image = net[1].store.load()
    if forgetful:
        image = {space: entries for space, entries in image.items() if space not in {CUSTODY, VAULT}}
    database = database_with(tmp_path / "1.sqlite", net.common, image)
    prune(database, net.common, keep=6)
    restore(database)
    host = net.hosts[1] = Host(net.common, 1, image=image_in(database, net.common), private=REGULATOR)
    assert host.chain.gap.wanted > 3
    return host


def begin(net, host):
    net.send(host, host.start())
    net.pump()


def fill(net):
    for _ in range(20):
        if not net[1].chain.whole:
            net.fire(1, "replica.backfill")
    assert net[1].chain.whole


def test_each_member_has_what_a_block_holds_for_it(net):
    assert shelf(net[0].store.load()) == {COLLECTED: Stage.HELD, SHORT: Stage.ERASED}
    assert shelf(net[1].store.load()) == {COLLECTED: Stage.HELD, SHORT: Stage.ERASED}
    assert [list(host.store.load().get(VAULT, {})) for host in net.hosts] == [[f"{SEALED}/0"], [f"{SEALED}/0"], []]
    assert shelf(net[2].store.load()) == {}


def test_bodies_fetched_again_leave_what_is_held_or_gone_as_it_is(net, tmp_path):
    before = net[1].store.load()
    host = restored(net, tmp_path)
    begin(net, host)
    fill(net)
    assert host.store.load()[CUSTODY] == before[CUSTODY]
    assert not [send for send in of(Send, host.out) if isinstance(send.message, Want)]


def test_blocks_that_were_skipped_are_delivered_when_they_come(net, tmp_path):
    host = restored(net, tmp_path, forgetful=True)
    begin(net, host)
    fill(net)
    image = host.store.load()
    assert shelf(image) == {COLLECTED: Stage.HELD, SHORT: Stage.WAIVED}
    assert list(image[VAULT]) == [f"{SEALED}/0"]
    assert list(image[DELIVERED].values()) == [image["snapshot"]["manifest"].height]


@pytest.mark.parametrize("executed", [0, 16])
def test_a_crash_between_the_last_block_fetched_and_its_execution_loses_nothing(net, tmp_path, executed):
    host = restored(net, tmp_path, forgetful=True)
    host.start()
    held = net[0].chain.below(host.chain.gap.wanted, 64, 10**9)
    host.receive(0, Below(held))
    assert host.chain.gap.wanted is None
    if executed:
        host.fire("replica.backfill")
    again = net.hosts[1] = host.restarted()
    assert again.chain.whole
    begin(net, again)
    image = again.store.load()
    assert shelf(image) == {COLLECTED: Stage.HELD, SHORT: Stage.WAIVED}
    assert list(image[VAULT]) == [f"{SEALED}/0"]


def test_what_was_delivered_is_not_delivered_at_each_start(net, tmp_path):
    host = restored(net, tmp_path, forgetful=True)
    begin(net, host)
    fill(net)
    spaces = {
        record.space
        for effect in of(Persist, host.restarted().start())
        for record in effect.records
        if isinstance(record, Put)
    }
    assert not spaces & {VAULT, CUSTODY, DELIVERED}


def test_a_node_that_was_certified_later_gets_its_organisation_s_payloads(net):
    """The regulator's node lost its key; the new one begins with nothing and reads with a key of its own."""
    key = KEYS.verify_key(MEMBERS[3]), KEYS.seal_key(MEMBERS[3])
    signers = [(number, KEYS.sign(MEMBERS[number])) for number in (0, 2)]
    order = approved(NETWORK, 0, "certify", Certify("observer", REGULATOR, "regulator", 0, *key), signers)
    body = Body(1, NETWORK, "ann", 100, "registry", "certify", _encode(order), 0)
    newcomer = Host(net.common, 3, private=REGULATOR)
    net.hosts.append(newcomer)
    begin(net, newcomer)
    net.submit(0, encode_transaction(sign_transaction(body, [("ann", KEYS.sign("ann"))])))
    net.submit(0, transfer(50))
    head = net[0].chain
    net.send(newcomer, newcomer.receive(0, Position(head.height, head.head.hash)))
    net.fire(3, CATCHUP)
    assert newcomer.chain.height == head.height
    for _ in range(8):  # two payloads to ask for, of one member
        if CUSTODIAN in newcomer.timers:
            net.fire(3, CUSTODIAN)
    assert shelf(newcomer.store.load()) == {COLLECTED: Stage.HELD, SHORT: Stage.WAIVED}
    assert not rejections(net[0].out)
