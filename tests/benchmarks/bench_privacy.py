"""What privacy costs: ``python tests/benchmarks/bench_privacy.py [PEOPLE]`` (default 10000 on either side).

Intersection, questions about one person, masked sums, sealing to three parties, commitments, and one field of a record
shown with proof to someone who knows the genesis alone. Beside each its floor, measured in the same run: the calls of
libsodium (or the hashes) that the protocol cannot do without, in a bare loop. CPU time, since other work may share the
machine.
"""

# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from hashlib import blake2b, sha256
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import msgspec
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_box,
    crypto_core_ed25519_from_uniform,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_base,
    crypto_scalarmult_ed25519_noclamp,
)
from nacl.signing import SigningKey

from node.ledger.light_client import gather_evidence
from node.membership.certificates import ClientEntry
from node.privacy import Asker, Cell, Holder, Party, Share, seal, share_of, sum_of, unseal
from node.privacy.commitments import commitment, commitments_of, openings_of
from node.privacy.disclosure import Examiner, present

BUILDER = Path(__file__).parents[1] / "node" / "ledger" / "conftest.py"
SHARED = 300  # people whom both insure (systems row 18)
SAMPLE = 300  # calls of libsodium from which its floor is extrapolated
PARTIES = 8
CELLS = 100
FIELDS: dict[str, int | str] = {f"invoice/{number:02}/charge": number * 100 for number in range(11)} | {
    "diagnosis": "B16"
}
VOTERS = 6
STATE_KEYS = 20_000

_encode = msgspec.msgpack.Encoder().encode
Result = TypeVar("Result")


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    _intersection(people)
    _questions(people)
    _sums()
    _sealing()
    _commitments()
    _disclosure()


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    begun = time.process_time()
    result = work()
    return result, time.process_time() - begun


def _each(work: Callable[[], Any], times: int = SAMPLE) -> float:
    """Seconds of one call."""
    return _timed(lambda: [work() for _ in range(times)])[1] / times


def _intersection(people: int) -> None:
    shared = min(SHARED, people)
    ours = [f"3101{number:014}" for number in range(people)]
    theirs = [f"3101{number:014}" for number in range(people - shared, 2 * people - shared)]
    (one, other), blinding = _timed(lambda: (Party(b"a" * 32, "s", ours), Party(b"b" * 32, "s", theirs)))
    first = one.offer(), other.offer()
    second, doubling = _timed(lambda: (other.answer(first[0]), one.answer(first[1])))
    found, comparing = _timed(lambda: (one.shared(second[0]), other.shared(second[1])))
    if not found[0] == found[1] == tuple(sorted(set(ours) & set(theirs))):
        sys.exit("the intersection is wrong")
    scalar = crypto_core_ed25519_scalar_reduce(blake2b(b"a").digest())
    point = crypto_core_ed25519_from_uniform(sha256(b"a").digest())
    mapping = _each(lambda: crypto_core_ed25519_from_uniform(scalar))
    multiplying = _each(lambda: crypto_scalarmult_ed25519_noclamp(scalar, point))
    floor = 2 * people * (2 * mapping + 2 * multiplying)
    size = sum(len(_encode(message)) for message in (*first, *second))
    spent = blinding + doubling + comparing
    print(
        f"intersection of 2 x {people} people, {shared} shared: both sides together, {size / 1e6:.2f} MB in 4 messages"
    )
    print(f"  blind {blinding:.2f} s, blind again {doubling:.2f} s, compare {comparing:.2f} s: {spent:.2f} s of CPU")
    print(f"  libsodium's {4 * people} maps and {4 * people} multiplications alone: {floor:.2f} s")


def _questions(people: int) -> None:
    insured = [f"3101{number:014}" for number in range(people)]
    holder, listing = _timed(lambda: Holder(b"h" * 32, "s", insured))
    asker = Asker(b"a" * 32, holder.listed())
    asked, asking = _timed(lambda: [asker.ask(f"3101{number:014}") for number in range(people, people - SAMPLE, -1)])
    answers, answering = _timed(lambda: [holder.answer(question) for _, question in asked])
    told = [asker.is_listed(number, answer) for (number, _), answer in zip(asked, answers, strict=True)]
    if told != [False, *[True] * (SAMPLE - 1)]:
        sys.exit("an answer is wrong")
    print(f"one question about one person, to a list of {people} (blinded once, in {listing:.2f} s): 64 bytes")
    print(f"  {asking / SAMPLE * 1e6:.0f} us to ask, {answering / SAMPLE * 1e6:.0f} us to answer")


def _sums() -> None:
    names = [f"insurer-{place}" for place in range(PARTIES)]
    secrets = {name: sha256(name.encode()).digest() for name in names}
    keys = {name: crypto_scalarmult_base(secrets[name]) for name in names}
    cells = {f"cell-{number:03}": Cell(number, 1000 * number) for number in range(CELLS)}

    def share(name: str) -> Share:
        return share_of("s", name, secrets[name], keys, cells)

    shares, sharing = _timed(lambda: [share(name) for name in names])
    sums, adding = _timed(lambda: sum_of("s", names, shares))
    if sums["cell-007"] != Cell(7 * PARTIES, 7000 * PARTIES):
        sys.exit("the sum is wrong")
    masks = 2 * CELLS * (PARTIES - 1) * _each(lambda: blake2b(b"cell", key=b"k" * 32, digest_size=8).digest())
    print(f"masked sum of {PARTIES} parties, {CELLS} cells: {len(_encode(shares[0]))} bytes a share")
    print(f"  {sharing / PARTIES * 1e3:.2f} ms to make one, {adding * 1e3:.2f} ms to add all; ", end="")
    print(f"the masks' hashes alone {masks * 1e3:.2f} ms")


def _sealing() -> None:
    secrets = {name: sha256(name.encode()).digest() for name in ("bureau", "hospital", "insurer")}
    keys = [(name, crypto_scalarmult_base(secret)) for name, secret in secrets.items()]
    envelope = seal(b"s" * 32, "claim/1", FIELDS, keys)
    if unseal(envelope, "insurer", secrets["insurer"]) is None:
        sys.exit("the envelope does not open")
    sealing = _each(lambda: seal(b"s" * 32, "claim/1", FIELDS, keys))
    opening = _each(lambda: unseal(envelope, "insurer", secrets["insurer"]))
    ephemeral = _each(lambda: crypto_scalarmult_base(secrets["bureau"]))
    boxing = _each(lambda: crypto_box(bytes(32), bytes(24), keys[0][1], secrets["insurer"]))
    content = bytes(len(envelope.ciphertext))
    encrypting = _each(lambda: crypto_aead_xchacha20poly1305_ietf_encrypt(content, b"", bytes(24), bytes(32)))
    floor = 3 * (ephemeral + boxing) + encrypting
    print(f"sealing {len(FIELDS)} fields to 3 parties: {len(_encode(envelope))} bytes, {len(content)} of them content")
    print(f"  {sealing * 1e6:.0f} us to seal (libsodium alone {floor * 1e6:.0f}), {opening * 1e6:.0f} us to open")


def _commitments() -> None:
    salts = {path: sha256(path.encode()).hexdigest() for path in FIELDS}
    committing = _each(lambda: commitments_of(openings_of(FIELDS, salts)))
    preimage = _encode(("consortium/commitment", "diagnosis", "B16", salts["diagnosis"]))
    floor = len(FIELDS) * _each(lambda: sha256(preimage).hexdigest())
    checking = _each(lambda: commitment("diagnosis", "B16", salts["diagnosis"]))
    print(
        f"committing to {len(FIELDS)} fields: {committing * 1e6:.1f} us; the hashes alone {floor * 1e6:.1f} us; ",
        end="",
    )
    print(f"checking one field {checking * 1e6:.1f} us")


class Contract(msgspec.Struct, frozen=True):
    """A record with commitments, as contracts keep them."""

    holder: str
    commitments: tuple[tuple[str, str], ...]


def _disclosure() -> None:
    builder = _builder()
    ledger = builder.LedgerBuilder("pbft", voting=VOTERS)
    opened = openings_of(FIELDS, {path: sha256(path.encode()).hexdigest() for path in FIELDS})
    records: dict[tuple[str, str], msgspec.Struct] = {
        ("policies", f"p{number}"): Contract("alice", ()) for number in range(STATE_KEYS)
    }
    records["policies", "p7"] = Contract("alice", commitments_of(opened))
    ledger.machine.tree = ledger.machine.tree.update(records)
    ledger.append()
    tree = ledger.machine.tree
    ledger.append()

    def sign(name: str) -> Callable[[bytes], bytes]:
        return lambda data: ledger.sign(name, data)

    numbers = iter(range(10**9))
    school = Examiner(
        ledger.genesis, "school", ledger.key("school"), sign("school"), lambda: next(numbers).to_bytes(32, "big")
    )

    def proof() -> bytes:
        return _encode(
            present(
                school.ask("enrolment", height=1),
                asked_by=ledger.key("school"),
                holder="alice",
                sign=sign("alice"),
                field="commitments",
                openings=[opening for opening in opened if opening.path == "diagnosis"],
                record=gather_evidence(ledger.chain, 2, tree, "policies", "p7"),
                identity=gather_evidence(ledger.chain, 2, tree, ClientEntry.namespace, "alice"),
            )
        )

    raws, making = _timed(lambda: [proof() for _ in range(SAMPLE // 3)])
    shown, checking = _timed(lambda: [school.check(raw) for raw in raws])
    if any(disclosed.values != {"diagnosis": "B16"} for disclosed in shown):
        sys.exit("the field is not shown")
    key = SigningKey(bytes(32))
    signed = key.sign(bytes(64))
    verifying = _each(lambda: key.verify_key.verify(signed))
    signatures = 2 * ledger.electorate.quorum + 1
    print(f"one of {len(FIELDS)} fields shown, with proof from a state of {STATE_KEYS} keys: {len(raws[0])} bytes")
    print(f"  {making / len(raws) * 1e6:.0f} us to make, {checking / len(raws) * 1e6:.0f} us to check; ", end="")
    print(f"its {signatures} signatures alone {signatures * verifying * 1e6:.0f} us")


def _builder() -> ModuleType:
    """The ledger builder of the tests."""
    spec = importlib.util.spec_from_file_location("builder", BUILDER)
    if spec is None or spec.loader is None:
        sys.exit("no builder")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
