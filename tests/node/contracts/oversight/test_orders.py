"""Nobody freezes alone; what is frozen stays as it is; the regulator writes nothing, whatever it tries."""

from itertools import combinations

import msgspec
import pytest

from node.contracts import CATALOGUE, accounts, oversight
from node.contracts.contract import ANYONE
from node.contracts.numbers import ClientNumbers
from node.contracts.oversight import Freeze, HoldArgs, Settings
from node.contracts.transfers import SendArgs
from tests.node.contracts.network import Network

COUNCIL = ("bureau", "hospital-1", "insurer-1", "insurer-2")
HOLD = HoldArgs("insurer-1", "insolvent")


@pytest.fixture
def net():
    openings = tuple(accounts.Opening(name, 1_000) for name in ("insurer-1", "bob"))
    return Network(
        settings=(
            (accounts.contract.name, accounts.Settings(openings)),
            (oversight.contract.name, Settings(council=COUNCIL, needed=2)),
        )
    )


@pytest.mark.parametrize("signers", [s for n in range(1, 6) for s in combinations((*COUNCIL, "regulator"), n)])
def test_who_can_freeze(net, signers):
    """Every subset of the council and the regulator: two others of the council and the regulator, and nobody less."""
    deciding = {*signers} & {*COUNCIL} - {"insurer-1"}
    enough = len(deciding) >= 2 and "regulator" in signers
    who = next((name for name in signers if name != "regulator"), "regulator")
    rest = tuple(name for name in signers if name != who)
    outcome = net.do(who, "oversight.freeze-institution", HOLD, cosigners=rest)
    assert (outcome.code == "ok") == enough, outcome
    frozen = net.tree.get(Freeze.namespace, "institution/insurer-1")
    assert (frozen is not None and frozen.state == "FROZEN") == enough


def test_frozen_and_let_go(net):
    decide = {"cosigners": ("hospital-1", "regulator")}
    assert net.do("bureau", "oversight.freeze-institution", HOLD, **decide).code == "ok"
    assert net.do("insurer-1", "transfers.send", SendArgs("bob", 1)).code == "institution_frozen"
    assert net.do("bob", "transfers.send", SendArgs("insurer-1", 1)).code == "ok"
    outsider = net.do("bob", "oversight.release-institution", HOLD, cosigners=("regulator",))
    assert outsider.code == "council_short"
    assert net.do("bureau", "oversight.release-institution", HOLD, **decide).code == "ok"
    assert net.do("bureau", "oversight.release-institution", HOLD, **decide).code == "illegal_transition"
    assert net.do("insurer-1", "transfers.send", SendArgs("bob", 1)).code == "ok"


def test_without_a_council_nothing_can_be_frozen():
    net = Network()
    outcome = net.do("bureau", "oversight.freeze-institution", HOLD, cosigners=("regulator", "insurer-2"))
    assert outcome.code == "council_short"


def test_the_regulator_writes_nothing(net):
    """A thousand times, at every action that does not name its role or everybody: refused, and only numbers change."""
    closed = [
        f"{name}.{action.name}"
        for name, contract in CATALOGUE.items()
        for action in contract.actions.values()
        if action.roles is None or not action.roles & {"regulator", *ANYONE}
    ]
    before = {(space, key): record for space, key, record in _state(net)}
    for attempt in range(1_000):
        outcome = net.do("regulator", closed[attempt % len(closed)], msgspec.msgpack.encode([attempt]))
        assert outcome.code == "role_not_allowed"
    assert {(space, key): record for space, key, record in _state(net)} == before


def _state(net):
    kinds = {kind.namespace for contract in CATALOGUE.values() for kind in contract.records} - {ClientNumbers.namespace}
    for space in sorted(kinds):
        for key, record in net.tree.items(space):
            yield space, key, record
