"""What replicas of one world share, and what each of them checks by itself where its work is counted."""

from __future__ import annotations

import pytest

from node.assembly import Common
from node.ledger.transaction import encode_transaction
from tests.node.lab import Host, block_on, genesis, transfer
from tests.node.voters import newcomer, vote


def _block(common, *raws):
    return block_on(Host(common, 0), raws)


def test_a_share_counts_each_signature_once_though_another_has_executed_the_block_already():
    common = Common(genesis())
    block = _block(common, transfer(1), transfer(2), transfer(1, "bob", payee="ann"))
    one, other = common.apart(), common.apart()
    execution = one.execute(common.genesis_tree, block)
    assert other.execute(common.genesis_tree, block) is execution, "computed once"
    assert (one.verifier.checked, other.verifier.checked) == (3, 3)
    assert common.verifier.checked == 3, "and every signature is"
    assert other.execute(common.genesis_tree, block) is execution
    assert other.verifier.checked == 3, "it remembers"


def test_what_executing_asks_for_is_asked_by_every_share():
    common = Common(genesis("raft", voters=3))
    block = _block(common, encode_transaction(vote(1, "certify", newcomer(3), 0, (0, 1))))
    one, other = common.apart(), common.apart()
    execution = one.execute(common.genesis_tree, block)
    assert execution.outcomes[0].code == "ok"
    assert other.execute(common.genesis_tree, block) is execution
    assert (one.verifier.checked, other.verifier.checked) == (3, 3), "ann's signature and two members' approvals"


def test_a_share_that_begins_anew_checks_anew():
    common = Common(genesis())
    raw = transfer()
    for _ in range(2):
        share = common.apart()
        share.admission.check(raw)
        assert share.admission.check(raw).body.client == "ann"
        assert share.verifier.checked == 1
    assert common.verifier.checked == 1


@pytest.mark.parametrize(("bound", "kept"), [("CHANGES_KEPT", 0), ("EXECUTIONS_KEPT", 1)])
def test_what_is_no_longer_kept_is_executed_again_and_comes_out_the_same(monkeypatch, bound, kept):
    monkeypatch.setattr(f"node.assembly.{bound}", kept)
    common = Common(genesis())
    first = _block(common, transfer(1))
    once = common.execute(common.genesis_tree, first)
    assert common.execute(common.genesis_tree, first) is once, "the newest is always kept"
    common.execute(common.genesis_tree, _block(common, transfer(2)))
    again = common.execute(common.genesis_tree, first)
    assert again is not once
    assert (again.tree.root, again.outcomes, again.changed) == (once.tree.root, once.outcomes, once.changed)
    assert once.changed == 4, "two accounts, the posting, and the client's numbers"


def test_on_another_state_a_block_is_another_execution():
    """A node whose state differs, by a bug or a broken disk, computes by itself and is told apart by its root."""
    common = Common(genesis())
    block = _block(common, transfer(1))
    mine = common.execute(common.genesis_tree, block)
    name, account = next(common.genesis_tree.items("accounts"))
    broken = common.genesis_tree.update({("accounts", name): account.__class__(account.owner, account.kind, 7)})
    other = common.execute(broken, block)
    assert other is not mine
    assert other.tree.root != mine.tree.root
