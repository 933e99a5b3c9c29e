"""A payload is sealed again to its parties' keys of now: the same content, the next version, and nobody new."""

import pytest
from msgspec.structs import replace

from node.contracts import CATALOGUE
from node.contracts.catalogue import catalogue
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.envelopes import Enclosed, ResealArgs
from node.contracts.fields import Arguments
from node.privacy import Envelope, Hashed, Open, commit, seal_openings
from tests.node.contracts.network import Network
from tests.node.contracts.parties import SENDER, public

FIELDS = {"policy": "Policy 1", "terms": 7}
RECORD = "insurer-1/1"

drawer = Contract("drawer")


class LayArgs(Arguments, frozen=True):
    """What to lay down."""

    envelope: Envelope


@drawer.action()
def lay(ctx: Context, args: LayArgs) -> Plain:
    """Carry whatever it is."""
    ctx.carry(args.envelope, ctx.object_id)
    return {}


def sealed(version=0, parties=("ann", "insurer-1"), fields=FIELDS, record=RECORD):
    keys = [(name, public(f"{name}/{version}")) for name in parties]  # another key for each version
    return seal_openings(SENDER, record, commit(SENDER, record, fields), keys, version)


@pytest.fixture
def network():
    """The insurer has sealed a policy to Ann and itself."""
    made = Network(catalogue(*CATALOGUE.values(), drawer))
    assert made.do("insurer-1", "drawer.lay", LayArgs(sealed())).code == "ok"
    return made


def reseal(network, envelope, who="insurer-1"):
    return network.do(who, "envelopes.reseal", ResealArgs(envelope))


def standing(network):
    return network.tree.get(Enclosed.namespace, RECORD)


@pytest.mark.parametrize("who", ["insurer-1", "ann"])
def test_a_party_seals_it_again_and_the_parties_get_it(network, who):
    outcome = reseal(network, sealed(1), who)
    assert (outcome.code, outcome.output) == ("ok", {"record": RECORD, "version": 1})
    assert outcome.envelopes == (sealed(1),)
    assert standing(network).version == 1
    assert reseal(network, sealed(2)).code == "ok"


def test_a_party_may_leave_and_does_not_come_back(network):
    assert reseal(network, sealed(1, parties=("insurer-1",))).code == "ok"
    assert standing(network).recipients == ("insurer-1",)
    assert reseal(network, sealed(2)).code == "nobody_joins"
    assert reseal(network, sealed(2), "ann").code == "not_a_party"


@pytest.mark.parametrize(
    ("envelope", "who", "code"),
    [
        (sealed(1, parties=("ann", "insurer-1", "reinsurer")), "insurer-1", "nobody_joins"),
        (sealed(1), "reinsurer", "not_a_party"),
        (sealed(0), "insurer-1", "wrong_version"),
        (sealed(2), "insurer-1", "wrong_version"),
        (sealed(1, fields={**FIELDS, "terms": 8}), "insurer-1", "other_content"),
        (sealed(1, fields={"policy": "Policy 1"}), "insurer-1", "other_content"),
        (sealed(1, record="insurer-1/9"), "insurer-1", "unknown_enclosed"),
    ],
)
def test_anything_else_is_refused_and_changes_nothing(network, envelope, who, code):
    before = standing(network)
    assert reseal(network, envelope, who).code == code
    assert standing(network) == before


def test_other_forms_are_not_sealed_and_cannot_be_sealed_again():
    network = Network(catalogue(*CATALOGUE.values(), drawer))
    openings = commit(SENDER, RECORD, FIELDS)
    assert network.do("insurer-1", "drawer.lay", LayArgs(Open(RECORD, 0, openings, ("ann",)))).code == "ok"
    assert standing(network) is None
    assert reseal(network, sealed(1)).code == "unknown_enclosed"


@pytest.mark.parametrize("turn", [lambda found: found[::-1], lambda found: (found[0], found[0])])
def test_an_envelope_whose_fields_are_out_of_order_is_carried_by_nobody(turn):
    network = Network(catalogue(*CATALOGUE.values(), drawer))
    openings = commit(SENDER, RECORD, FIELDS)
    whole = Hashed(RECORD, 0, sealed().commitments, ("ann",))
    for envelope in (
        Open(RECORD, 0, turn(openings), ("ann",)),
        replace(whole, commitments=turn(whole.commitments)),
    ):
        outcome = network.do(
            "insurer-1", "drawer.lay", LayArgs(replace(envelope, record=f"insurer-1/{_next(network)}"))
        )
        assert outcome.code == "envelope_malformed"


def _next(network):
    return network._numbers.get("insurer-1", 0) + 1
