"""Premiums into a product's own file, whose other lines and comments stay as they were."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from node.contracts.money import format_fen
from scenarios.edges import load_table
from scenarios.language.models.product import Benefit
from scenarios.language.products import judged, read_product
from scenarios.language.reading import read_text
from scenarios.products.premiums import premiums_by_age
from scenarios.results.run_folder import write_atomically


def worked_out(path: Path) -> dict[str, dict[int, int]]:
    """Benefit -> age -> fen, of every benefit in the file at ``path`` that has a `pricing`.

    ScenarioInvalid where the file is no product, TableError where a table is not there.
    """
    product = read_product(path)
    return {benefit.name: _of(benefit) for benefit in (product.main, *product.riders) if benefit.pricing is not None}


def write_premiums(path: Path, premiums: Mapping[str, Mapping[int, int]]) -> None:
    """Put ``premiums`` and their tables' names into the file at ``path``; it is judged before it is replaced."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 120
    yaml.preserve_quotes = True
    root = yaml.load(path.read_text(encoding="utf-8"))
    for benefit in (root["main"], *root.get("riders", ())):
        if benefit["name"] in premiums:
            _put(benefit, premiums[benefit["name"]])
    stream = StringIO()
    yaml.dump(root, stream)
    judged(read_text(stream.getvalue(), str(path)))
    write_atomically(path, stream.getvalue())


def _of(benefit: Benefit) -> dict[int, int]:
    assert benefit.pricing is not None  # noqa: S101 - only such are asked for
    return premiums_by_age(benefit, benefit.pricing, load_table(benefit.pricing.table))


def _put(benefit: Any, premiums: Mapping[int, int]) -> None:
    table = load_table(benefit["pricing"]["table"])
    benefit["pricing"]["source"] = f"{table.name}, {table.source}; number {table.number} of the SOA's collection"
    benefit["premiums"] = CommentedMap((age, f"{format_fen(fen)} CNY") for age, fen in premiums.items())
