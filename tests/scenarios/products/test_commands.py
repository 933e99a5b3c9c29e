"""`consortium products` and `consortium codes`, as people use them."""

import json

import pytest

from scenarios.cli import invoke
from scenarios.products.command import shipped_products


def test_products_are_listed(capsys):
    assert invoke(["products", "list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in shipped_products())
    assert "by age" in out


def test_the_schema_is_printed(capsys):
    assert invoke(["products", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == "consortium/product.schema.json"


def test_premiums_are_told_by_age(capsys):
    assert invoke(["products", "price", "term-life"]) == 0
    assert "1,046.98 CNY" in capsys.readouterr().out


def test_experience_is_told_with_its_band(capsys):
    assert invoke(["products", "price", "student-care", "--from-data", "--target", "75"]) == 0
    out = capsys.readouterr().out
    assert "burning cost" in out
    assert "95 % lie in" in out
    assert "for 75%" in out.replace(" %", "%")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["products", "price", "hepatitis"], "there is no such product; did you mean `hepatitis-care`?"),
        (["products", "price", "gig-care"], "no benefit has a `pricing`"),
        (["products", "price", "gig-care", "--from-data", "--write"], "--write goes with tables"),
        (["products", "check", "nowhere.yaml"], "there is no such file"),
        (["codes", "N61"], "`N61` is no ICD-9-CM code"),
        (["codes", "--file", "nowhere.txt"], "No such file"),
    ],
)
def test_what_is_wrong_is_told(arguments, said, capsys):
    assert invoke(arguments) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert not told.out


def test_codes_go_there_and_back(tmp_path, capsys):
    (tmp_path / "stays.txt").write_text("611.0  # mastitis\n\n070.3\n", encoding="utf-8")
    assert invoke(["codes", "--file", str(tmp_path / "stays.txt")]) == 0
    out = capsys.readouterr().out
    assert "070.3    no map" in out
    assert "unmapped      1 (50.00 %)" in out
