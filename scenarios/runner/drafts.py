"""Drafts: transactions and reads that are decided on but have no number and no signature yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from node.contracts.fields import Arguments
from node.ledger.transaction import TRANSACTION_VERSION, Body, encode_transaction, sign_transaction
from node.membership import KeyRing
from scenarios.language.models.run import Clock
from scenarios.runner.workload import Step

Objects = Mapping[str, str]
"""By a draft's id, the id of the object that its transaction makes."""

_encode = msgspec.msgpack.Encoder().encode


class Draft(msgspec.Struct, kw_only=True):
    """One transaction, or with ``query`` one read, to be. ``after`` names drafts that must be acknowledged before.

    ``arguments`` may wait for the ids of objects that other drafts make. ``at_ns`` is the run time where that is what
    was decided; else it follows from ``time_ms``.
    """

    id: str
    time_ms: int
    client: str
    call: str = ""  # "contract.action"
    arguments: Arguments | Callable[[Objects], Arguments] | None = None
    query: tuple[str, str] | None = None
    cosigners: tuple[str, ...] = ()
    at_ns: int | None = None
    think_ns: int = 0
    after: tuple[str, ...] = ()
    expect: str = "ok"
    title: str = ""
    flow: str = ""
    case: str = ""
    stage: str = ""


def steps_of(drafts: Iterable[Draft], keyring: KeyRing, network: str, clock: Clock) -> list[Step]:
    """Number and sign ``drafts``, in order of time; each client counts its own from 0, reads apart.

    ValueError where a draft waits for one that does not come before it.
    """
    ordered = sorted(drafts, key=lambda draft: (draft.time_ms, draft.at_ns or 0))
    _require_causal(ordered)
    numbers: dict[tuple[str, bool], int] = {}
    numbered: list[tuple[Draft, int]] = []
    objects: dict[str, str] = {}
    for draft in ordered:
        place = (draft.client, draft.query is None)
        number = numbers.get(place, 0)
        numbers[place] = number + 1
        numbered.append((draft, number))
        objects[draft.id] = f"{draft.client}/{number}"
    return [
        _told(draft, number, clock)
        if draft.query is not None
        else _signed(draft, number, objects, keyring, network, clock)
        for draft, number in numbered
    ]


def _require_causal(ordered: Sequence[Draft]) -> None:
    seen: set[str] = set()
    for draft in ordered:
        missing = [name for name in draft.after if name not in seen]
        if missing or draft.id in seen:
            raise ValueError(f"{draft.id} at {draft.time_ms} waits for {missing[:3]}, or is there twice")
        seen.add(draft.id)


def _signed(  # noqa: PLR0913, PLR0917 - what a transaction is made of
    draft: Draft, number: int, objects: Objects, keyring: KeyRing, network: str, clock: Clock
) -> Step:
    contract, _, action = draft.call.partition(".")
    arguments = draft.arguments(objects) if callable(draft.arguments) else draft.arguments
    body = Body(
        version=TRANSACTION_VERSION,
        network=network,
        client=draft.client,
        number=number,
        contract=contract,
        action=action,
        arguments=_encode(arguments),
        time_ms=draft.time_ms,
    )
    signers = [(name, keyring.sign(name)) for name in (draft.client, *draft.cosigners)]
    transaction = sign_transaction(body, signers)
    told = _told(draft, number, clock)
    return msgspec.structs.replace(told, raw=encode_transaction(transaction), transaction_id=transaction.id)


def _told(draft: Draft, number: int, clock: Clock) -> Step:
    return Step(
        id=draft.id,
        client=draft.client,
        number=number,
        query=draft.query,
        at_ns=clock.run_ns(draft.time_ms) if draft.at_ns is None else draft.at_ns,
        think_ns=draft.think_ns,
        after=draft.after,
        expect=draft.expect,
        title=draft.title,
        flow=draft.flow,
        case=draft.case,
        stage=draft.stage,
    )
