"""The process around a replica: who may say what to it, and what it does when it cannot go on.

Whole processes on a real bus are run in ``tests/end_to_end``; here single parts are called by hand.
"""

import io
import sys
import time

import msgspec
import pytest

from consensus.vocabulary import Put, Trace
from network.bus.links import LinkFaults
from network.codec import RecordCodec
from network.gossip import Position, Transactions
from network.requests import Query, Submit, Subscribe
from network.wire import Opened
from node.chain_state import Divergence
from node.config import ConfigError, load_config
from node.door import Door
from node.ledger.store import SqliteStore, StoreError
from node.membership import Certificate, MemberEntry
from node.process import EXIT_CONFIG, EXIT_INTERNAL, EXIT_STORE, NODE_SPACE, NodeProcess, main
from node.telemetry import Telemetry
from tests.node.lab import KEYS, genesis, transfer


def write_config(folder, *, name="member-0", keys="member-0", network=None, **changes):
    (folder / "genesis.bin").write_bytes((network or genesis(observers=1)).encode())
    config = {
        "name": name,
        "genesis": "genesis.bin",
        "bus": "mqtt://127.0.0.1:1",
        "sign_seed": KEYS[keys].sign_seed.hex(),
        "seal_secret": KEYS.seal_secret(keys).hex(),
    }
    path = folder / "node.json"
    path.write_bytes(msgspec.json.encode({**config, **changes}))
    return path


class Replica:
    """Notes what it is told; does what the test says."""

    def __init__(self):
        self.heard = []
        self.error = None

    def submit(self, now, raws):  # noqa: ARG002
        self.heard.append(("submit", raws))
        if self.error is not None:
            raise self.error
        return [Trace("noted")]

    def query(self, now, query):  # noqa: ARG002
        self.heard.append(("query", query))
        return []

    def subscribe(self, now, request):  # noqa: ARG002
        self.heard.append(("subscribe", request))
        return []

    def receive(self, now, sender, message):  # noqa: ARG002
        self.heard.append((sender, message))
        return []


class Chain:
    """A chain that has changed no identity."""

    height = 0
    head = None

    class tree:  # noqa: N801 - stands for one
        @staticmethod
        def get(namespace, key):  # noqa: ARG004
            return None


class Carrier:
    def __init__(self):
        self.carried = []

    def carry(self, effects):
        self.carried += effects


class Wire:
    """Hands over what the test put there as if it had come from the bus."""

    def __init__(self, sender, key, *messages):
        self.received = Opened(sender, key, list(messages))

    def open(self, topic, payload):  # noqa: ARG002
        return self.received


@pytest.fixture
def process(tmp_path):
    process = NodeProcess(load_config(write_config(tmp_path)), Telemetry("member-0", io.StringIO()))
    process._replica, process._carrier, process._ready = Replica(), Carrier(), True
    process._links = LinkFaults("member-0")
    process._door = Door(process._common.directory.founding, Chain(), lambda: (0,))
    return process


def hear(process, sender, *messages):
    process._wire = Wire(sender, process._door.key(sender), *messages)
    process._frame("topic", b"")
    return process._replica.heard


# Who may say what


def test_a_members_messages_reach_the_replica_under_its_number(process):
    position = Position(1, bytes(32))
    assert hear(process, "member-1", position) == [(1, position)]


def test_a_wallet_may_submit_for_itself(process):
    assert hear(process, "wallet.ann", Submit("ann", (b"raw",))) == [("submit", (b"raw",))]


def test_a_wallet_may_subscribe_for_itself(process):
    request = Subscribe("ann", 1, ("claims",), (1, 0))
    assert hear(process, "wallet.ann", request) == [("subscribe", request)]


def test_a_wallet_may_ask_for_itself(process):
    query = Query("ann", 1, "accounts", "ann/cash")
    assert hear(process, "wallet.ann", query) == [("query", query)]


@pytest.mark.parametrize(
    "message", [Submit("bob", ()), Query("bob", 1, "accounts", "bob/cash"), Transactions(()), Position(1, bytes(32))]
)
def test_a_wallet_may_say_nothing_else(process, message):
    assert hear(process, "wallet.ann", message) == []
    assert sum(process._telemetry._rejections.values()) == 1


def test_frames_before_the_node_is_ready_are_dropped(process):
    process._ready = False
    assert hear(process, "member-1", Position(1, bytes(32))) == []


def test_members_and_wallets_are_verified_by_their_own_keys(process):
    assert process._common.directory.frame_key("member-1") == KEYS.verify_key("member-1")
    assert process._common.directory.frame_key("wallet.ann") == KEYS.verify_key("ann")
    for stranger in ("ann", "wallet.member-1", "nobody", "wallet.nobody"):
        assert process._common.directory.frame_key(stranger) is None


def test_a_member_whose_name_looks_like_a_wallets_is_not_that_wallets_prey(tmp_path):
    network = genesis(observers=1)
    odd = msgspec.structs.replace(network.members[1], name="wallet.ann")
    network = msgspec.structs.replace(network, members=(network.members[0], odd))
    process = NodeProcess(load_config(write_config(tmp_path, network=network)), Telemetry("member-0", io.StringIO()))
    assert process._common.directory.frame_key("wallet.ann") == odd.verify_key


# When it cannot go on


@pytest.mark.parametrize(
    ("error", "code"), [(Divergence("roots differ"), EXIT_INTERNAL), (StoreError("the disk is full"), EXIT_STORE)]
)
def test_an_error_of_the_replica_ends_the_node_with_a_word(process, capsys, error, code):
    process._replica.error = error
    hear(process, "wallet.ann", Submit("ann", ()))
    assert (process._exit_code, process._stop.is_set()) == (code, True)
    assert str(error) in capsys.readouterr().err
    assert process._carrier.carried == []


def test_a_node_that_ends_takes_no_more_inputs(process):
    process._fail(StoreError("the disk is full"))
    assert hear(process, "wallet.ann", Submit("ann", ())) == []


def test_effects_of_an_input_are_carried(process):
    hear(process, "wallet.ann", Submit("ann", (transfer(1),)))
    assert process._carrier.carried == [Trace("noted")]


# Configurations that no node can run


def test_a_name_that_is_no_members_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="ann is no member of the network lab"):
        NodeProcess(load_config(write_config(tmp_path, name="ann")), Telemetry("ann", sys.stdout))


def test_a_key_that_is_not_the_members_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="sign_seed is not the one of member-0"):
        NodeProcess(load_config(write_config(tmp_path, keys="member-1")), Telemetry("member-0", sys.stdout))


def test_a_genesis_of_an_unknown_protocol_is_refused(tmp_path):
    network = msgspec.structs.replace(genesis(), protocol="paxos")
    with pytest.raises(ConfigError, match="no protocol 'paxos'"):
        NodeProcess(load_config(write_config(tmp_path, network=network)), Telemetry("member-0", sys.stdout))


def test_the_command_tells_a_wrong_configuration_in_one_line(tmp_path, capsys):
    assert main(str(tmp_path / "node.json")) == EXIT_CONFIG
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_tells_a_damaged_store_in_one_line_that_names_file_byte_and_remedy(tmp_path, capsys):
    database = tmp_path / "node.sqlite"
    database.write_bytes(b"not what a node wrote\n" * 300)
    assert main(str(write_config(tmp_path))) == EXIT_STORE
    said = capsys.readouterr().err
    assert said.startswith(f"consortium node: {database}: damaged at byte 0: ")
    assert "re-issued under a new number" in said
    assert said.count("\n") == 1
    assert database.read_bytes() == b"not what a node wrote\n" * 300


def test_a_node_notes_in_its_log_what_opening_its_store_put_right(tmp_path, capsys):
    store = SqliteStore(tmp_path / "live", RecordCodec((), {NODE_SPACE: int}))
    store.append([Put(NODE_SPACE, "incarnation", 7)])
    store.append([Put(NODE_SPACE, "incarnation", 8)])
    (tmp_path / "node.sqlite").write_bytes((tmp_path / "live").read_bytes())
    (tmp_path / "node.sqlite-wal").write_bytes((tmp_path / "live-wal").read_bytes()[:-5])
    store.close()
    assert main(str(write_config(tmp_path, bus="mqtt://nowhere.invalid:1", data="."))) != EXIT_STORE
    assert "an append that a crash cut short" in (tmp_path / "node.log").read_text()
    capsys.readouterr()


def test_a_node_that_was_certified_later_says_its_number(tmp_path):
    process = NodeProcess(
        load_config(write_config(tmp_path, name="member-7", keys="member-7", number=7)), Telemetry("", None)
    )
    assert process._me == 7
    with pytest.raises(ConfigError, match="its configuration says its `number`"):
        NodeProcess(load_config(write_config(tmp_path, name="member-7", keys="member-7")), Telemetry("", None))


def test_a_number_of_the_genesis_does_not_excuse_another_key(tmp_path):
    with pytest.raises(ConfigError, match="sign_seed is not the one of member-0"):
        NodeProcess(load_config(write_config(tmp_path, keys="member-1", number=0)), Telemetry("", None))


@pytest.mark.parametrize(("mine", "remedy"), [(True, "set `number: 8`"), (False, "have it certified first")])
def test_a_node_whose_number_the_chain_gave_to_another_stops_and_says_which_is_its_own(tmp_path, capsys, mine, remedy):
    config = load_config(write_config(tmp_path, name="member-7", keys="member-7", number=7))
    process = NodeProcess(config, Telemetry("member-7", io.StringIO()))
    process._replica = Replica()
    process._replica.registry = certified = Certified({})
    process._require_own_number()
    assert not process._stop.is_set(), "not certified yet"
    certified.names = {7: "member-6"} | ({8: "member-7"} if mine else {})
    process._require_own_number()
    assert process._exit_code == EXIT_CONFIG
    assert "member-7 goes by number 7, which is member-6's" in (said := capsys.readouterr().err)
    assert remedy in said


class Certified:
    """A registry that has given numbers to names, each with the key of its name."""

    def __init__(self, names):
        self.names = names

    def member(self, number):
        name = self.names.get(number)
        return None if name is None else MemberEntry(name, "insurer", Certificate(0, 0, self._key(name), ""))

    def member_key(self, number):
        return bytes.fromhex(self._key(self.names[number]))

    def numbers_of(self, name):
        return tuple(number for number, its in self.names.items() if its == name)

    @staticmethod
    def _key(name):
        return KEYS.verify_key(name).hex()


def test_where_business_time_is_the_time_of_day_stamps_are_held_to_it(tmp_path):
    options = {"clock": {"ahead_ms": 300_000, "time_of_day": True}}
    process = NodeProcess(load_config(write_config(tmp_path, options=options)), Telemetry("member-0", io.StringIO()))
    replica = process._build_replica({})
    today_ms = time.time_ns() // 1_000_000
    raws = (transfer(1, at=today_ms), transfer(2, at=today_ms + 3_600_000))
    told = [effect for effect in replica.submit(time.monotonic_ns(), raws) if isinstance(effect, Trace)]
    assert [effect.detail[0] for effect in told if effect.kind == "refused"] == [
        "time_ahead: ann's number 2 is dated beyond what clocks can differ by"
    ]
