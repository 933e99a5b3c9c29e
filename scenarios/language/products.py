"""Product files: read, judged, and told what is wrong with them line by line; put into the scenario that names them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from scenarios.language.models.product import ProductFile
from scenarios.language.problems import Path, Problem, ScenarioInvalid
from scenarios.language.reading import Document, read_file, unfit
from scenarios.language.schema import schema_of
from scenarios.language.verdicts import problems_of

SCHEMA_ID = "consortium/product.schema.json"
SUFFIX = ".yaml"

_UNREAD = {"version": 1, "title": "unread", "main": {"name": "none", "premium": "0 CNY", "sum_insured": "0 CNY"}}


def read_product(path: FilePath) -> ProductFile:
    """The product in the file at ``path``; ScenarioInvalid with everything that is wrong with it, each at its line."""
    return judged(read_file(path))


def judged(document: Document) -> ProductFile:
    """``document`` as a product; ScenarioInvalid where it is none."""
    if not isinstance(document.root, dict):
        raise ScenarioInvalid([Problem(document.mark(()), (), "a product is a mapping that begins `version: 1`")])
    try:
        return ProductFile.model_validate(document.root)
    except ValidationError as error:
        raise ScenarioInvalid(problems_of(error, document, (), product_schema())) from None


def inline_products(document: Document, folder: FilePath) -> list[Problem]:
    """Put the files that ``products`` names by a path in the place of their names; what is wrong with any.

    A name without `.yaml` is a shipped product's and stays one.
    """
    named = document.root.get("products")
    if not isinstance(named, tuple):
        return []
    problems: list[Problem] = []
    kept: list[Any] = []
    for index, item in enumerate(named):
        if not (isinstance(item, str) and item.endswith(SUFFIX)):
            kept.append(item)
            continue
        kept.append({**_UNREAD, "name": f"unread-{index}"})  # so that the rest of the scenario can be judged
        path: Path = ("products", index)
        file = folder / item
        try:
            message = unfit(file)
            if message is None:
                read = read_file(file)
                judged(read)
                kept[-1] = read.root
        except ScenarioInvalid as refused:
            missing = all(problem.mark.line < 0 for problem in refused.problems)
            message = refused.problems[0].message if missing else None
            problems += [] if missing else refused.problems
        if message is not None:
            problems.append(Problem(document.mark(path), path, f"no product `{item}`: {message}"))
    document.root["products"] = tuple(kept)
    return problems


@cache
def product_schema() -> dict[str, Any]:
    """The JSON Schema of product files. Made once: change nothing in it."""
    return schema_of(ProductFile, SCHEMA_ID)


def product_schema_text() -> str:
    """The schema as the shipped file holds it."""
    return json.dumps(product_schema(), indent=2, ensure_ascii=False) + "\n"
