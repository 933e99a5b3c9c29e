"""The runtime: executes a block's transactions one after the other, all or nothing each.

Rules:

1. ``(client, number)`` is executed at most once. Executed numbers are kept in the state as disjoint ranges; a
   second transaction of a number is a "duplicate" and changes nothing, whatever it says.
2. A refused transaction changes nothing but that its number is used up; its receipt carries the reason.
3. A contract that fails in an unforeseen way refuses with "contract_error"; no input may stop a node. Where calls lie
   too deep within each other, they are tried once more with the same room on the stack at every node.
4. Nothing a contract sees depends on the block: not its height, its size or what it holds besides. The one exception
   is who somebody is: a signer's key must be the one in force at the block's height, else the transaction is refused
   ("key_revoked", "key_expired", "key_not_yet_valid"). A contract whose matter is the chain itself, as the registry's,
   declares to read the height, which no other is given, and keeps no business records.
5. Where the network declares oversight, what is frozen is refused, and the live rules look at what an action wrote
   (:mod:`node.contracts.oversight`). A rule refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from node.contracts.catalogue import CATALOGUE
from node.contracts.context import BlockState, Context, Event, Plain, Refusal, Roles
from node.contracts.contract import Contract
from node.contracts.deposits import entrust
from node.contracts.envelopes import note
from node.contracts.fields import Readers, Record
from node.contracts.identities import Identities
from node.contracts.numbers import ClientNumbers, with_number
from node.contracts.oversight import require_free, watch
from node.contracts.stack import with_full_room
from node.ledger.genesis import Genesis
from node.ledger.records import SUPERVISING
from node.ledger.state_tree import StateTree
from node.ledger.transaction import Transaction
from node.membership import Directory, verify
from node.membership.rule import Verify
from node.privacy.envelope import Collected, Envelope, Sealed

OK = "ok"
DUPLICATE = "duplicate"
DETAIL_CHARACTERS_MAX = 200

GENESIS_CLIENT = "genesis"


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What became of one transaction. ``code`` is "ok", "duplicate" or a refusal's reason code.

    ``output`` and ``events`` are there for "ok" alone, as are ``envelopes``, the sealed payloads it carried.
    ``detail`` explains a refusal to people; it is no part of a receipt.
    """

    transaction: bytes
    client: str
    number: int
    code: str
    output: Plain = None
    detail: str = ""
    events: tuple[Event, ...] = ()
    envelopes: tuple[Envelope, ...] = ()


class Execution(msgspec.Struct, frozen=True):
    """The state after a block, what became of its transactions, in their order, and how many entries they changed."""

    tree: StateTree
    outcomes: tuple[Outcome, ...]
    changed: int = 0


def execute_block(  # noqa: PLR0913 - a block, and what it is executed with
    tree: StateTree,
    directory: Roles,
    transactions: Sequence[Transaction],
    contracts: Mapping[str, Contract] = CATALOGUE,
    *,
    height: int | None = None,
    verify: Verify = verify,
) -> Execution:
    """Run ``transactions``, whose form and signatures were checked before, on ``tree``. Pure.

    ``height`` is the block's, for which keys must be in force; None where there is no block, then keys are taken as
    given. ``verify`` may remember what it verified before.
    """
    state = BlockState(tree)
    identities = Identities(directory, state.get, height, verify)
    outcomes = tuple(_execute(state, identities, transaction, contracts) for transaction in transactions)
    return Execution(tree=tree.update(state.changes), outcomes=outcomes, changed=len(state.changes))


def is_executed(tree: StateTree, client: str, number: int) -> bool:
    """Has this client's transaction of that number been executed, whatever became of it?"""
    numbers: ClientNumbers | None = tree.get(ClientNumbers.namespace, client)
    return numbers is not None and number in numbers


def genesis_state(genesis: Genesis, contracts: Mapping[str, Contract] = CATALOGUE) -> StateTree:
    """The state before the first block: every contract's settings applied. ValueError names what is wrong."""
    directory = Directory(genesis)
    state = BlockState(StateTree.empty())
    for number, (name, raw) in enumerate(genesis.settings):
        if name not in contracts:
            raise ValueError(f"settings for {name!r}, which is no contract; there are: {', '.join(sorted(contracts))}")
        ctx = Context(state, directory, client=GENESIS_CLIENT, number=number, signers=(), time_ms=0)
        try:
            contracts[name].configure(ctx, raw)
        except Refusal as refusal:
            raise ValueError(f"settings of {name}: {refusal}") from None
        state.changes.update(ctx.changes)
    return state.tree.update(state.changes)


def business_entries(
    tree: StateTree, contracts: Mapping[str, Contract] = CATALOGUE
) -> Iterator[tuple[str, str, Record]]:
    """(namespace, key, record) of everything the business root covers, in ascending order."""
    for kind in sorted(_kinds(contracts.values()), key=lambda kind: kind.namespace):
        if kind.business:
            for key, record in tree.items(kind.namespace):
                yield kind.namespace, key, record


def record_types(contracts: Mapping[str, Contract] = CATALOGUE) -> dict[str, type[Record]]:
    """Namespace -> the type of the records in it, the runtime's own included."""
    kinds: list[type[Record]] = [ClientNumbers, *_kinds(contracts.values())]
    return {kind.namespace: kind for kind in kinds}


def may_read(
    namespace: str, key: str, client: str, role: str = "", contracts: Mapping[str, Contract] = CATALOGUE
) -> bool:
    """Is a query of ``client``, of that role, for that entry answered? See :class:`node.contracts.fields.Readers`."""
    kind = record_types(contracts).get(namespace)
    if kind is None or kind.readers is Readers.NOBODY:
        return False
    if kind.readers is Readers.SUPERVISORS:
        return role in SUPERVISING
    return kind.readers is Readers.EVERYONE or key.partition("/")[0] == client


def _kinds(contracts: Iterable[Contract]) -> list[type[Record]]:
    return [kind for contract in contracts for kind in contract.records]


def _execute(
    state: BlockState, identities: Identities, transaction: Transaction, contracts: Mapping[str, Contract]
) -> Outcome:
    body = transaction.body
    seen = state.get(ClientNumbers.namespace, body.client)
    numbers = seen if isinstance(seen, ClientNumbers) else ClientNumbers(ranges=())
    if body.number in numbers:
        return _refused(transaction, DUPLICATE, "")
    following = with_number(numbers, body.number)
    if following is None:
        return _refused(transaction, "number_gaps", "too many gaps between this client's numbers")
    state.changes[ClientNumbers.namespace, body.client] = following
    try:
        return _attempt(state, identities, transaction, contracts)
    except RecursionError:
        pass  # how much of the stack was left here depends on the caller
    try:
        return with_full_room(partial(_attempt, state, identities, transaction, contracts))
    except RecursionError:
        return _refused(transaction, "contract_error", "RecursionError: too many calls within each other")


def _attempt(
    state: BlockState, identities: Identities, transaction: Transaction, contracts: Mapping[str, Contract]
) -> Outcome:
    """Do what the transaction asks, on ``state``. RecursionError and MemoryError: nothing was done."""
    fault = identities.fault_of(transaction)
    if fault is not None:
        return _refused(transaction, *fault)
    body = transaction.body
    contract = contracts.get(body.contract)
    ctx = Context(
        state,
        identities,
        client=body.client,
        number=body.number,
        signers=transaction.signers,
        time_ms=body.time_ms,
        chain=identities if contract is not None and contract.reads_chain else None,
    )
    try:
        require_free(ctx)
        output = _call(ctx, transaction, contracts)
        watch(ctx)
        for envelope in ctx.envelopes:
            if isinstance(envelope, Sealed):
                note(ctx, envelope)
            if isinstance(envelope, Collected):
                entrust(ctx, envelope.record, envelope.recipients, envelope.blocks_to_live, identities.height)
        output = ctx.finish(output)
    except Refusal as refusal:
        return _refused(transaction, refusal.code, refusal.detail)
    except (MemoryError, RecursionError):
        raise  # depends on the machine: stopping is safe, a diverging state is not
    except Exception as error:  # noqa: BLE001 - rule 3
        return _refused(transaction, "contract_error", f"{type(error).__name__}: {error}")
    state.changes.update(ctx.changes)
    return Outcome(
        transaction=transaction.id,
        client=body.client,
        number=body.number,
        code=OK,
        output=output,
        events=tuple(ctx.events),
        envelopes=tuple(ctx.envelopes),
    )


def _call(ctx: Context, transaction: Transaction, contracts: Mapping[str, Contract]) -> Plain:
    for signer in transaction.signers:
        if ctx.role_of(signer) is None:
            raise Refusal("unknown_signer", signer)
    contract = contracts.get(transaction.body.contract)
    if contract is None:
        raise Refusal("unknown_contract", transaction.body.contract)
    action = contract.actions.get(transaction.body.action)
    if action is None:
        raise Refusal("unknown_action", f"{contract.name}.{transaction.body.action}")
    ctx.act_for(contract.name, contract.events)
    return action.run(ctx, transaction.body.arguments)


def _refused(transaction: Transaction, code: str, detail: str) -> Outcome:
    return Outcome(
        transaction=transaction.id,
        client=transaction.body.client,
        number=transaction.body.number,
        code=code,
        detail=detail[:DETAIL_CHARACTERS_MAX],
    )
