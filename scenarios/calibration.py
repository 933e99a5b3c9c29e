"""What a node's work costs on the machine at hand: single pieces of it, timed by the wall clock."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec
from nacl.signing import VerifyKey

from network.frames import FRAME_VERSION, Frame, FrameError, open_frame, seal_frame
from node.admission import Admission
from node.contracts import accounts
from node.contracts.runtime import execute_block, genesis_state
from node.contracts.transfers import SendArgs
from node.ledger.genesis import Client, Genesis, Member
from node.ledger.transaction import Body, Transaction, encode_transaction, sign_transaction
from node.membership import Directory, KeyRing, Verifier
from scenarios.language.units import format_duration

ROUNDS = 7
"""Each piece is timed so often; the fastest round counts, as whatever else the machine did only adds."""
_DATA = bytes(range(200))


def calibrate(rounds: int = ROUNDS) -> dict[str, int]:
    """Nanoseconds for each key of :class:`scenarios.language.models.costs.Costs`."""
    keys = KeyRing.derive(1, ["payer", "payee"])
    verify_key, signature = VerifyKey(keys.verify_key("payer")), keys.sign("payer")(_DATA)
    raw = seal_frame(Frame(FRAME_VERSION, "calibration", "payer", 1, 1, "nothing", b""), keys.sign("payer"))
    fields = [("accounts.entry", number, _DATA[:64]) for number in range(1200)]
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(list[tuple[str, int, bytes]]).decode
    encoded = encode(fields)
    kilobytes = max(1, len(encoded) // 1000)
    there_and_back = _fastest(lambda: decode(encode(fields)), 10, rounds)
    return {
        "input": _fastest(lambda: _refused(raw), 100, rounds),
        "encode": max(1, there_and_back // 2 // kilobytes),
        "hash": max(1, _fastest(lambda: sha256(encoded).digest(), 10, rounds) // kilobytes),
        "sign": _fastest(lambda: keys.sign("payer")(_DATA), 100, rounds),
        "verify": _fastest(lambda: verify_key.verify(_DATA, signature), 100, rounds),
        "transaction": _executed(keys, 100, rounds),
    }


def _fastest(work: Callable[[], object], times: int, rounds: int) -> int:
    """How long ``work`` takes once, in nanoseconds."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter_ns()
        for _ in range(times):
            work()
        taken.append(time.perf_counter_ns() - began)
    return max(1, min(taken) // times)


def _refused(raw: bytes) -> None:
    """Open a stranger's frame: all that is done to one before its signature is looked at."""
    with suppress(FrameError):
        open_frame(raw, "calibration", lambda _: None)


def _executed(keys: KeyRing, count: int, rounds: int) -> int:
    """A transfer, in a block of ``count`` of them."""
    encode = msgspec.msgpack.Encoder().encode
    openings = accounts.Settings(openings=tuple(accounts.Opening(name, 10**9) for name in keys.names()))
    genesis = Genesis(
        version=1,
        network="calibration",
        protocol="solo",
        members=(Member("payer", "insurer", True, keys.verify_key("payer"), keys.seal_key("payer")),),
        clients=tuple(Client(name, "insurer", 0, keys.verify_key(name), keys.seal_key(name)) for name in keys.names()),
        settings=((accounts.contract.name, encode(openings)),),
    )
    directory = Directory(genesis)
    admission = Admission(directory, Verifier())

    def transfer(number: int) -> Transaction:
        body = Body(
            version=1,
            network="calibration",
            client="payer",
            number=number,
            contract="transfers",
            action="send",
            arguments=encode(SendArgs(payee="payee", amount_fen=1)),
            time_ms=0,
        )
        return admission.check(encode_transaction(sign_transaction(body, [("payer", keys.sign("payer"))])))

    tree, transfers = genesis_state(genesis), [transfer(number + 1) for number in range(count)]
    assert {o.code for o in execute_block(tree, directory, transfers).outcomes} == {"ok"}, "transfers go through"  # noqa: S101
    return _fastest(lambda: execute_block(tree, directory, transfers), 1, rounds) // count


def costs_text(costs: dict[str, int]) -> str:
    """The file that a scenario's ``costs`` can name."""
    head = (
        f"# Measured by `consortium calibrate`: {platform.machine()}, Python {platform.python_version()}, one core.\n"
    )
    return head + "".join(f"{key}: {format_duration(ns)}\n" for key, ns in costs.items())


def write_costs(path: Path) -> dict[str, int]:
    """Measure and write the file at ``path``; OSError where that cannot be."""
    costs = calibrate()
    path.write_text(costs_text(costs), encoding="utf-8")
    return costs
