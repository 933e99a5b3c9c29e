"""The meter tells what bytes show, wherever they lie, and believes no purge that the store contradicts."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from node.custody import Safekept, Stage
from scenarios.language import load_scenario
from scenarios.results.leakage import BUS, Holding
from scenarios.runner.leakage import Meter, meter_for
from scenarios.runner.plan import make_plan
from scenarios.shipped import find_scenario

PATH = "visit/diagnosis"


@cache
def plan(mode):
    return make_plan(load_scenario(find_scenario(f"privacy_{mode}")))


def shared(mode, step="answer"):
    return next(item for item in plan(mode).workload.shared if item.step == step)


def opening(mode):
    return next(item for item in shared(mode).openings if item.path == PATH)


def cell(meter, place="reinsurer", safes=None):
    rows = meter.matrix(safes or {}).rows
    return next(row.cells[place] for row in rows if (row.step, row.path) == ("answer", PATH))


def tomb(mode, stage=Stage.ERASED):
    envelope = shared(mode).envelope
    kept = Safekept(envelope.record, envelope.version, stage, envelope.commitments, envelope.recipients)
    return {"reinsurer": {kept.key: kept}}


@pytest.fixture
def meter():
    return Meter(plan("collection"))


def test_what_nothing_shows_is_nothing(meter):
    meter.look("reinsurer", b"0123456789abcdef" * 100 + opening("collection").salt[:-1].encode(), "a log")
    assert cell(meter) is Holding.NOTHING


@pytest.mark.parametrize(
    ("word", "holding"),
    [
        (lambda: opening("collection").salt, Holding.PLAIN),
        (lambda: opening("collection").digest, Holding.HASH),
    ],
)
def test_salts_and_commitments_are_known_in_any_bytes(meter, word, holding):
    meter.look("reinsurer", b"\xd9\x40" + word().encode() + b"\x07", "anywhere")
    assert cell(meter) is holding
    assert cell(meter, "insurer") is Holding.NOTHING


def test_ciphertext_is_known_on_the_chain():
    meter = Meter(plan("encrypted"))
    meter.look("reinsurer", b"..." + shared("encrypted").envelope.ciphertext + b"...", "blocks")
    assert cell(meter) is Holding.CIPHERTEXT


def test_and_between_a_wallet_and_its_node(meter):
    steps = plan("collection").workload.steps
    (deposit,) = next(step.before for step in steps if step.id == "answer")
    meter.overheard("privacy_collection/to/hospital/wallet.hospital/custody", msgspec.msgpack.encode([deposit]))
    assert cell(meter, BUS) is Holding.CIPHERTEXT
    (talk,) = meter.matrix({}).talk
    assert (talk.sender, talk.receiver, talk.messages) == ("wallet.hospital", "hospital", 1)


def test_the_most_that_was_ever_held_counts(meter):
    for word in (opening("collection").salt, opening("collection").digest):
        meter.saw("reinsurer", meter.marks.within({"a": (1, [word])}))
    assert cell(meter) is Holding.PLAIN


def test_a_purge_is_believed_where_nothing_is_left(meter):
    meter.saw("reinsurer", meter.marks.within(opening("collection")))
    assert cell(meter, safes=tomb("collection")) is Holding.PURGED
    assert cell(meter, safes=tomb("collection", Stage.HELD)) is Holding.PLAIN


def test_and_not_where_a_log_still_has_it(meter):
    meter.look("reinsurer", f"INFO {opening('collection').salt}".encode(), "node.log")
    assert cell(meter, safes=tomb("collection")) is Holding.PLAIN


def test_what_was_waived_was_never_held(meter):
    assert cell(meter, safes=tomb("collection", Stage.WAIVED)) is Holding.NOTHING


def test_other_places_are_passed_over(meter):
    meter.look("the runner's logs", opening("collection").salt.encode(), "broker.log")
    assert set(meter.matrix({}).places) == {"insurer", "hospital", "bureau", "reinsurer", "regulator", BUS}


def test_a_payload_that_is_sealed_again_has_the_fields_that_it_had():
    fields = [(item.step, path) for item, path in Meter(plan("encrypted")).marks.fields]
    assert ("bind", "policy") in fields
    assert not any(step == "reseal" for step, _ in fields)


def test_where_nothing_is_shared_nothing_is_measured():
    assert meter_for(make_plan(load_scenario(find_scenario("gossip_22"), ("workload.0.population=4",)))) is None
