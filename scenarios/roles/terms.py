"""Products as the contracts' settings: shipped ones (``configs/products/NAME.yaml``) and a scenario's own."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from consensus.vocabulary import MILLISECOND
from node.contracts.policy import TermsArgs
from node.contracts.products import BenefitArgs, ProductArgs, ScoringArgs
from scenarios.language.models.product import Benefit, ProductFile, Scoring, Terms
from scenarios.language.problems import Mark, Problem, ScenarioInvalid
from scenarios.language.products import read_product


def load_product(name: str) -> ProductArgs:
    """The shipped product of that name; ScenarioInvalid where its file is missing or wrong."""
    return product_arguments(_shipped(name))


def sold(products: tuple[str | ProductFile, ...]) -> tuple[ProductArgs, ...]:
    """What a scenario sells, in order of name."""
    return tuple(product_arguments(file) for file in _files(products))


def kept_up(products: tuple[str | ProductFile, ...]) -> tuple[TermsArgs, ...]:
    """How policies of what a scenario sells are kept up, where a product says so, in order of name."""
    return tuple(_terms(file.name, file.terms) for file in _files(products) if file.terms is not None)


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


def _files(products: tuple[str | ProductFile, ...]) -> list[ProductFile]:
    found = [_shipped(item) if isinstance(item, str) else item for item in products]
    return sorted(found, key=lambda file: file.name)


def _shipped(name: str) -> ProductFile:
    path = Path(str(files("configs"))) / "products" / f"{name}.yaml"
    if not path.is_file():
        raise ScenarioInvalid([Problem(Mark(f"configs/products/{name}.yaml", -1, 0), (), "there is no such product")])
    return read_product(path)


def _terms(product: str, terms: Terms) -> TermsArgs:
    given: dict[str, Any] = {
        "grace_ms": _ms(terms.grace),
        "reinstate_within_ms": _ms(terms.reinstate_within),
        "cooling_off_ms": _ms(terms.cooling_off),
        "instalments": terms.instalments,
        "short_rates": terms.short_rates,
        "key_terms": None if terms.key_terms is None else sha256(terms.key_terms.encode()).hexdigest(),
    }
    return TermsArgs(product=product, **{name: value for name, value in given.items() if value is not None})


def _ms(nanoseconds: int | None) -> int | None:
    return None if nanoseconds is None else nanoseconds // MILLISECOND


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
