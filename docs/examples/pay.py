"""A payment on a network of one's own: ``python pay.py WALLET_FOLDER PAYEE FEN NUMBER``.

A wallet signs a transaction, sends it to the nodes, and believes what enough nodes sign in their receipts. NUMBER is
the wallet's own count: the same one again is the same payment again, and is made once. The network is the one that
docs/guide/5-on-your-own-broker.md makes.
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec

from network.bus import MqttBus, MqttOptions
from network.codec import MessageCodec
from network.requests import Receipt, Submit, receipt_bytes
from network.topics import client_filters
from network.wire import Wire
from node.assembly import Common
from node.config import load_config
from node.contracts.transfers import SendArgs
from node.ledger.transaction import Body, encode_transaction, sign_transaction
from node.membership import verify
from node.passphrase import ask_to_open


async def pay(folder, payee, fen, number):
    config = load_config(folder / "wallet.yaml")
    common = Common(config.load_genesis())
    secrets = config.unlock(ask_to_open)
    keys, address = secrets.keys(), config.name
    network, client = common.genesis.network, address.removeprefix("wallet.")
    arguments = msgspec.msgpack.encode(SendArgs(payee=payee, amount_fen=fen))
    body = Body(1, network, client, number, "transfers", "send", arguments, time.time_ns() // 1_000_000)
    raw = encode_transaction(sign_transaction(body, [(client, keys.sign)]))
    words = {}
    enough = asyncio.Event()

    def hear(topic, payload):
        sender, messages = wire.receive(topic, payload) or ("", [])
        for receipt in messages:
            node = common.directory.number(sender)
            if node is None or not isinstance(receipt, Receipt) or receipt.client != client:
                continue
            said = receipt_bytes(network, client, receipt.height, receipt.block, receipt.entries)
            if verify(common.directory.member_key(node), said, receipt.signature):
                words.setdefault(said, {})[sender] = receipt
        if any(len(nodes) >= common.protocol.replies(len(common.voters)) for nodes in words.values()):
            enough.set()

    bus = MqttBus(
        config.bus,
        client_id=f"{network}.{address}",
        subscriptions=client_filters(network, address),
        on_message=hear,
        options=MqttOptions(tls=config.tls_identity(secrets)),
    )
    wire = Wire(
        network=network,
        codec=MessageCodec(common.protocol.messages),
        incarnation=time.time_ns(),
        verify_key_of=common.directory.frame_key,
        publish=bus.publish,
        schedule=asyncio.get_running_loop().call_soon,
    )
    wire.speak_as(address, keys.sign)
    async with bus, asyncio.timeout(30):
        for member in common.genesis.members:  # one would do, if it is honest and up
            wire.send(address, member.name, "submit", Submit(client, (raw,)))
        await enough.wait()
    nodes = max(words.values(), key=len)
    receipt = next(iter(nodes.values()))
    outcome = next(entry.code for entry in receipt.entries if entry.number == number)
    print(f"{outcome}: {client} pays {payee} {fen} fen, block {receipt.height}, signed by {', '.join(sorted(nodes))}")


if __name__ == "__main__":
    asyncio.run(pay(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
