"""Livestock: of all that can be read off a carcass, only what the insured animal has is paid for, and once."""

from itertools import product

import pytest

from node.contracts.accounts import total_of_all_accounts
from node.contracts.property.cover import CoverTerms
from node.contracts.property.livestock import CoverArgs, DeathArgs, LendArgs, LifeArgs, RegisterArgs
from tests.node.contracts.property.kit import CASH, balance, enclosed, market

SUM, PREMIUM, ENDS = 9_000, 300, 1_000
OWN, NEIGHBOURS, NOBODYS = "1", "2", "3"


def marks(of):
    return {kind: (digit + of) * 32 for kind, digit in (("biometrics", "a"), ("dna", "b"), ("tag", "c"))}


def register(network, farm, hashes):
    readings = enclosed(network, farm, {"picture": farm}, (farm,))
    args = RegisterArgs(**hashes, species="cattle", region="cixi", readings=readings)
    return network.do(farm, "livestock.register", args, cosigners=("quarantine",)).code


def live(network, animal, kind, who="quarantine", at=10):
    return network.do(who, "livestock.report", LifeArgs(animal, kind, "ee" * 32), at=at).code


def cover(network, animal, *, farm="farmer-1", insurer="insurer-1", at=20, ends=ENDS):
    args = CoverArgs(animal, farm, CoverTerms(SUM, PREMIUM, ends))
    return network.do(insurer, "livestock.insure", args, at=at, cosigners=(farm,)).code


def claim(network, hashes, who="farmer-1", died=30, at=40):
    args = DeathArgs(**hashes, died_ms=died, disease="lumpy-skin")
    return network.do(who, "livestock.claim", args, at=at, cosigners=("quarantine",))


@pytest.fixture
def farm():
    network = market()
    for name, of in (("farmer-1", OWN), ("farmer-2", NEIGHBOURS)):
        assert register(network, name, marks(of)) == "ok"
        assert live(network, marks(of)["biometrics"], "vaccination") == "ok"
    assert cover(network, marks(OWN)["biometrics"]) == "ok"
    return network


@pytest.mark.parametrize("read", list(product((OWN, NEIGHBOURS, NOBODYS), repeat=3)), ids="".join)
def test_of_all_carcasses_only_the_insured_animal_is_paid_for(farm, read):
    hashes = {kind: marks(of)[kind] for kind, of in zip(("biometrics", "dna", "tag"), read, strict=True)}
    outcome = claim(farm, hashes)
    paid = read == (OWN, OWN, OWN)
    assert (outcome.code == "ok") is paid
    assert balance(farm, "farmer-1", "cash") == CASH - PREMIUM + (SUM if paid else 0)
    assert claim(farm, hashes).code != "ok", "nothing dies twice"


@pytest.mark.parametrize("kind", ["biometrics", "dna", "tag"])
def test_a_mark_that_is_known_gives_no_other_animal_an_identity(farm, kind):
    assert register(farm, "farmer-2", {**marks(NOBODYS), kind: marks(OWN)[kind]}) == "identified_already"
    assert register(farm, "farmer-2", marks(NOBODYS)) == "ok", "a refusal leaves no marks behind"


@pytest.mark.parametrize(
    ("died", "code"),
    [(19, "outside_the_term"), (20, "ok"), (ENDS - 1, "ok"), (ENDS, "outside_the_term"), (5_001, "not_happened_yet")],
)
def test_cover_holds_from_its_first_moment_to_before_its_last(farm, died, code):
    assert claim(farm, marks(OWN), died=died, at=5_000).code == code


def test_one_live_animal_has_one_policy_at_a_time(farm):
    animal = marks(OWN)["biometrics"]
    assert cover(farm, animal, insurer="insurer-2", at=ENDS - 1) == "insured_already"
    assert cover(farm, animal, insurer="insurer-2", at=ENDS, ends=2 * ENDS) == "ok"
    assert claim(farm, marks(NEIGHBOURS), who="farmer-2", died=30).code == "not_insured"
    assert live(farm, animal, "slaughter", at=ENDS + 1) == "ok"
    assert claim(farm, marks(OWN), died=ENDS + 1, at=ENDS + 2).code == "slaughtered_before"
    assert live(farm, animal, "transport", who="farmer-1") == "ok"
    assert live(farm, animal, "vaccination") == "illegal_transition"


@pytest.mark.parametrize(("lent", "to_farm", "left"), [(SUM, 0, 0), (4_000, 5_000, 0)])
def test_the_bank_comes_first(farm, lent, to_farm, left):
    loan = LendArgs(marks(OWN)["biometrics"], "farmer-1", lent)
    assert farm.do("bank-1", "livestock.lend", loan, at=25, cosigners=("farmer-1",)).code == "ok"
    assert claim(farm, marks(OWN)).output == {"paid_fen": to_farm, "to_bank_fen": lent}
    assert balance(farm, "bank-1", "cash") == CASH
    assert balance(farm, "farmer-1", "loans-taken") == -left
    assert total_of_all_accounts(farm.tree) == 0


@pytest.mark.parametrize(("died", "insurer"), [(ENDS - 1, "insurer-1"), (ENDS, "insurer-2")])
def test_the_insurer_of_the_day_pays_however_late_the_claim(farm, died, insurer):
    assert cover(farm, marks(OWN)["biometrics"], insurer="insurer-2", at=ENDS, ends=2 * ENDS) == "ok"
    assert claim(farm, marks(OWN), died=died, at=ENDS + 50).code == "ok"
    assert balance(farm, insurer, "claims-paid") == SUM
