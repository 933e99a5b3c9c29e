"""``network:`` by regions, as a star, and with bandwidth."""

from __future__ import annotations

from importlib.resources import files

import pytest

from network.virtual import Constant, Links, Lognormal, Star
from scenarios.language import ScenarioInvalid, load_scenario, parse_scenario
from scenarios.language.semantics import shipped_terms
from scenarios.runner.links import links_of
from scenarios.runner.plan import make_plan
from scenarios.shipped import find_scenario

TEXT = """\
version: 1
name: places
members: {{insurer: {{count: 2}}, hospital: {{count: 2}}}}
assumptions:
  - {{id: opening, value: 10_000 CNY, row: 14, reason: enough}}
  - {{id: amount-max, value: 400 CNY, row: 14, reason: none}}
network: {network}
workload:
  - {{flow: transfers, transfers: 1, amount_max: $amount-max, opening: $opening, spread: 1 days}}
"""
TWO = "{within: 1 ms, between: [{regions: [east, west], latency: 30 ms}]}"


def links(network: str) -> Links:
    return links_of(make_plan(parse_scenario(TEXT.format(network=network))))


def test_nodes_of_two_regions_are_as_far_apart_as_the_profile_says():
    made = links(f"{{profile: {TWO}, regions: {{east: [insurer], west: [hospital]}}, default: {{loss: 1%}}}}")
    assert made.link(0, 1).latency == made.link(3, 2).latency == Constant(ns=1_000_000)
    assert made.link(0, 2).latency == made.link(3, 1).latency == Constant(ns=30_000_000)
    assert {made.link(a, b).loss_ppm for a in range(4) for b in range(4)} == {10_000}


def test_a_link_of_its_own_wins_over_the_profile():
    own = "links: [{between: [insurer-1, hospital-1], latency: 5 ms, bandwidth: 2 MB}]"
    made = links(f"{{profile: {TWO}, regions: {{east: [insurer], west: [hospital]}}, {own}}}")
    assert made.link(0, 2).latency == made.link(2, 0).latency == Constant(ns=5_000_000)
    assert made.link(0, 2).bytes_per_s == 2_000_000
    assert made.link(0, 3).bytes_per_s == 0


def test_in_a_star_a_node_s_link_leads_to_the_bus():
    made = links("{shape: star, default: {latency: 1 ms}, links: [{between: [hospital, bus], latency: 9 ms}]}")
    assert isinstance(made, Star)
    assert [made.link(node, 0).latency.ns for node in range(4)] == [1_000_000, 1_000_000, 9_000_000, 9_000_000]
    down = made.beyond(2)
    assert down is not None
    assert down.latency == Constant(ns=9_000_000)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (f"{{profile: {TWO}, regions: {{east: [insurer]}}}}", "hospital-1 lies in no region"),
        (f"{{profile: {TWO}, regions: {{east: [insurer, hospital], west: [hospital]}}}}", "in east and west"),
        (f"{{profile: {TWO}, regions: {{eats: [insurer], west: [hospital]}}}}", "no region `eats`"),
        (
            f"{{profile: {TWO}, regions: {{east: [insurers], west: [hospital]}}}}",
            "no node or role is called `insurers`",
        ),
        ("{regions: {east: [insurer]}}", "`profile` alone"),
        (f"{{shape: star, profile: {TWO}, regions: {{east: [insurer], west: [hospital]}}}}", "for a mesh"),
        ("{shape: star, links: [{between: [insurer-1, hospital-1], latency: 1 ms}]}", "between a node and `bus`"),
        ("{links: [{between: [insurer-1, bus], latency: 1 ms}]}", "no node or role is called `bus`"),
    ],
)
def test_what_makes_no_network_is_refused(network, said):
    with pytest.raises(ScenarioInvalid) as refused:
        parse_scenario(TEXT.format(network=network))
    assert said in str(refused.value)


def test_shipped_profiles_and_costs_are_had_by_name_and_an_own_file_wins(tmp_path):
    scenario = load_scenario(find_scenario("three_regions"))
    made = links_of(make_plan(scenario))
    names = [member.name for member in scenario.member_names]
    beijing, shanghai = names.index("bureau"), names.index("insurer-2")
    assert made.link(beijing, shanghai).latency == Lognormal(median_ns=14_300_000, p99_ns=19_200_000)
    assert made.link(beijing, shanghai).bytes_per_s == 12_000_000
    assert scenario.costs is not None
    assert scenario.costs.sign > 0
    (tmp_path / "lan").write_text("within: 7 ms\n", encoding="utf-8")
    (tmp_path / "s.yaml").write_text(TEXT.format(network="{profile: lan}"), encoding="utf-8")
    own = load_scenario(tmp_path / "s.yaml").network.profile
    assert own is not None
    assert own.within.value == 7_000_000


@pytest.mark.parametrize("name", shipped_terms("links"))
def test_every_shipped_profile_is_good(name):
    text = files("configs").joinpath("links", f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("#"), "it says where its figures come from"
    regions = "{beijing: [insurer], shanghai: [hospital]}" if "\nbetween:" in text else "{}"
    assert links(f"{{profile: {name}, regions: {regions}}}").default.latency != links("{}").default.latency


@pytest.mark.parametrize("name", shipped_terms("costs"))
def test_every_shipped_list_of_costs_is_good(name):
    scenario = load_scenario(find_scenario("one_claim"), (f"costs={name}",))
    assert scenario.costs is not None
    assert min(scenario.costs.model_dump().values()) > 0
