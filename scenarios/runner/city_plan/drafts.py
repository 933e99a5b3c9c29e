"""Drafts: transactions that are decided on but have no number and no signature yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from node.contracts.fields import Arguments
from node.ledger.transaction import TRANSACTION_VERSION, Body, encode_transaction, sign_transaction
from node.membership import KeyRing
from scenarios.language.models.run import Clock
from scenarios.runner.workload import Step

_encode = msgspec.msgpack.Encoder().encode


class Draft(msgspec.Struct, kw_only=True):
    """One transaction to be. ``after`` names drafts that must be acknowledged before."""

    id: str
    time_ms: int
    client: str
    call: str  # "contract.action"
    arguments: Arguments
    cosigners: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    expect: str = "ok"
    title: str = ""
    flow: str = ""
    case: str = ""
    stage: str = ""


def steps_of(drafts: Iterable[Draft], keyring: KeyRing, network: str, clock: Clock) -> list[Step]:
    """Number and sign ``drafts``, in order of business time; each client counts its own from 0.

    ValueError where a draft waits for one that does not come before it.
    """
    ordered = sorted(drafts, key=lambda draft: draft.time_ms)
    _require_causal(ordered)
    numbers: dict[str, int] = {}
    steps: list[Step] = []
    for draft in ordered:
        number = numbers.get(draft.client, 0)
        numbers[draft.client] = number + 1
        steps.append(_sign(draft, number, keyring, network, clock))
    return steps


def _require_causal(ordered: Sequence[Draft]) -> None:
    seen: set[str] = set()
    for draft in ordered:
        missing = [name for name in draft.after if name not in seen]
        if missing or draft.id in seen:
            raise ValueError(f"{draft.id} at {draft.time_ms} waits for {missing[:3]}, or is there twice")
        seen.add(draft.id)


def _sign(draft: Draft, number: int, keyring: KeyRing, network: str, clock: Clock) -> Step:
    contract, _, action = draft.call.partition(".")
    body = Body(
        version=TRANSACTION_VERSION,
        network=network,
        client=draft.client,
        number=number,
        contract=contract,
        action=action,
        arguments=_encode(draft.arguments),
        time_ms=draft.time_ms,
    )
    signers = [(name, keyring.sign(name)) for name in (draft.client, *draft.cosigners)]
    transaction = sign_transaction(body, signers)
    return Step(
        id=draft.id,
        client=draft.client,
        number=number,
        raw=encode_transaction(transaction),
        transaction_id=transaction.id,
        at_ns=clock.run_ns(draft.time_ms),
        after=draft.after,
        expect=draft.expect,
        title=draft.title,
        flow=draft.flow,
        case=draft.case,
        stage=draft.stage,
    )
