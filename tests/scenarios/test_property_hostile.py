"""Things and trade: before each step of each scenario, what somebody else might have sent in its place.

One argument is anything that its type allows, or another client sends it, or at another time, and everybody signs.
It is done or refused for a reason that the contract names, and the books balance whatever was done.
"""

from random import Random

import msgspec
import pytest
from msgspec import inspect
from msgspec.structs import replace

from node.contracts import CATALOGUE, execute_block, genesis_state
from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.property import CONTRACTS
from node.ledger.transaction import Transaction, decode_transaction
from node.membership import Directory
from scenarios.language import load_scenario
from scenarios.runner.plan import make_plan
from scenarios.shipped import themes
from tests.node.contracts.test_hostile_arguments import TEXTS, made

PATHS = next(theme.scenarios for theme in themes() if theme.name == "property")
OURS = {contract.name for contract in CONTRACTS}
NAMESPACES = tuple(kind.namespace for contract in CONTRACTS for kind in contract.records)


def texts(tree, plan):
    """Names and keys of what there is, besides what is in no state."""
    keys = [key for namespace in NAMESPACES for key, _ in tree.items(namespace)]
    return (*TEXTS, *(client.name for client in plan.genesis.clients), *(key for key in keys if len(key) < 97))


def changed(draw, body, tree, plan):
    """``body`` with one thing about it changed, signed by everybody."""
    kind = CATALOGUE[body.contract].actions[body.action].arguments
    arguments = msgspec.msgpack.decode(body.arguments, type=kind)
    field = draw.choice(inspect.type_info(kind).fields)
    names = [client.name for client in plan.genesis.clients]
    match draw.randrange(4):
        case 0:
            body = replace(body, client=draw.choice(names))
        case 1:
            body = replace(body, time_ms=draw.choice((0, body.time_ms - 1, body.time_ms + 10**10, 2**52)))
        case _:
            arguments = replace(arguments, **{field.name: made(draw, field.type, texts(tree, plan))})
    body = replace(body, number=body.number + 10**6, arguments=msgspec.msgpack.encode(arguments))
    return Transaction(body=body, signatures=tuple((name, bytes(64)) for name in sorted({body.client, *names})))


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_whatever_is_sent_in_place_of_a_step_is_done_or_refused_for_a_reason(path):
    plan = make_plan(load_scenario(path), seed=1)
    draw, tree, directory = Random(path.stem), genesis_state(plan.genesis), Directory(plan.genesis)
    done = 0
    for step in plan.workload.steps:
        if step.query is not None:
            continue
        true = decode_transaction(step.raw)
        for _ in range(4 if true.body.contract in OURS else 0):
            other = changed(draw, true.body, tree, plan)
            execution = execute_block(tree, directory, [other])
            [outcome] = execution.outcomes
            assert outcome.code != "contract_error", (other.body, outcome.detail)
            assert (total_of_all_accounts(execution.tree), overdrawn(execution.tree)) == (0, ())
            done += outcome.code == "ok"
        tree = execute_block(tree, directory, [true]).tree
    assert done > 10, "or nothing was tried"
