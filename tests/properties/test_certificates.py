from __future__ import annotations

import pytest

from consensus.chain import Block
from consensus.configuration import Change, Reconfiguration, Verb
from consensus.properties import Certificates, Violation
from consensus.properties.memberships import Memberships
from consensus.protocols import Application, Verdict
from consensus.vocabulary import Commit
from tests.properties.blocks import NOTARY, block, certificate, chain

ONE = chain(1)[0]


def judge(proof, *, decided=ONE, liars=frozenset()) -> Certificates:
    oracle = Certificates((0, 1, 2, 3), 3, NOTARY.verify, liars)
    oracle.on_commit(1, 0, 1, Commit(decided.height, decided, proof))
    return oracle


def test_a_quorum_of_valid_signatures_is_a_proof() -> None:
    assert judge(certificate(ONE, (0, 1, 3))).last == {0: certificate(ONE, (0, 1, 3))}


def test_a_decision_without_a_certificate_is_left_to_a_later_one() -> None:
    assert judge(None).last == {}


def test_where_proofs_come_at_once_a_later_instant_is_too_late() -> None:
    oracle = Certificates((0, 1, 2, 3), 3, NOTARY.verify, every=True)
    one, two, three = chain(3)
    for decided, proof in ((one, None), (two, None), (three, certificate(three, (0, 1, 3)))):
        oracle.on_commit(1, 0, 1, Commit(decided.height, decided, proof))
    oracle.on_commit(2, 1, 1, Commit(1, one, None))
    with pytest.raises(Violation, match=r"height 1 decided by node 1\.1 at 2 ns without proof; but nothing proved it"):
        oracle.on_commit(3, 1, 1, Commit(2, two, certificate(two, (0, 1, 3))))
    oracle.on_start(4, 1, 2, {})
    oracle.on_commit(5, 1, 2, Commit(1, one, certificate(one, (0, 1, 3))))
    assert sorted(oracle.last) == [0, 1]


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        (certificate(ONE, (0, 1)), "2 signatures"),
        (certificate(ONE, (0, 1, 2, 3)), "4 signatures"),
        (certificate(ONE, (0, 1, 1)), "ascending"),
        (certificate(ONE, (0, 1, 5)), "5 does not vote"),
        (certificate(block(1, b"p" * 32), (0, 1, 2)), "its certificate is for"),
        (type(certificate(ONE, ()))(2, 1, ONE.hash, certificate(ONE, (0, 1, 2)).signatures), "does not verify"),
    ],
)
def test_anything_less_or_more_is_a_violation(proof, reason: str) -> None:
    with pytest.raises(Violation, match=reason):
        judge(proof)


def test_nothing_is_asked_of_liars() -> None:
    assert judge(certificate(ONE, (0,)), liars=frozenset({0})).last == {}


class Joint(Application):
    """Block 1 asks the four voters to give way to 3, 4 and 5, by way of both sets."""

    def validate(self, block: Block) -> Verdict:  # noqa: ARG002
        return Verdict.ACCEPT

    def reconfiguration(self, block: Block) -> Reconfiguration | None:
        nodes = ((Verb.REMOVE, 0), (Verb.REMOVE, 1), (Verb.REMOVE, 2), (Verb.ADD_VOTER, 4), (Verb.ADD_VOTER, 5))
        return Reconfiguration(tuple(Change(verb, node) for verb, node in nodes)) if block.height == 1 else None


@pytest.mark.parametrize(
    ("signers", "reason"),
    [
        ((0, 1, 2), "0 of the voters"),
        ((3, 4, 5), "1 of the voters"),
        ((0, 1, 2, 3), "1 of the voters"),
        ((0, 1, 2, 3, 4), "without that of member 0"),
    ],
)
def test_a_joint_configuration_decides_by_exactly_a_majority_of_either_set(signers, reason: str) -> None:
    def oracle() -> Certificates:
        return Certificates((0, 1, 2, 3), 3, NOTARY.verify, electorates=Memberships((0, 1, 2, 3), Joint()))

    oracle().on_commit(1, 0, 1, Commit(1, ONE, certificate(ONE, (0, 1, 3, 4))))
    with pytest.raises(Violation, match=reason):
        oracle().on_commit(1, 0, 1, Commit(1, ONE, certificate(ONE, signers)))
