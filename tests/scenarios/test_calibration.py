"""What work costs: measured, written, read again, and paid for in virtual time."""

from __future__ import annotations

import pytest

from scenarios.calibration import calibrate, costs_text
from scenarios.dashboard import NoView
from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.language.models.costs import Costs
from scenarios.runner import run
from scenarios.shipped import find_scenario

KEYS = ["input", "encode", "hash", "sign", "verify", "transaction"]


def test_every_piece_of_work_takes_some_time_and_curves_take_longer_than_hashes():
    costs = calibrate(rounds=1)
    assert list(costs) == KEYS == list(Costs.model_fields)
    assert min(costs.values()) > 0
    assert costs["verify"] > costs["hash"]
    assert costs["sign"] > costs["hash"]


def test_what_was_measured_is_read_from_its_file_to_the_nanosecond(tmp_path):
    costs = {key: 1_234 * number + 7 for number, key in enumerate(KEYS)}
    (tmp_path / "costs.yaml").write_text(costs_text(costs), encoding="utf-8")
    scenario = load_scenario(find_scenario("one_claim"), (f"costs={tmp_path / 'costs.yaml'}",))
    assert scenario.costs is not None
    assert scenario.costs.model_dump() == costs
    assert "costs.yaml" not in scenario.origin.resolved


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "no costs: there is no such file"), ("sign: 1 us\n", "costs"), ("sign: 1 us\nsign: 2 us\n", "no costs: ")],
)
def test_a_file_that_holds_no_costs_is_refused(tmp_path, text, said):
    if text is not None:
        (tmp_path / "costs.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioInvalid, match=said):
        load_scenario(find_scenario("one_claim"), (f"costs={tmp_path / 'costs.yaml'}",))


def test_costlier_work_takes_longer_in_virtual_time_and_changes_no_result(tmp_path):
    def ended(*costs):
        scenario = load_scenario(find_scenario("one_claim"), ("run.mode=virtual", *costs))
        result = run(scenario, view=NoView(), out=tmp_path)
        judged = {e.name: e.verdict for e in result.finished.expectations}
        assert judged["agreement"] == judged["durability"] == judged["drained"] == "pass"
        return result.finished.metrics.value("commit_latency.p50", 1), result.finished.business_root

    written = "{input: 20 us, encode: 5 us, hash: 2 us, sign: 500 us, verify: 1 ms, transaction: 2 ms}"
    (free, root), (costly, same_root) = ended(), ended(f"costs={written}")
    assert costly > free + 3_000_000
    assert same_root == root
