"""Products 产品: the terms that underwriting and claims apply, put into the first state from `configs/products`.

A product scores applicants, has a main benefit and may carry riders 附加险; each benefit says what it pays for.
Amounts are fen, shares parts per million.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from node.contracts.context import Context, Refusal
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Count, Fen, Label, Labels, Ppm, Readers, Record, Text

AGE_MIN = 18
AGE_MAX = 65
HISTORY_MAX = 5

Code = Annotated[str, Meta(min_length=3, max_length=8, pattern=r"^[A-Z][0-9A-Z.]+\Z")]


class Scoring(Struct, frozen=True):
    """The score and its thresholds (rows 4, 6). Invariant: both steps are positive, so the score strictly falls.

    At ``accept_from`` and above the applicant is accepted, from ``load_from`` at ``loading_ppm`` more premium, below
    that a counter-offer is made: ``counter_sum_ppm`` of the sum insured, accepted from ``counter_from``.
    """

    version: str
    base: int
    age_step: int
    history_step: int
    accept_from: int
    load_from: int
    counter_from: int
    loading_ppm: int
    counter_sum_ppm: int


class Benefit(Struct, frozen=True):
    """What is paid for: ``name`` is the kind of claim that it answers ("inpatient", "hepatitis")."""

    name: str
    premium_fen: int
    sum_insured_fen: int
    deductible_fen: int
    ratio_ppm: int
    excluded: tuple[str, ...]


class Product(Record, frozen=True):
    """A product; the key is its name. ``diseases`` are ICD-10 categories, public terms of the product."""

    namespace: ClassVar[str] = "products"
    readers: ClassVar[Readers] = Readers.EVERYONE

    title: str
    diseases: tuple[str, ...]
    scoring: Scoring
    main: Benefit
    riders: tuple[Benefit, ...]


contract = Contract("products", records=(Product,))


class ScoringArgs(Arguments, frozen=True):
    """See :class:`Scoring`."""

    version: Label
    base: Count
    age_step: Annotated[int, Meta(ge=1, le=10_000)]
    history_step: Annotated[int, Meta(ge=1, le=10_000)]
    accept_from: Count
    load_from: Count
    counter_from: Count
    loading_ppm: Annotated[int, Meta(ge=0, le=10_000_000)]
    counter_sum_ppm: Ppm


class BenefitArgs(Arguments, frozen=True):
    """See :class:`Benefit`."""

    name: Label
    premium_fen: Fen
    sum_insured_fen: Fen
    deductible_fen: Fen
    ratio_ppm: Ppm
    excluded: Labels


class ProductArgs(Arguments, frozen=True):
    """See :class:`Product`."""

    name: Label
    title: Text
    diseases: Annotated[tuple[Code, ...], Meta(max_length=64)]
    scoring: ScoringArgs
    main: BenefitArgs
    riders: Annotated[tuple[BenefitArgs, ...], Meta(max_length=8)]


class Settings(Arguments, frozen=True):
    """Every product on sale."""

    products: Annotated[tuple[ProductArgs, ...], Meta(max_length=64)] = ()


@contract.settings(Settings)
def publish(ctx: Context, settings: Settings) -> None:
    """Put the products on the shelf."""
    for args in settings.products:
        scoring = args.scoring
        if not scoring.counter_from <= scoring.load_from <= scoring.accept_from:
            raise Refusal("thresholds_out_of_order", args.name)
        product = Product(
            title=args.title,
            diseases=args.diseases,
            scoring=Scoring(*(getattr(scoring, name) for name in Scoring.__struct_fields__)),
            main=_benefit(args.main),
            riders=tuple(_benefit(rider) for rider in args.riders),
        )
        ctx.put(args.name, product)


def score(scoring: Scoring, age: int, history: int) -> int:
    """The applicant's score 投保分值 (row 4): strictly falls with age (18-65) and with past illnesses (0-5).

    Refused with "outside_the_scale" beyond these ranges. Computed by the bureau, which alone knows the history.
    """
    if not (AGE_MIN <= age <= AGE_MAX and 0 <= history <= HISTORY_MAX):
        raise Refusal("outside_the_scale", "age 18-65, history 0-5")
    return scoring.base - scoring.age_step * (age - AGE_MIN) - scoring.history_step * history


def benefits_of(product: Product, riders: tuple[str, ...]) -> tuple[Benefit, ...]:
    """The main benefit and the chosen riders; refused with "unknown_rider"."""
    offered = {rider.name: rider for rider in product.riders}
    for name in riders:
        if name not in offered:
            raise Refusal("unknown_rider", name)
    return (product.main, *(offered[name] for name in riders))


def _benefit(args: BenefitArgs) -> Benefit:
    return Benefit(*(getattr(args, name) for name in Benefit.__struct_fields__))
