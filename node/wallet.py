"""A wallet 钱包 on the bus of a network of one's own: it asks, submits, and believes what enough nodes sign.

>>> async with Wallet(load_config(folder / "wallet.yaml"), ask_to_open) as wallet:
...     outcome = await wallet.submit("transfers", "send", arguments, number=1)

It counts the words of the genesis' voters. Those who were voted in since are not heard: where too few of the founders
vote any more, nothing here is ever believed, and a call ends in :class:`WalletError`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from typing import Any, Self

import msgspec

from consensus.vocabulary import NodeId
from network.bus import MqttBus, MqttOptions
from network.codec import MessageCodec
from network.requests import Answer, AnswerCode, Query, Receipt, Submit, answer_bytes, receipt_bytes
from network.topics import WALLET_PREFIX, client_filters
from network.wire import Wire
from node.assembly import Common
from node.config import ConfigError, NodeConfig
from node.keystore import Passphrase
from node.ledger.transaction import Body, encode_transaction, sign_transaction
from node.membership import verify

AGAIN_S = 2.0
"""How long to wait for enough words before asking again."""

_VERSION = 1


class WalletError(Exception):
    """Nothing that could be believed came in time; the message says who was asked."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a transaction: "ok" or a refusal's reason, in the block at ``height``."""

    code: str
    height: int


class Wallet:
    """One wallet's session. ``patience_s``: how long a call may take."""

    def __init__(self, config: NodeConfig, passphrase: Passphrase, *, patience_s: float = 30.0) -> None:
        """ConfigError and KeyFileError say what is wrong with the wallet's folder."""
        genesis = config.load_genesis()
        if not config.name.startswith(WALLET_PREFIX):
            raise ConfigError(f"{config.folder}: is a node's folder, not a wallet's")
        self._config = config
        self._patience_s = patience_s
        self._secrets = config.unlock(passphrase)
        self._keys = self._secrets.keys()
        self._common = Common(genesis)
        self.name = config.name.removeprefix(WALLET_PREFIX)
        self.network = genesis.network
        self._heard: Callable[[NodeId, Any], None] = _nothing

    async def __aenter__(self) -> Self:
        """BusError where the broker cannot be reached, or does not let us in."""
        config, network = self._config, self.network
        self._bus = MqttBus(
            config.bus,
            client_id=f"{network}.{config.name}",
            subscriptions=client_filters(network, config.name),
            on_message=self._frame,
            options=MqttOptions(tls=config.tls_identity(self._secrets)),
        )
        self._wire = Wire(
            network=network,
            codec=MessageCodec(self._common.protocol.messages),
            incarnation=time.time_ns(),
            verify_key_of=self._common.directory.frame_key,
            publish=self._bus.publish,
            schedule=asyncio.get_running_loop().call_soon,
        )
        self._wire.speak_as(config.name, self._keys.sign)
        self._open = AsyncExitStack()
        await self._open.enter_async_context(self._bus)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._wire.flush()
        await self._open.aclose()

    async def ask(self, namespace: str, key: str) -> bytes | None:
        """The record at ``key`` of ``namespace``, as enough voters answer alike; None where there is none."""
        query = Query(self.name, time.time_ns(), namespace, key)

        def said(answer: Any) -> tuple[bytes, Any] | None:
            if not isinstance(answer, Answer) or (answer.client, answer.number) != (query.client, query.number):
                return None
            if answer.code is AnswerCode.UNAVAILABLE:
                return None
            value = (answer.code, answer.value)
            return answer_bytes(self.network, query, answer.code, answer.height, answer.value), value

        needed = self._common.protocol.read_replies(len(self._common.voters))
        code, value = await self._until_believed("query", query, said, needed)
        if code is not AnswerCode.OK:
            raise WalletError(f"{namespace} may not be read by asking")
        return value  # type: ignore[no-any-return]

    async def submit(self, contract: str, action: str, arguments: bytes, *, number: int) -> Outcome:
        """Have a transaction ordered. ``number`` is the wallet's own count; WalletError where it was used before."""
        time_ms = time.time_ns() // 1_000_000
        body = Body(_VERSION, self.network, self.name, number, contract, action, arguments, time_ms)
        transaction = sign_transaction(body, [(self.name, self._keys.sign)])
        raw = encode_transaction(transaction)

        def said(receipt: Any) -> tuple[bytes, Any] | None:
            if not isinstance(receipt, Receipt) or receipt.client != self.name:
                return None
            data = receipt_bytes(self.network, self.name, receipt.height, receipt.block, receipt.entries)
            told = [
                (entry.transaction, Outcome(entry.code, receipt.height))
                for entry in receipt.entries
                if entry.number == number
            ]
            return (data, told[0]) if told else None

        needed = self._common.protocol.replies(len(self._common.voters))
        which, outcome = await self._until_believed("submit", Submit(self.name, (raw,)), said, needed)
        if which != transaction.id:
            raise WalletError(
                f"number {number} of {self.name} was used before, in block {outcome.height}; take another"
            )
        assert isinstance(outcome, Outcome)  # noqa: S101 - that is what ``said`` gives
        return outcome

    async def _until_believed(
        self, kind: str, question: Any, said: Callable[[Any], tuple[bytes, Any] | None], needed: int
    ) -> Any:
        """Ask the voters, again and again, until ``needed`` of them sign the same."""
        words: dict[NodeId, Any] = {}
        enough: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def heard(node: NodeId, message: Any) -> None:
            told = said(message)
            key = self._common.directory.member_key(node)
            if told is None or key is None or not verify(key, told[0], message.signature):
                return
            words[node] = told[1]
            if list(words.values()).count(told[1]) >= needed and not enough.done():
                enough.set_result(told[1])

        self._heard = heard
        try:
            async with asyncio.timeout(self._patience_s):
                while not enough.done():
                    self._send(kind, question)
                    await asyncio.wait([enough], timeout=AGAIN_S)
        except TimeoutError:
            names = ", ".join(self._names(self._common.voters))
            raise WalletError(
                f"{needed} equal words are needed; {len(words)} nodes answered in {self._patience_s:g} s. "
                f"Asked were {names}"
            ) from None
        finally:
            self._heard = _nothing
        return enough.result()

    def _send(self, kind: str, question: Any) -> None:
        for name in self._names(self._common.voters):
            self._wire.send(self._config.name, name, kind, question)

    def _names(self, nodes: Iterable[NodeId]) -> list[str]:
        return [self._common.directory.member(node).name for node in nodes]

    def _frame(self, topic: str, payload: bytes) -> None:
        sender, messages = self._wire.receive(topic, payload) or ("", [])
        number = self._common.directory.number(sender)
        if number in self._common.voters:
            for message in messages:
                self._heard(number, message)


def _nothing(_node: NodeId, _message: Any) -> None:
    """Nobody waits for an answer."""
