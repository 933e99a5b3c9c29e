"""The shipped pool, executed again block by block: what it has is what came in less what went out, at each height."""

from node.contracts.accounts import Account, Posting
from node.ledger import decode_genesis
from node.ledger.transaction import decode_transaction
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.results.replay import ContractMachine
from scenarios.runner import run
from scenarios.shipped import shipped


def test_the_pools_balance_at_each_height_is_what_the_journal_says():
    left = run(load_scenario(shipped()["mutual_pool"]), view=NoView(), out=None, mode="virtual").left
    genesis, *blocks = (block for block, _ in left.holdings[0].certified())
    machine = ContractMachine(decode_genesis(genesis.transactions[0]))
    seen = []
    for block in blocks:
        machine.run([decode_transaction(raw) for raw in block.transactions])
        for key, pool in machine.tree.items("mutual_pools"):
            cash = f"{key}/cash"
            booked = [line for _, posting in machine.tree.items(Posting.namespace) for line in posting.lines]
            flows = [fen for name, fen in booked if name == cash]
            into, out = sum(fen for fen in flows if fen > 0), -sum(fen for fen in flows if fen < 0)
            kept = machine.tree.get(Account.namespace, cash)
            assert (pool.in_fen, pool.out_fen) == (into, out)
            assert (kept.balance_fen if kept else 0) == into - out >= 0
            seen.append(into - out)
    assert max(seen) == 40_000, "all four have joined"
    assert seen[-1] == 5_000
