"""A wallet believes what enough of the founders sign alike, and nothing else."""

import asyncio

import pytest

from network.codec import MessageCodec
from network.requests import Answer, AnswerCode, Query, Receipt, ReceiptEntry, Submit, answer_bytes, receipt_bytes
from network.topics import wallet_address
from network.wire import Wire
from node import wallet as module
from node.assembly import Common
from node.config import ConfigError, NodeConfig
from node.ledger.transaction import decode_transaction
from node.wallet import Outcome, Wallet, WalletError
from tests.node.lab import KEYS, MEMBERS, NETWORK, genesis

FOUNDING = genesis("pbft", 4, 1)
ADDRESS = wallet_address("ann")


class Bus:
    """Hands each frame of the wallet's to the node that it is for, and that node's answers back."""

    nodes: "Nodes"

    def __init__(self, url, *, client_id, subscriptions, on_message, options):  # noqa: ARG002 - as the real one
        self._on_message = on_message
        assert subscriptions == (f"{NETWORK}/to/{ADDRESS}/+/+",)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    def publish(self, topic, payload):
        for said in self.nodes.hear(topic, payload):
            asyncio.get_running_loop().call_soon(self._on_message, *said)
        return True


class Nodes:
    """Members that answer as ``said`` has it: (number of the node, message) -> its messages."""

    def __init__(self, said):
        common = Common(FOUNDING)
        self._said = said
        self._out = []
        self._wires = {}
        for number, name in enumerate(MEMBERS[:5]):
            wire = Wire(
                network=NETWORK,
                codec=MessageCodec(common.protocol.messages),
                incarnation=1,
                verify_key_of=common.directory.frame_key,
                publish=lambda topic, payload: self._out.append((topic, payload)) or True,
                schedule=lambda _: None,
            )
            wire.speak_as(name, KEYS.sign(name))
            self._wires[number] = wire

    def hear(self, topic, payload):
        for number, wire in self._wires.items():
            if topic.split("/")[2] != MEMBERS[number]:
                continue
            _, messages = wire.receive(topic, payload)
            for message in messages:
                for answer in self._said(number, message):
                    wire.send(MEMBERS[number], ADDRESS, "receipt", answer)
            wire.flush()
        said, self._out[:] = list(self._out), []
        return said


def receipt(number, raw, *, code="ok", signer=None, of=None):
    transaction = decode_transaction(raw)
    entry = ReceiptEntry(transaction.body.number, of or transaction.id, code, b"")
    data = receipt_bytes(NETWORK, "ann", 7, bytes(32), (entry,))
    return Receipt("ann", 7, bytes(32), (entry,), KEYS.sign(MEMBERS[number if signer is None else signer])(data))


def answer(number, query, *, value=b"\x01", code=AnswerCode.OK):
    data = answer_bytes(NETWORK, query, code, 7 + number, value)
    return Answer("ann", query.number, code, 7 + number, value, KEYS.sign(MEMBERS[number])(data))


def config(tmp_path, name=ADDRESS):
    (tmp_path / "genesis.bin").write_bytes(FOUNDING.encode())
    seeds = {"sign_seed": KEYS["ann"].sign_seed.hex(), "seal_secret": KEYS["ann"].seal_secret.hex()}
    return NodeConfig(name=name, genesis="genesis.bin", bus="mqtt://nowhere", folder=tmp_path, **seeds)


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What a wallet makes of it: ``told(said, call)``."""

    def tell(said, call, patience_s=20.0):
        monkeypatch.setattr(module, "MqttBus", type("Told", (Bus,), {"nodes": Nodes(said)}))

        async def session():
            async with Wallet(config(tmp_path), lambda _: b"", patience_s=patience_s) as wallet:
                return await call(wallet)

        return asyncio.run(session())

    return tell


def pays(wallet):
    return wallet.submit("transfers", "send", b"\x92\xa3bob\x01", number=5)


def asks(wallet):
    return wallet.ask("accounts", "ann/cash")


def receipts(**by_node):
    """Nodes that answer a submission, each in its own way; the others are silent."""

    def said(number, message):
        assert isinstance(message, Submit)
        details = by_node.get(f"n{number}")
        return [] if details is None else [receipt(number, message.transactions[0], **details)]

    return said


def test_two_of_four_that_say_the_same_are_believed(told):
    lies = {"code": "insufficient_funds"}
    assert told(receipts(n0=lies, n1={}, n3={}), pays) == Outcome("ok", 7)


@pytest.mark.parametrize(
    "by_node",
    [
        {"n1": {}},
        {"n1": {}, "n2": {"code": "duplicate"}},
        {"n1": {}, "n2": {"signer": 1}},
        {"n1": {}, "n4": {}},  # an observer
        {},
    ],
)
def test_less_is_not(told, by_node):
    with pytest.raises(
        WalletError, match=r"2 equal words are needed; . nodes .* member-0, member-1, member-2, member-3"
    ):
        told(receipts(**by_node), pays, patience_s=0.1)


def test_a_number_that_was_used_before_is_another_transaction_s(told):
    earlier = {"of": bytes(32)}
    with pytest.raises(WalletError, match="number 5 of ann was used before, in block 7"):
        told(receipts(n0=earlier, n1=earlier), pays)


def answers(**by_node):
    def said(number, message):
        assert isinstance(message, Query)
        details = by_node.get(f"n{number}")
        return [] if details is None else [answer(number, message, **details)]

    return said


def test_a_quorum_of_equal_answers_is_believed_of_whatever_height(told):
    assert told(answers(n0={}, n1={"value": b"\x02"}, n2={}, n3={}), asks) == b"\x01"
    assert told(answers(n0={"value": None}, n1={"value": None}, n3={"value": None}), asks) is None


def test_what_may_not_be_read_and_who_cannot_say(told):
    closed = {"code": AnswerCode.NOT_PUBLIC, "value": None}
    with pytest.raises(WalletError, match="may not be read by asking"):
        told(answers(n0=closed, n1=closed, n2=closed), asks)
    busy = {"code": AnswerCode.UNAVAILABLE, "value": None}
    with pytest.raises(WalletError, match="3 equal words are needed; 2 nodes"):
        told(answers(n0={}, n1={}, n2=busy, n3=busy), asks, patience_s=0.1)


def test_a_node_s_folder_is_no_wallet_s(tmp_path):
    with pytest.raises(ConfigError, match="is a node's folder"):
        Wallet(config(tmp_path, name=MEMBERS[0]), lambda _: b"")
