"""The page on products, tried from its text: its product is in order, sells, and its pricing works out."""

import re

from scenarios.language import load_scenario
from scenarios.products.command import check_products, price_by_table
from scenarios.roles.terms import sold


def _blocks(root):
    return re.findall(r"```yaml\n(.*?)```", root.joinpath("docs", "products.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_product_of_the_page_is_in_order_and_sold(root, tmp_path, capsys):
    product, sells = _blocks(root)[:2]
    (tmp_path / "ferry-crew.yaml").write_text(product, encoding="utf-8")
    assert check_products([str(tmp_path / "ferry-crew.yaml")]) == 0
    scenario = f"version: 1\nname: s\nmembers: {{insurer: {{count: 4}}}}\n{sells}workload: []\n"
    (tmp_path / "s.yaml").write_text(scenario, encoding="utf-8")
    names = [one.name for one in sold(load_scenario(tmp_path / "s.yaml").products)]
    assert names == ["ferry-crew", "hepatitis-care"]
    capsys.readouterr()


def test_the_pricing_of_the_page_works_out(root, tmp_path, capsys):
    priced = next(block for block in _blocks(root) if "pricing" in block)
    path = tmp_path / "life.yaml"
    path.write_text(f"version: 1\nname: life\ntitle: Life\nages: {{low: 18, high: 60}}\n{priced}", encoding="utf-8")
    assert price_by_table(str(path), write=True) == 0
    assert check_products([str(path)]) == 0
    capsys.readouterr()


def test_the_terms_and_the_code_map_of_the_page_are_read(root, tmp_path, capsys):
    text = root.joinpath("docs", "products.md").read_text(encoding="utf-8")
    (terms,) = re.findall(r"`(terms: \{.*?\})`", text, re.DOTALL)
    path = tmp_path / "kept.yaml"
    path.write_text(f"{_blocks(root)[0]}{' '.join(terms.split())}\n", encoding="utf-8")
    assert check_products([str(path)]) == 0
    coded = next(block for block in _blocks(root) if "code_maps" in block)
    scenario = f"version: 1\nname: s\nmembers: {{insurer: {{count: 4}}}}\n{coded}workload: []\n"
    (tmp_path / "s.yaml").write_text(scenario, encoding="utf-8")
    assert load_scenario(tmp_path / "s.yaml").world.code_maps["nb-2"].local == {"070.3": "B19.10"}
    capsys.readouterr()
