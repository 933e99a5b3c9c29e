"""What the report's pictures are made of: round numbers, stretches of time, curves, and who paid whom."""

import pytest

from scenarios.results.course import Fault, Standing
from scenarios.results.report import bars, latency, markup, money, timeline, words
from scenarios.results.report.facts import Asked

SECOND = 10**9


@pytest.mark.parametrize(
    ("ns", "told"),
    [(0, "0 s"), (1, "1 ns"), (1_500, "1.5 µs"), (33_312_000, "33.3 ms"), (SECOND, "1 s"), (119 * SECOND, "119 s"),
     (125 * SECOND, "2 min 5 s"), (7_260 * SECOND, "2 h 1 min"), (1_162_260 * SECOND, "13 days 10 h")],
)  # fmt: skip
def test_a_duration_is_told_in_the_unit_that_suits_it(ns, told):
    assert words.duration(ns) == told


@pytest.mark.parametrize("most", [0.002, 0.7, 1, 3, 9.99, 10, 45, 999, 123_456.0])
def test_ticks_are_few_round_and_within(most):
    found = words.ticks(most)
    assert 2 <= len(found) <= 6
    assert found[0] == 0
    assert most / 2 < found[-1] <= most


@pytest.mark.parametrize("end_ns", [1, 999, 10**6, 17_500_000_000, 3600 * SECOND, 10**15])
def test_times_on_an_axis_are_few_and_bins_cover_it(end_ns):
    assert len(words.time_ticks(end_ns, 8)) <= 9
    assert words.bin_ns(end_ns, 100) * 100 >= end_ns


def test_names_stand_as_people_count():
    names = ["insurer-10", "bureau", "insurer-2", "insurer-²"]
    assert sorted(names, key=words.natural) == ["bureau", "insurer-2", "insurer-10", "insurer-²"]


def test_text_is_cut_cleaned_and_escaped():
    assert markup.plain("a\x1b[31m\u202eb") == "a�[31m�b"
    assert markup.plain("\ud800") == "?"
    assert markup.plain("x" * 700).endswith("… (cut here, 700 characters)")
    assert str(markup.tag("text", "<b>", class_='"x', data_y=None)) == '<text class="&#34;x">&lt;b&gt;</text>'


def asked(call, return_, op="transact"):
    return Asked(op=op, call=call, return_=return_, status="info" if return_ is None else "ok")


def test_throughput_counts_what_was_answered_when_it_was():
    history = [asked(0, 10), asked(0, SECOND - 1), asked(5, 10, "read"), asked(0, None)]
    done = timeline.throughput_of(history, SECOND)
    assert done.bin_ns == 10_000_000
    assert done.bins == ((0, 1, 1), (99, 1, 0))


def test_a_stretch_lasts_until_the_next_or_the_end():
    def standing(at_ns, node, duty):
        return Standing(at_ns=at_ns, node=node, condition="up", duty=duty, round=1)

    found = timeline.stretches([standing(1, "b", "x"), standing(2, "a-2", "x"), standing(5, "b", "y")], 9)
    assert list(found) == ["a-2", "b"]
    assert [(s.at_ns, s.until_ns, s.duty) for s in found["b"]] == [(1, 5, "x"), (5, 9, "y")]


def test_a_run_of_a_hundred_thousand_stretches_draws_the_longest():
    many = [
        Standing(at_ns=place * 10, node="a", condition="up", duty=str(place % 2), round=place)
        for place in range(10_000)
    ]
    by_node = timeline.stretches([*many, Standing(at_ns=100_000, node="a", condition="up", duty="z", round=1)], 10**6)
    least_ns = timeline.shortest_drawn(by_node)
    assert sum(s.until_ns - s.at_ns >= least_ns for s in by_node["a"]) <= timeline.STRETCHES_MAX
    assert str(timeline.rounds(by_node, 10**6, 1040, "term")).count("<rect") == 1


def test_a_fault_at_the_very_end_is_still_told():
    drawn = str(timeline.faults([Fault(at_ns=SECOND, line="a cut of everyone")], SECOND, 340))
    assert "a cut of everyone" in drawn


def test_the_curve_ends_at_the_longest_and_at_all_of_them():
    by_kind = latency.latencies([asked(0, ns) for ns in range(1, 1001)] + [asked(0, None)])
    assert by_kind == {"transactions": list(range(1, 1001))}
    drawn = str(latency.curves(by_kind, 1040))
    assert f"V{latency._TOP:.1f}" in drawn
    assert drawn.count("H") <= latency.POINTS_MAX + 1


def test_one_latency_alone_can_be_drawn():
    assert "<path" in str(latency.curves({"transactions": [5]}, 340))
    assert "<path" in str(latency.curves({"transactions": [0]}, 340))


def test_a_bar_of_nothing_stands_beside_bars():
    drawn = str(bars.bars([bars.Bar("all", 4, 2), bars.Bar("none", 0, 0)], 340, label="cases"))
    assert drawn.count("<rect") == 4


def posting(key, *lines):
    return "postings", key, {"lines": [list(line) for line in lines], "memo": "", "time_ms": 0}


def test_money_is_cash_that_changed_hands():
    entries = [
        ("accounts", "insurer/cash", {}),
        posting("opening/insurer", ("insurer/cash", 900), ("insurer/equity", -900)),
        posting("claim", ("insurer/claims-paid", 30), ("insurer/cash", -30), ("patient-1/cash", 30)),
        posting("again", ("insurer/cash", -5), ("patient-2/cash", 5)),
        posting("premium", ("patient-1/cash", -9), ("insurer/cash", 9), ("insurer/premium-income", -9)),
    ]
    found = money.flows_of(entries, {"insurer": 1})
    assert found.flows == (money.Flow("insurer", "patients", 35, 2), money.Flow("patients", "insurer", 9, 1))
    assert found.wallets == {"patients": 2}


def test_several_who_pay_several_are_matched_in_order():
    lines = [("a/cash", -5), ("b/cash", -7), ("c/cash", 10), ("d/cash", 2)]
    found = money.flows_of([posting("p", *lines)], "abcd")
    assert {(f.payer, f.payee): f.fen for f in found.flows} == {("a", "c"): 5, ("b", "c"): 5, ("b", "d"): 2}


def test_more_owners_than_fit_are_put_together_and_nothing_is_lost():
    lines = [posting(f"p{n}", (f"o{n:02}x/cash", -n), ("hub/cash", n)) for n in range(1, 41)]
    names = {f"o{n:02}x" for n in range(1, 41)} | {"hub"}
    found = money.flows_of(lines, names)
    assert sum(flow.fen for flow in found.flows) == sum(range(1, 41))
    owners = {flow.payer for flow in found.flows} | {flow.payee for flow in found.flows}
    assert len(owners) == money.OWNERS_MAX + 1
    assert "27 others" in owners


def test_a_ribbon_is_as_wide_as_its_money():
    drawn = str(money.sankey([money.Flow("a", "b", 300, 1), money.Flow("a", "c", 100, 1)], 1040))
    assert drawn.count('class="ribbon') == 2
    assert "a → b: 3.00 CNY in 1 postings" in drawn
    assert 'height="180"' in drawn
    assert 'height="60"' in drawn
