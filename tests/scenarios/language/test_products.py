"""A product by YAML alone: shipped by name, one's own by its file, or in full; what is wrong is told at its line."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from node.contracts.policy import Settings, TermsArgs
from node.contracts.products import Product, band_of, bands, priced
from scenarios.language import ScenarioInvalid, load_scenario, parse_scenario
from scenarios.language.products import product_schema_text
from scenarios.roles.terms import kept_up, sold
from scenarios.runner.story_settings import with_terms_of_products

SCENARIO = """\
version: 1
name: sells
members: {insurer: {count: 4}}
products: [hepatitis-care, ./mine.yaml]
workload:
  - {flow: drill}
"""
MINE = """\
version: 1
name: mine
title: Mine
ages: {low: 18, high: 60}
main: {name: death, premiums: {18: 12 CNY, 40: 60.50 CNY}, sum_insured: 50_000 CNY}
"""


def load(folder: Path, mine: str = MINE, *overrides: str):
    (folder / "mine.yaml").write_text(mine, encoding="utf-8")
    (folder / "sells.yaml").write_text(SCENARIO, encoding="utf-8")
    return load_scenario(folder / "sells.yaml", overrides)


def test_a_file_beside_the_scenario_is_sold_with_the_shipped_ones(tmp_path: Path) -> None:
    found = sold(load(tmp_path).products)
    assert [product.name for product in found] == ["hepatitis-care", "mine"]
    assert found[1].main.premiums == ((18, 1_200), (40, 6_050))
    assert (found[1].scoring, found[1].age_from, found[1].age_to) == (None, 18, 60)


def test_what_a_run_keeps_needs_no_file_any_more(tmp_path: Path) -> None:
    scenario = load(tmp_path)
    again = parse_scenario(scenario.origin.resolved, str(tmp_path / "elsewhere" / "scenario.yaml"))
    assert again.model_dump() == scenario.model_dump()
    assert load(tmp_path, MINE.replace("60.50", "61")).origin.sha256 != scenario.origin.sha256


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("main:", "mian:", r"mine\.yaml:5:1: mian: unknown key; did you mean `main`\?"),
        ("18: 12", "x: 12", r"mine\.yaml:5:\d+: main\.premiums\.x: "),
        ("18: 12 CNY", "19: 12 CNY", "`death`: no premium at 18, where `ages` begin"),
        ("18: 12 CNY, 40: 60.50 CNY", "40: 12 CNY, 18: 60.50 CNY", "ascending order of age"),
        ("premiums: {18: 12 CNY, 40: 60.50 CNY}, ", "", "give a `premium`, or `premiums` by age"),
        ("12 CNY", "12.345 CNY", r"mine\.yaml:5:\d+: main\.premiums\.18: "),
        ("12 CNY", "-1 CNY", "must be at least 0"),
        ("low: 18", "low: 61", "`low` is above `high`"),
        ("name: mine", "name: hepatitis-care", "two products would be called `hepatitis-care`"),
        ("premiums: {18: 12 CNY, 40: 60.50 CNY}", "pricing: {table: CL1, ages: [18, 60]}", "has no premiums yet"),
    ],
)
def test_what_is_wrong_with_it_is_told(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(ScenarioInvalid, match=said):
        load(tmp_path, MINE.replace(before, after))


def test_a_file_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioInvalid, match=r"--set:1:12: products\[1\]: no product `\./mien\.yaml`: there is"):
        load(tmp_path, MINE, "products.1=./mien.yaml")


def test_the_shipped_json_schema_is_the_one_that_the_models_give() -> None:
    shipped = files("configs").joinpath("product.schema.json").read_text(encoding="utf-8")
    assert shipped == product_schema_text(), "run: consortium products schema > configs/product.schema.json"


def test_bands_tell_the_premium_and_no_more_of_an_age(tmp_path: Path) -> None:
    args = sold(load(tmp_path).products)[1]
    product = Product("t", (), None, args.main, (), args.age_from, args.age_to)  # type: ignore[arg-type]
    assert bands(product) == (18, 40)
    assert [band_of(product, age) for age in (18, 39, 40, 60)] == [18, 18, 40, 40]
    for age in range(18, 61):
        assert priced(args.main, band_of(product, age)).premium_fen == (6_050 if age >= 40 else 1_200)


TERMS = (
    "terms: {grace: 30 days, cooling_off: 15 days, instalments: 4, short_rates: [10 %, 20 %], key_terms: read this}\n"
)


def test_how_policies_are_kept_up_stands_in_the_file_and_the_scenario_s_own_word_goes_before(tmp_path: Path) -> None:
    scenario = load(tmp_path, MINE + TERMS)
    (terms,) = kept_up(scenario.products)
    assert (terms.product, terms.grace_ms, terms.cooling_off_ms) == ("mine", 30 * 86_400_000, 15 * 86_400_000)
    assert (terms.instalments, terms.short_rates) == (4, (100_000, 200_000))
    assert terms.key_terms == sha256(b"read this").hexdigest()
    assert terms.reinstate_within_ms == TermsArgs(product="mine").reinstate_within_ms, "as usual"
    own = Settings(terms=(TermsArgs(product="mine", instalments=2), TermsArgs(product="hepatitis-care")))
    assert with_terms_of_products(scenario, {"policy": own}) == {"policy": own}
    assert with_terms_of_products(scenario, {}) == {"policy": Settings(terms=(terms,))}
    assert with_terms_of_products(load(tmp_path), {}) == {}


def test_waiting_is_never_cheaper(tmp_path: Path) -> None:
    with pytest.raises(ScenarioInvalid, match=r"mine\.yaml:6:\d+: terms: `short_rates` must not fall"):
        load(tmp_path, MINE + TERMS.replace("10 %, 20 %", "20 %, 10 %"))
