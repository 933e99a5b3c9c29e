"""Products 产品: the terms that underwriting and claims apply, put into the first state from `configs/products`.

A product has a main benefit and may carry riders 附加险; each benefit says what it pays for. It either scores
applicants, or takes everyone of an age alike, at a premium that is the same for all or is read from a table by age
(rows 43, 44). Amounts are fen, shares parts per million, ages completed years.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from node.contracts.context import Context, Refusal
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Count, Fen, Label, Labels, Ppm, Readers, Record, Text

AGE_MIN = 18
AGE_MAX = 65
HISTORY_MAX = 5
"""Between these ages, and up to so many past illnesses, a score is defined (row 4)."""

OLDEST = 130

Age = Annotated[int, Meta(ge=0, le=OLDEST)]
"""Completed years."""

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
    """What is paid for: ``name`` is the kind of claim that it answers ("inpatient", "hepatitis").

    ``premium_fen`` is the year's premium; where ``premiums`` are given, pairs of (from that age on, fen) in ascending
    order, it is read from them (:func:`priced`), and a policy's benefit holds the one that applies.
    """

    name: str
    premium_fen: int
    sum_insured_fen: int
    deductible_fen: int
    ratio_ppm: int
    excluded: tuple[str, ...]
    premiums: tuple[tuple[int, int], ...] = ()


class Product(Record, frozen=True):
    """A product; the key is its name. ``diseases`` are ICD-10 categories, public terms of the product.

    ``scoring`` is None where nobody is scored; then whoever is of ``age_from`` to ``age_to`` years is taken, if it
    ``needs_filing`` only once the product was filed (:mod:`node.contracts.filings`).
    """

    namespace: ClassVar[str] = "products"
    readers: ClassVar[Readers] = Readers.EVERYONE

    title: str
    diseases: tuple[str, ...]
    scoring: Scoring | None
    main: Benefit
    riders: tuple[Benefit, ...]
    age_from: int = 0
    age_to: int = OLDEST
    needs_filing: bool = False


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
    premiums: Annotated[tuple[tuple[Age, Fen], ...], Meta(max_length=OLDEST + 1)] = ()


class ProductArgs(Arguments, frozen=True):
    """See :class:`Product`."""

    name: Label
    title: Text
    diseases: Annotated[tuple[Code, ...], Meta(max_length=64)]
    scoring: ScoringArgs | None
    main: BenefitArgs
    riders: Annotated[tuple[BenefitArgs, ...], Meta(max_length=8)]
    age_from: Age = 0
    age_to: Age = OLDEST
    needs_filing: bool = False


class Settings(Arguments, frozen=True):
    """Every product on sale."""

    products: Annotated[tuple[ProductArgs, ...], Meta(max_length=64)] = ()


@contract.settings(Settings)
def publish(ctx: Context, settings: Settings) -> None:
    """Put the products on the shelf. Refused where one's terms contradict each other."""
    for args in settings.products:
        _require_sound(args)
        scoring = args.scoring
        product = Product(
            title=args.title,
            diseases=args.diseases,
            scoring=None if scoring is None else _scoring(scoring),
            main=_benefit(args.main),
            riders=tuple(_benefit(rider) for rider in args.riders),
            age_from=args.age_from,
            age_to=args.age_to,
            needs_filing=args.needs_filing,
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


def bands(product: Product) -> tuple[int, ...]:
    """The ages, ascending, from which on another premium applies: all that a premium needs to know of an age."""
    starts = {age for benefit in (product.main, *product.riders) for age, _ in benefit.premiums}
    return (product.age_from, *(age for age in sorted(starts) if product.age_from < age <= product.age_to))


def band_of(product: Product, age: int) -> int:
    """The band that an age lies in; refused with "outside_the_ages" beyond the product's. Looked up by the bureau."""
    if not product.age_from <= age <= product.age_to:
        raise Refusal("outside_the_ages", f"{product.age_from}-{product.age_to}")
    return max(start for start in bands(product) if start <= age)


def priced(benefit: Benefit, age: int) -> Benefit:
    """``benefit`` at its premium for ``age``, without the table."""
    if not benefit.premiums:
        return benefit
    return replace(benefit, premium_fen=[fen for start, fen in benefit.premiums if start <= age][-1], premiums=())


def _require_sound(args: ProductArgs) -> None:
    """Thresholds and ages are in order, every age has a premium, and nobody is both scored and priced by age."""
    scoring = args.scoring
    if scoring is not None and not scoring.counter_from <= scoring.load_from <= scoring.accept_from:
        raise Refusal("thresholds_out_of_order", args.name)
    if args.age_from > args.age_to:
        raise Refusal("ages_out_of_order", args.name)
    for benefit in (args.main, *args.riders):
        ages = [age for age, _ in benefit.premiums]
        if ages != sorted(set(ages)):
            raise Refusal("ages_out_of_order", f"{args.name}: {benefit.name}")
        if ages and ages[0] > args.age_from:
            raise Refusal("age_without_premium", f"{args.name}: {benefit.name}")
        if ages and scoring is not None:
            raise Refusal("scored_and_by_age", f"{args.name}: {benefit.name}")


def _scoring(args: ScoringArgs) -> Scoring:
    return Scoring(*(getattr(args, name) for name in Scoring.__struct_fields__))


def _benefit(args: BenefitArgs) -> Benefit:
    return Benefit(*(getattr(args, name) for name in Benefit.__struct_fields__))
