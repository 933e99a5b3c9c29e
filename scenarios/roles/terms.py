"""Product files: ``configs/products/NAME.yaml`` as the contracts' settings."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from node.contracts.products import BenefitArgs, ProductArgs, ScoringArgs
from scenarios.language.models.base import Count, Fen, Part, Ppm, Word
from scenarios.language.problems import Mark, Problem, ScenarioInvalid
from scenarios.language.reading import read_text


class Scoring(Part):
    """See :class:`node.contracts.products.Scoring`."""

    version: Word
    base: Count
    age_step: Annotated[int, Field(ge=1, le=10_000)]
    history_step: Annotated[int, Field(ge=1, le=10_000)]
    accept_from: Count
    load_from: Count
    counter_from: Count
    loading: Ppm
    counter_sum: Ppm


class Benefit(Part):
    """See :class:`node.contracts.products.Benefit`."""

    name: Word
    premium: Fen
    sum_insured: Fen
    deductible: Fen = 0
    ratio: Ppm = 1_000_000
    excluded: tuple[Word, ...] = ()


class ProductFile(Part):
    """One product as its file has it."""

    version: Literal[1]
    name: Word
    title: str
    diseases: tuple[str, ...]
    scoring: Scoring
    main: Benefit
    riders: tuple[Benefit, ...] = ()


def load_product(name: str) -> ProductArgs:
    """The shipped product of that name; ScenarioInvalid where its file is missing or wrong."""
    label = f"configs/products/{name}.yaml"
    place = files("configs").joinpath("products", f"{name}.yaml")
    if not place.is_file():
        raise ScenarioInvalid([Problem(Mark(label, -1, 0), (), "there is no such product")])
    try:
        product = ProductFile.model_validate(read_text(place.read_text(encoding="utf-8"), label).root)
    except ValidationError as error:
        problems = [Problem(Mark(label, -1, 0), tuple(item["loc"]), item["msg"]) for item in error.errors()]
        raise ScenarioInvalid(problems) from None
    return _arguments(product)


def _arguments(product: ProductFile) -> ProductArgs:
    scoring = product.scoring
    return ProductArgs(
        name=product.name,
        title=product.title,
        diseases=product.diseases,
        scoring=ScoringArgs(
            version=scoring.version,
            base=scoring.base,
            age_step=scoring.age_step,
            history_step=scoring.history_step,
            accept_from=scoring.accept_from,
            load_from=scoring.load_from,
            counter_from=scoring.counter_from,
            loading_ppm=scoring.loading,
            counter_sum_ppm=scoring.counter_sum,
        ),
        main=_benefit(product.main),
        riders=tuple(_benefit(rider) for rider in product.riders),
    )


def _benefit(benefit: Benefit) -> BenefitArgs:
    return BenefitArgs(
        name=benefit.name,
        premium_fen=benefit.premium,
        sum_insured_fen=benefit.sum_insured,
        deductible_fen=benefit.deductible,
        ratio_ppm=benefit.ratio,
        excluded=benefit.excluded,
    )
