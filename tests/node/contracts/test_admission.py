"""Whoever is of the right age is taken at the premium of the endorsed band; the age stays with the bureau."""

import pytest

from node.contracts.admission import AdmitArgs, band_holds
from node.contracts.consent import Query
from node.contracts.products import BenefitArgs, ProductArgs, ScoringArgs, Settings
from node.contracts.underwriting import Application
from node.privacy.commitments import Opening, commitments_of
from tests.node.contracts.claiming import ANN, blank
from tests.node.contracts.network import Network
from tests.node.contracts.parties import sealed

MAIN = BenefitArgs("inpatient", 0, 5_000_000, 0, 1_000_000, (), ((18, 12_000), (40, 21_050)))
SCORING = ScoringArgs("v1", 1000, 1, 1, 900, 800, 700, 0, 1_000_000)


def product(**changes):
    told = {"name": "crew", "title": "t", "diseases": (), "scoring": None, "main": MAIN, "riders": ()}
    return ProductArgs(**told | {"age_from": 18, "age_to": 60} | changes)


def applied(sold, **query):
    network = Network(settings=(("products", Settings(products=(sold,))),))
    facts = {"applicant": "ann", "subject": ANN, "insurer": "insurer-1", "product": "crew"}
    application = blank(Application, state="APPLIED", attempt=1, sum_ppm=1_000_000, score=None, **facts)
    asked = {"state": "ANSWERED", "subject": ANN, "reader": "insurer-1", "purpose": "underwriting"} | query
    network.tree = network.tree.update(
        {("applications", "ann/1"): application, ("queries", "insurer-1/900"): blank(Query, **asked)}
    )
    return network


def admit(network, *, band=18, fields=None, parties=("bureau",), who="insurer-1", **options):
    inputs = sealed(f"{who}/1", {"age": 39} if fields is None else fields, parties)
    args = AdmitArgs("ann/1", "insurer-1/900", band, inputs)
    return network.do(who, "underwriting.admit", args, **{"cosigners": ("bureau",)} | options)


@pytest.mark.parametrize(("band", "premium"), [(18, 12_000), (40, 21_050)])
def test_the_band_decides_the_premium(band, premium):
    network = applied(product())
    outcome = admit(network, band=band)
    assert (outcome.code, outcome.output) == ("ok", {"decision": "admit", "band": band, "premium_fen": premium})
    kept = network.tree.get("applications", "ann/1")
    assert (kept.state, kept.band, kept.score) == ("ACCEPTED", band, None)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"band": 0}, "not_a_band"),
        ({"band": 39}, "not_a_band"),
        ({"cosigners": ()}, "signature_missing"),
        ({"who": "insurer-2"}, "wrong_insurer"),
        ({"parties": ("bureau", "insurer-1")}, "age_leaves_bureau"),
        ({"fields": {"age": 39, "history": 2}}, "wrong_inputs"),
        ({"fields": {"years": 39}}, "wrong_inputs"),
    ],
)
def test_nobody_is_taken_otherwise(options, code):
    network = applied(product())
    before = network.tree.get("applications", "ann/1")
    assert admit(network, **options).code == code
    assert network.tree.get("applications", "ann/1") == before


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"state": "ASKED"}, "query_not_answered"),
        ({"subject": "bb" * 32}, "wrong_subject"),
        ({"reader": "insurer-2"}, "wrong_reader"),
        ({"purpose": "claim"}, "wrong_purpose"),
    ],
)
def test_nobody_is_taken_on_another_answer(query, code):
    assert admit(applied(product(), **query)).code == code


def test_there_is_no_way_around_a_score_or_a_filing():
    flat = BenefitArgs("inpatient", 9_000, 5_000_000, 0, 1_000_000, ())
    scored = ProductArgs("crew", "t", (), SCORING, flat, ())
    assert admit(applied(scored), band=0).code == "score_needed"
    assert admit(applied(product(needs_filing=True))).code == "product_not_filed"
    assert admit(applied(product())).code == "ok"


def test_once_taken_nobody_is_taken_again():
    network = applied(product())
    assert admit(network).code == "ok"
    inputs = sealed("insurer-1/2", {"age": 39}, ("bureau",))
    args = AdmitArgs("ann/1", "insurer-1/900", 18, inputs)
    assert network.do("insurer-1", "underwriting.admit", args, cosigners=("bureau",)).code == "illegal_transition"


@pytest.mark.parametrize(
    ("age", "band", "holds"), [(18, 18, True), (39, 18, True), (40, 18, False), (40, 40, True), (17, 18, False)]
)
def test_an_opened_age_shows_whether_the_band_was_right(age, band, holds):
    sold = applied(product()).tree.get("products", "crew")
    opening = Opening(path="age", value=age, salt="00" * 32)
    application = blank(Application, band=band, inputs=commitments_of((opening,)))
    assert band_holds(sold, application, opening) is holds
    assert not band_holds(sold, application, Opening(path="age", value=age + 1, salt="00" * 32)), "not committed to"
    assert not band_holds(sold, application, Opening(path="history", value=age, salt="00" * 32))
