"""Premiums from a table: exact, worked out again another way, and written into a file that stays what it was."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.edges import CHINA_LIFE, TableError, load_table
from scenarios.language.products import read_product
from scenarios.products import premium_fen
from scenarios.products.command import check_products, price_by_table, shipped_products
from scenarios.products.writing import worked_out

TEXT = """\
# mine
version: 1
name: mine
title: "Mine"          # a comment that stays
ages: {low: 20, high: 22}
main:
  name: death
  sum_insured: 1_000_000 CNY
  pricing: {table: CL2, interest: 3 %, loading: 25 %, ages: [20, 22]}
"""


def mine(folder, text=TEXT):
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_chinese_tables_are_the_published_ones():
    assert load_table("CL1").rate(40) == Fraction(1651, 1_000_000)
    assert load_table("cl2").rate(40) == Fraction(692, 1_000_000)
    for name, number in CHINA_LIFE.items():
        table = load_table(name)
        assert (table.number, min(table.rates), max(table.rates)) == (number, 0, 105)
        assert table.name.startswith(name)
        assert table.rate(105) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [("CL7", "there is no table `CL7`"), ("../x", "no table"), ("999999", "no table 999999"), ("1۲", "no table")],
)
def test_a_table_that_is_not_there_is_told(name, said):
    with pytest.raises(TableError, match=said):
        load_table(name)


def test_an_age_beyond_the_table_is_told():
    with pytest.raises(TableError, match="from age 0 to 105; 106 is not in it"):
        load_table("CL1").rate(106)


def test_a_select_table_is_refused():
    with pytest.raises(TableError, match="not one of rates by age alone"):
        load_table("1002")


def test_without_the_extra_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("scenarios.edges.tables.find_spec", lambda _: None)
    with pytest.raises(TableError, match=r"pip install 'consortium-sim\[tables\]'"):
        load_table("CL1")


@given(
    st.integers(0, 1_000_000),
    st.integers(0, 10**11),
    st.integers(0, 200_000),
    st.integers(0, 3_000_000),
)
def test_a_premium_is_what_decimals_make_of_it(rate_ppm, sum_fen, interest, loading):
    ours = premium_fen(Fraction(rate_ppm, 10**6), sum_fen, interest, loading)
    million = Decimal(10**6)
    exact = rate_ppm * Decimal(sum_fen) * (million + loading) / (million * (million + interest))
    assert abs(ours - exact) <= Decimal("0.500001")
    assert ours >= premium_fen(Fraction(rate_ppm, 10**6), sum_fen, interest + 1, loading)
    assert ours <= premium_fen(Fraction(rate_ppm, 10**6), sum_fen, interest, loading + 1)


def test_forty_under_cl1_by_hand():
    exact = Decimal("0.001651") * 50_000_000 / Decimal("1.025") * Decimal("1.3")
    assert premium_fen(load_table("CL1").rate(40), 50_000_000, 25_000, 300_000) == int(
        exact.quantize(Decimal(1), ROUND_HALF_UP)
    )


def test_premiums_are_written_into_the_file_and_the_rest_of_it_stays(tmp_path, capsys):
    path = mine(tmp_path)
    assert check_products([str(path)]) == 1
    assert "death at 20: nothing is written" in capsys.readouterr().err
    assert price_by_table(str(path), write=True) == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith(TEXT.partition("pricing")[0])
    assert "number 3376" in text
    product = read_product(path)
    assert {int(age): fen for age, fen in product.main.premiums.items()} == worked_out(path)["death"]
    assert list(product.main.premiums) == ["20", "21", "22"]
    assert check_products([str(path)]) == 0
    written = text.splitlines()
    assert price_by_table(str(path), write=True) == 0
    assert path.read_text(encoding="utf-8").splitlines() == written, "a second time changes nothing"


def test_a_premium_that_its_table_does_not_give_is_found(tmp_path, capsys):
    path = mine(tmp_path)
    price_by_table(str(path), write=True)
    before = path.read_text(encoding="utf-8")
    fen = worked_out(path)["death"][21]
    path.write_text(before.replace(f"21: {fen // 100}.{fen % 100:02d}", "21: 1.00"), encoding="utf-8")
    assert check_products([str(path)]) == 1
    assert "death at 21: 1.00 CNY is written, the table gives" in capsys.readouterr().err


def test_every_shipped_product_is_in_order(capsys):
    assert check_products(list(shipped_products())) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(shipped_products())


def test_a_hostile_file_changes_nothing(tmp_path):
    path = mine(tmp_path, TEXT.replace("CL2", "CL9"))
    assert price_by_table(str(path), write=True) == 2
    assert path.read_text(encoding="utf-8") == TEXT.replace("CL2", "CL9")
    assert isinstance(path, Path)
