from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.language import units
from scenarios.language.units import ClockScale, Rate, Span, UnitError


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("150 ms", 150_000_000),
        ("5s", 5_000_000_000),
        ("1.5 s", 1_500_000_000),
        ("3 days", 259_200_000_000_000),
        ("1 day", 86_400_000_000_000),
        ("2 weeks", 1_209_600_000_000_000),
        ("8min", 480_000_000_000),
        ("1_000 ns", 1_000),
        ("0s", 0),
        ("10µs", 10_000),
        ("0.000000001 s", 1),
    ],
)
def test_durations_are_nanoseconds(text: str, ns: int) -> None:
    assert units.parse_duration(text) == ns


@pytest.mark.parametrize(
    ("text", "fen"),
    [("100 CNY", 10_000), ("3112.90 CNY", 311_290), ("100_000 CNY", 10_000_000), ("5 fen", 5), ("-1 CNY", -100)],
)
def test_money_is_fen(text: str, fen: int) -> None:
    assert units.parse_money(text) == fen


@pytest.mark.parametrize(("text", "ppm"), [("0.1%", 1_000), ("40 %", 400_000), ("5‰", 5_000), ("3 ppm", 3)])
def test_shares_are_parts_per_million(text: str, ppm: int) -> None:
    assert units.parse_share(text) == ppm


@pytest.mark.parametrize(("text", "size"), [("2 MiB", 2 << 20), ("64KiB", 65_536), ("1.5 kB", 1_500), ("7 B", 7)])
def test_sizes_are_bytes(text: str, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("8/s", Rate(1, 125_000_000)),
        ("600/min", Rate(1, 100_000_000)),
        ("2.5/s", Rate(1, 400_000_000)),
        ("3 / 2 days", Rate(1, 57_600_000_000_000)),
    ],
)
def test_rates_are_exact_ratios(text: str, rate: Rate) -> None:
    assert units.parse_rate(text) == rate


def test_spans_and_clock_scales() -> None:
    assert units.parse_span("5s..50s") == Span(5_000_000_000, 50_000_000_000)
    assert units.parse_clock_scale("1 day = 1 s") == ClockScale(86_400, 1)
    assert units.parse_clock_scale("1 day = 250 ms") == ClockScale(345_600, 1)


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (units.parse_duration, "5", "no unit"),
        (units.parse_duration, "5 m", "`min` for minutes"),
        (units.parse_duration, "5 CNY", "no unit of duration"),
        (units.parse_duration, "", "is not a duration"),
        (units.parse_duration, "ten s", "is not a duration"),
        (units.parse_duration, "1e3 s", "is not a duration"),
        (units.parse_duration, "0.3 ns", "whole number of ns"),
        (units.parse_duration, "9" * 30 + " s", "too large"),
        (units.parse_duration, "1" * 60 + " s", "is not a duration"),
        (units.parse_money, "100 yuan", "`CNY`"),
        (units.parse_money, "100 USD", "units are CNY, fen"),
        (units.parse_money, "0.005 CNY", "whole number of fen"),
        (units.parse_share, "0.00001%", "whole number of ppm"),
        (units.parse_size, "1 KB", "`KiB`"),
        (units.parse_rate, "8", "like `8/s`"),
        (units.parse_rate, "8/", "has no unit"),
        (units.parse_rate, "-8/s", "not negative"),
        (units.parse_rate, "8/0 s", "more than nothing"),
        (units.parse_span, "5s", "like `5s..50s`"),
        (units.parse_span, "5s..5s", "ends after its start"),
        (units.parse_clock_scale, "1 day", "like `1 day = 1 s`"),
        (units.parse_clock_scale, "1 day = 0 s", "more than nothing"),
    ],
)
def test_what_is_no_quantity_says_why(parse, text: str, said: str) -> None:
    with pytest.raises(UnitError, match=said.replace("(", r"\(")):
        parse(text)


@given(st.integers(min_value=0, max_value=2**61))
def test_every_duration_survives_its_own_spelling(ns: int) -> None:
    assert units.parse_duration(units.format_duration(ns)) == ns


@given(st.integers(min_value=-(2**40), max_value=2**40))
def test_money_survives_its_own_spelling(fen: int) -> None:
    assert units.parse_money(units.format_money(fen).replace(",", "")) == fen


@given(st.integers(min_value=0, max_value=10**6))
def test_a_share_survives_its_own_spelling(ppm: int) -> None:
    assert units.parse_share(units.format_share(ppm)) == ppm


def test_rates_are_written_per_second_where_that_is_whole() -> None:
    assert units.format_rate(units.parse_rate("480/min")) == "8/s"
    assert units.format_rate(units.parse_rate("1/3 s")) == "1/3s"
