"""Reads past the access log: whatever was planted and told by either gateway is found, and no honest read is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import access, consent
from node.contracts.gateways import LineArgs, NoArgs, ReportArgs
from tests.node.contracts.network import Network
from tests.node.contracts.test_consent import ANN, BOB, DAY, LISTED, answer, ask, go_live, grant, log

GRANTED = LISTED[:3]


def answered():
    """A network in which insurer-1 read three fields of the bureau's under a voucher; and the query."""
    made = Network(
        settings=[
            ("access", access.Settings(tuple((name, name) for name in LISTED))),
            ("consent", consent.Settings(query_timeout_ms=7 * DAY)),
        ]
    )
    made.do("bureau", "consent.register", consent.RegisterArgs(((ANN, ("ann",)), (BOB, ("bob",)))))
    go_live(made)
    query = ask(made)
    assert answer(made, query, grant(made)).code == "ok"
    return made, query


def line(query, field, other="insurer-1", subject=ANN):
    return LineArgs(query=query, field=field, other=other, subject=subject)


def report(network, who, *lines):
    outcome = network.do(who, "gateways.report", ReportArgs(lines=lines), at=3 * DAY)
    assert outcome.code == "ok"
    return outcome


def reconciled(network):
    return network.do("bureau", "gateways.reconcile", NoArgs(), at=4 * DAY).output


def honest(query, other):
    return [line(query, field, other) for field in GRANTED]


def test_both_sides_honest_books_agree_with_the_log():
    network, query = answered()
    assert report(network, "bureau", *honest(query, "insurer-1")).output == {"lines": 3, "unlogged": 0}
    assert report(network, "insurer-1", *honest(query, "bureau")).output == {"lines": 3, "unlogged": 0}
    assert reconciled(network) == {"entries": 3, "unserved": 0, "unreceived": 0, "unlogged": 0, "one_sided": 0}


def test_an_entry_of_which_a_gateway_says_nothing_is_counted():
    network, query = answered()
    report(network, "bureau", *honest(query, "insurer-1")[1:])
    found = reconciled(network)
    assert (found["unserved"], found["unreceived"], found["unlogged"]) == (1, 3, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"query": ""}, "no_query"),
        ({"query": "insurer-1/999"}, "unknown_query"),
        ({"subject": BOB}, "other_parties"),
        ({"other": "insurer-2"}, "other_parties"),
        ({"field": LISTED[3]}, "not_granted"),
        ({}, "read_again"),
    ],
)
def test_a_read_past_the_log_is_found_and_says_why(changes, reason):
    network, query = answered()
    report(network, "bureau", *honest(query, "insurer-1"))
    given = {"query": query, "field": GRANTED[0], "other": "insurer-1", "subject": ANN, **changes}
    outcome = report(network, "bureau", LineArgs(**given))
    assert outcome.output == {"lines": 1, "unlogged": 1}
    assert [record.reason for _, record in network.tree.items("unlogged_reads")] == [reason]
    (event,) = outcome.events
    assert event.kind == "unlogged_read"
    assert event.readers == tuple(sorted({"bureau", given["other"]}))
    assert "regulator" in event.roles


def test_however_long_the_names_the_read_is_found():
    network, _ = answered()
    long = LineArgs(query=f"{'q' * 76}/{10**18}", field="f" * 64, other="o" * 64, subject=ANN)
    for counted in (1, 2):
        assert report(network, "bureau", long).output == {"lines": 1, "unlogged": 1}
        assert [record.served for _, record in network.tree.items("unlogged_reads")] == [counted]


@pytest.mark.parametrize("change", [{"query": ""}, {"field": "f"}, {"other": "insurer-2"}, {"subject": BOB}])
def test_every_other_read_is_a_finding_of_its_own(change):
    network, query = answered()
    read = {"query": query, "field": "other", "other": "insurer-1", "subject": ANN}
    report(network, "bureau", LineArgs(**read), LineArgs(**{**read, **change}))
    assert [record.served for _, record in network.tree.items("unlogged_reads")] == [1, 1]


def test_a_query_that_was_never_answered_covers_nothing():
    network, _ = answered()
    unanswered = ask(network)
    report(network, "insurer-1", line(unanswered, GRANTED[0], "bureau"))
    assert [record.reason for _, record in network.tree.items("unlogged_reads")] == ["not_answered"]


PAST = st.tuples(
    st.sampled_from(["", "answered"]),
    st.sampled_from(LISTED),
    st.sampled_from([ANN, BOB]),
    st.sampled_from(["served", "received", "both"]),
)


@given(st.lists(PAST, max_size=8), st.booleans())
@settings(max_examples=40, deadline=None)
def test_as_many_are_caught_as_were_planted_and_told_by_either_side(planted, honest_first):
    """Against a plain count: each planted read that a gateway told of, once, however many sides told."""
    network, query = answered()
    lines = {"served": honest(query, "insurer-1"), "received": honest(query, "bureau")}
    for named, field, subject, told in planted:
        for side in ("served", "received"):
            if told in {side, "both"}:
                other = "insurer-1" if side == "served" else "bureau"
                one = line(query if named else "", field, other, subject)
                lines[side] = [*lines[side], one] if honest_first else [one, *lines[side]]
    report(network, "insurer-1", *lines["received"])
    report(network, "bureau", *lines["served"])
    told_of = [(named, field, subject) for named, field, subject, _ in planted]
    expected = 0
    for place in set(told_of):
        tellers = [told for *where, told in planted if tuple(where) == place]
        expected += max(sum(told in {side, "both"} for told in tellers) for side in lines)
    found = reconciled(network)
    assert (found["unlogged"], found["unserved"], found["unreceived"]) == (expected, 0, 0)


def test_what_gateways_report_leaves_the_log_as_it_is():
    network, query = answered()
    before = log(network)
    report(network, "bureau", *honest(query, "insurer-1"), line("", "visit"))
    reconciled(network)
    assert log(network) == before
    assert len(before) == len(GRANTED)


@pytest.mark.parametrize("who", ["ann", "regulator", "reinsurer", "broker"])
def test_who_has_no_gateway_reports_nothing(who):
    network, _ = answered()
    assert network.do(who, "gateways.report", ReportArgs(lines=()), at=3 * DAY).code == "role_not_allowed"


def test_only_the_bureau_reconciles():
    network, _ = answered()
    assert network.do("insurer-1", "gateways.reconcile", NoArgs(), at=3 * DAY).code == "role_not_allowed"
