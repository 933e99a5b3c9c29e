"""Products as the contracts' settings: shipped ones (``configs/products/NAME.yaml``) and a scenario's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from node.contracts.products import BenefitArgs, ProductArgs, ScoringArgs
from scenarios.language.models.product import Benefit, ProductFile, Scoring
from scenarios.language.problems import Mark, Problem, ScenarioInvalid
from scenarios.language.products import read_product


def load_product(name: str) -> ProductArgs:
    """The shipped product of that name; ScenarioInvalid where its file is missing or wrong."""
    path = Path(str(files("configs"))) / "products" / f"{name}.yaml"
    if not path.is_file():
        raise ScenarioInvalid([Problem(Mark(f"configs/products/{name}.yaml", -1, 0), (), "there is no such product")])
    return product_arguments(read_product(path))


def sold(products: tuple[str | ProductFile, ...]) -> tuple[ProductArgs, ...]:
    """What a scenario sells, in order of name."""
    found = [load_product(item) if isinstance(item, str) else product_arguments(item) for item in products]
    return tuple(sorted(found, key=lambda product: product.name))


def product_arguments(product: ProductFile) -> ProductArgs:
    """A product file as the contract takes it."""
    return ProductArgs(
        name=product.name,
        title=product.title,
        diseases=product.diseases,
        scoring=None if product.scoring is None else _scoring(product.scoring),
        main=_benefit(product.main),
        riders=tuple(_benefit(rider) for rider in product.riders),
        age_from=product.ages.low,
        age_to=product.ages.high,
        needs_filing=product.needs_filing,
    )


def _scoring(scoring: Scoring) -> ScoringArgs:
    return ScoringArgs(
        version=scoring.version,
        base=scoring.base,
        age_step=scoring.age_step,
        history_step=scoring.history_step,
        accept_from=scoring.accept_from,
        load_from=scoring.load_from,
        counter_from=scoring.counter_from,
        loading_ppm=scoring.loading,
        counter_sum_ppm=scoring.counter_sum,
    )


def _benefit(benefit: Benefit) -> BenefitArgs:
    return BenefitArgs(
        name=benefit.name,
        premium_fen=benefit.premium or 0,
        sum_insured_fen=benefit.sum_insured,
        deductible_fen=benefit.deductible,
        ratio_ppm=benefit.ratio,
        excluded=benefit.excluded,
        premiums=tuple((int(age), fen) for age, fen in benefit.premiums.items()),
    )
