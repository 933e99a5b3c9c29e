"""Whatever arguments anyone sends, at any moment of the story: a code comes back, and money is conserved.

Mutates the story's own transactions (another value from the story's pool, another number, another signer, another
moment), which gets far deeper into the contracts than bytes made up from nothing.
"""

from functools import cache

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import business_entries, execute_block
from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.ledger.transaction import Body, Transaction, decode_transaction
from node.membership import Directory
from tests.scenarios.telling import one_claim

NUMBERS = [0, 1, -1, 7, 100, 310_000, 2**31, 2**53 - 1, 2**53, -(2**53)]
FIRST_FREE_NUMBER = 10_000


def leaves(value, path=()):
    """Every place in decoded arguments that holds no list."""
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [(path, value)]


def with_leaf(value, path, leaf):
    if not path:
        return leaf
    return [with_leaf(item, path[1:], leaf) if index == path[0] else item for index, item in enumerate(value)]


@cache
def pool(told):
    """Text that stands anywhere in the story's arguments, and every object's id."""
    bodies = [decode_transaction(step.raw).body for step in told.steps.values()]
    texts = {leaf for body in bodies for _, leaf in leaves(msgspec.msgpack.decode(body.arguments))}
    ids = {told.object(step) for step in told.steps}
    return sorted(text for text in texts | ids | {"", "nobody", "nobody/1"} if isinstance(text, str))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mutation_of_the_story_breaks_a_contract(data):
    told = one_claim()
    steps = list(told.steps.values())
    tree = data.draw(st.sampled_from(told.trees))
    body = decode_transaction(data.draw(st.sampled_from(steps)).raw).body
    arguments = msgspec.msgpack.decode(body.arguments)
    for _ in range(data.draw(st.integers(0, 2))):
        found = leaves(arguments)
        if not found:
            break
        path, old = data.draw(st.sampled_from(found))
        fitting = pool(told) if isinstance(old, str) else NUMBERS
        arguments = with_leaf(arguments, path, data.draw(st.sampled_from(fitting)))
    names = [client.name for client in told.plan.genesis.clients]
    client = data.draw(st.sampled_from([*[body.client] * len(names), *names]))
    cosigners = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
    mutated = Body(
        version=body.version,
        network=body.network,
        client=client,
        number=FIRST_FREE_NUMBER,
        contract=body.contract,
        action=body.action,
        arguments=msgspec.msgpack.encode(arguments),
        time_ms=max(0, body.time_ms + data.draw(st.sampled_from([0, 1, 10**9, -(10**9), 10**11]))),
    )
    signers = (client, *sorted(name for name in cosigners if name != client))
    transaction = Transaction(body=mutated, signatures=tuple((name, bytes(64)) for name in signers))
    execution = execute_block(tree, Directory(told.plan.genesis), [transaction])
    outcome = execution.outcomes[0]
    assert outcome.code != "contract_error", outcome.detail
    assert total_of_all_accounts(execution.tree) == 0
    assert overdrawn(execution.tree) == ()
    if outcome.code != "ok":
        assert list(business_entries(execution.tree)) == list(business_entries(tree))
