"""Versions of the code map: never for the past, one after the other, and what they lack adds up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.claims import ClaimArgs, ReportArgs
from node.contracts.code_maps import PublishArgs, unmapped_ppm, version_at
from tests.node.contracts.claiming import ANN, house
from tests.node.contracts.parties import sealed

SWITCHES = ((100, "one"), (200, "two"))


@pytest.mark.parametrize(("time", "version"), [(0, ""), (99, ""), (100, "one"), (199, "one"), (200, "two")])
def test_a_version_is_in_force_from_its_moment_on(time, version):
    assert version_at(SWITCHES, time) == version


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_rate_grows_with_what_is_missing_and_falls_with_what_is_not(mapped, local, unmapped):
    rate = unmapped_ppm(mapped, local, unmapped)
    assert 0 <= rate <= 10**6
    assert rate <= unmapped_ppm(mapped, local, unmapped + 1)
    assert rate >= unmapped_ppm(mapped + 1, local, unmapped)
    assert (rate == 10**6) == (unmapped > 0 and mapped == local == 0)


def test_of_nothing_nothing_is_missing():
    assert unmapped_ppm(0, 0, 0) == 0


def reported(network, coding, version="one", at=500, number=None):
    envelope = sealed(f"hospital-1/{number}", {"visit/diagnosis": "ICD-10:N61"}, ("ann", "hospital-1"))
    args = ReportArgs(ANN, "inpatient", version, coding, envelope)
    return network.do("hospital-1", "claims.report", args, at=at, number=number)


def publish(network, version, live, at):
    return network.do("bureau", "code-maps.publish", PublishArgs(version, "base", "0" * 64, live), at=at)


def test_reports_are_counted_by_version_and_hospital_and_only_under_the_version_in_force():
    network = house()
    assert reported(network, "map", "any words", number=1).code == "ok", "nothing was published"
    assert publish(network, "one", 1_000, 900).code == "ok"
    assert publish(network, "two", 2_000, 950).code == "ok"
    assert reported(network, "map", "one", 999, 2).code == "ok", "none is in force yet"
    codes = [
        reported(network, coding, "one", 1_000 + n, 3 + n).code for n, coding in enumerate(("map", "none", "local"))
    ]
    assert codes == ["ok", "ok", "ok"]
    assert reported(network, "map", "two", 1_999, 6).code == "map_not_in_force"
    assert reported(network, "map", "one", 2_000, 7).code == "map_not_in_force"
    assert reported(network, "map", "two", 2_000, 8).code == "ok"
    told = {key: (of.mapped, of.local, of.unmapped, of.unmapped_ppm) for key, of in network.tree.items("transcodings")}
    assert told == {
        "any words/hospital-1": (1, 0, 0, 0),
        "one/hospital-1": (2, 1, 1, 250_000),
        "two/hospital-1": (1, 0, 0, 0),
    }


@pytest.mark.parametrize(
    ("version", "live", "code"),
    [
        ("one", 5_000, "map_published_before"),
        ("two", 899, "map_backdated"),
        ("two", 1_000, "map_out_of_order"),
        ("two", 1_001, "ok"),
    ],
)
def test_what_was_published_stays(version, live, code):
    network = house()
    publish(network, "one", 1_000, 800)
    assert publish(network, version, live, 900).code == code
    assert (
        network.do("hospital-1", "code-maps.publish", PublishArgs("x", "b", "0" * 64, 9_000)).code == "role_not_allowed"
    )


def test_a_diagnosis_without_a_map_goes_to_people():
    network = house()
    claim = reported(network, "none", "words", number=1).output["claim"]
    told = network.do("insurer-1", "claims.check", ClaimArgs(claim), at=600)
    assert told.output == {"decision": "manual", "reason": "diagnosis_unmapped"}
    kept = network.tree.get("claims", claim)
    assert (kept.state, kept.requests, kept.coding, kept.map_version) == ("MANUAL", 1, "none", "words")
