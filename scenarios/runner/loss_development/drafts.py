"""Every transaction: what is agreed, the bordereaux and recoveries of each insurer, the actuary's bookings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from node.contracts.accounts import Opening
from node.contracts.fields import Arguments
from node.contracts.reserving import (
    ROWS_MAX,
    AgreeArgs,
    BasisArgs,
    BookArgs,
    LossRow,
    PaidRow,
    RecoverArgs,
    ReportArgs,
    ReviewArgs,
    data_digest,
    estimated_share,
)
from node.membership import KeyRing
from scenarios.language.schema import Scenario
from scenarios.runner.drafts import Draft, Objects
from scenarios.runner.loss_development.arguments import FLOW, Cast, LossDevelopment, cast_of
from scenarios.runner.loss_development.losses import HOUR_MS, StayLoss, bordereau_ms, losses
from scenarios.runner.loss_development.model import reported_cells

MODEL = (
    "chain-ladder (Mack 1993) on reported losses, all periods of origin with equal weight by amount, no tail; standard "
    "error by Mack, the last variance the least of three"
)
"""The document that the basis' model digest names."""

BASIS = "basis"


def build(arguments: LossDevelopment, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:  # noqa: ARG001 - a builder's shape
    """All drafts. Depends on its arguments alone."""
    cast = cast_of(arguments, scenario)
    start_ms = scenario.run.clock.start
    told = list(losses(arguments, len(cast.insurers), seed))
    drafts = [_agreed(arguments, cast, start_ms)]
    drafts += _bordereaux(arguments, cast, start_ms, told)
    drafts += _valued(arguments, cast, start_ms, told, drafts)
    return drafts


def openings(arguments: LossDevelopment, scenario: Scenario) -> tuple[Opening, ...]:
    """The reinsurer begins with capital, the insurers with nothing."""
    return (Opening(cast_of(arguments, scenario).reinsurer, arguments.capital),)


def model_digest() -> str:
    """What names the model on the chain."""
    return sha256(MODEL.encode()).hexdigest()


def _agreed(arguments: LossDevelopment, cast: Cast, start_ms: int) -> Draft:
    return Draft(
        id=BASIS,
        time_ms=start_ms,
        client=cast.actuary,
        call="reserving.agree",
        arguments=AgreeArgs(
            reinsurer=cast.reinsurer,
            cedents=cast.insurers,
            model=model_digest(),
            starts_ms=start_ms,
            period_ms=arguments.period_ms,
            origins=arguments.origins,
            developments=arguments.developments,
            cession_ppm=arguments.cession,
        ),
        cosigners=(cast.reinsurer, *cast.insurers),
        title="agrees with the reinsurer and its cedents on what is valued",
        flow=FLOW,
        case=BASIS,
    )


def _bordereaux(arguments: LossDevelopment, cast: Cast, start_ms: int, told: Sequence[StayLoss]) -> Iterator[Draft]:
    """Each insurer's, number by number: first what is reported, half an hour later what was paid."""
    reported: dict[tuple[int, int], list[StayLoss]] = defaultdict(list)
    paid: dict[tuple[int, int], list[StayLoss]] = defaultdict(list)
    for loss in told:
        reported[loss.insurer, loss.reported].append(loss)
        paid[loss.insurer, loss.paid].append(loss)
    for place, insurer in enumerate(cast.insurers):
        before = BASIS
        for number in range(arguments.periods * arguments.reports_a_period):
            at_ms = start_ms + bordereau_ms(arguments, number)
            for kind, by in (("report", reported), ("recover", paid)):
                rows = by.get((place, number), [])
                for first in range(0, len(rows), ROWS_MAX):
                    part = rows[first : first + ROWS_MAX]
                    draft = _bordereau(kind, part, start_ms, insurer, f"{insurer}/{number}/{first}")
                    draft.time_ms = at_ms + (HOUR_MS // 2 if kind == "recover" else 0) + first
                    draft.after = (before,)
                    draft.cosigners = (cast.reinsurer,) if kind == "recover" else ()
                    yield draft
                    before = draft.id


def _bordereau(kind: str, rows: Sequence[StayLoss], start_ms: int, insurer: str, case: str) -> Draft:
    def reporting(objects: Objects) -> ReportArgs:
        told = tuple(LossRow(loss.reference, start_ms + loss.occurred_ms, loss.fen) for loss in rows)
        return ReportArgs(basis=objects[BASIS], losses=told)

    def recovering(objects: Objects) -> RecoverArgs:
        return RecoverArgs(basis=objects[BASIS], losses=tuple(PaidRow(loss.reference, loss.fen) for loss in rows))

    reports = kind == "report"
    arguments: Callable[[Objects], ReportArgs | RecoverArgs] = reporting if reports else recovering
    return Draft(
        id=f"{kind}/{case}",
        time_ms=0,
        client=insurer,
        call=f"reserving.{kind}",
        arguments=arguments,
        title=f"{'reports' if reports else 'recovers'} {len(rows)} losses",
        flow=FLOW,
        case=case,
        stage="notice" if reports else "recovered",
    )


def _valued(
    arguments: LossDevelopment, cast: Cast, start_ms: int, told: Sequence[StayLoss], drafts: Sequence[Draft]
) -> Iterator[Draft]:
    """A booking after every so many periods, from what is told by then."""
    cells = reported_cells(arguments, told)
    model, before = model_digest(), BASIS
    for valuation in arguments.valuations:
        ibnr_fen, error_fen = estimated_share(cells, valuation, arguments.cession)
        data = data_digest(cells, valuation)

        def booking(
            objects: Objects, valuation: int = valuation, data: str = data, due: tuple[int, int] = (ibnr_fen, error_fen)
        ) -> BookArgs:
            return BookArgs(objects[BASIS], valuation, model, data, *due)

        time_ms = start_ms + valuation * arguments.period_ms + HOUR_MS
        heard = _newest(drafts, time_ms, cast.insurers)
        draft = _actuarial(cast, f"book/{valuation}", "reserving.book", time_ms, booking, (before, *heard))
        draft.title = f"books {ibnr_fen / 100:,.2f} CNY for what is not reported"
        yield draft
        before = draft.id
    end_ms = start_ms + arguments.periods * arguments.period_ms
    yield from _run_off(arguments, cast, end_ms + HOUR_MS, (before, *_newest(drafts, end_ms, cast.insurers)))


def _run_off(arguments: LossDevelopment, cast: Cast, end_ms: int, after: tuple[str, ...]) -> Iterator[Draft]:
    """When nothing more can be reported, every estimate is looked back on, and the basis closed."""
    for valuation in arguments.valuations:

        def reviewing(objects: Objects, valuation: int = valuation) -> ReviewArgs:
            return ReviewArgs(objects[BASIS], valuation)

        draft = _actuarial(cast, f"review/{valuation}", "reserving.review", end_ms, reviewing, after)
        draft.title, draft.cosigners = "looks back on an estimate", ()
        yield draft
        after = (draft.id,)

    def closing(objects: Objects) -> BasisArgs:
        return BasisArgs(objects[BASIS])

    draft = _actuarial(cast, "close", "reserving.close", end_ms + HOUR_MS, closing, after)
    draft.title = "closes the basis: nothing more can be reported"
    yield draft


def _actuarial(  # noqa: PLR0913, PLR0917 - the facts of one booking
    cast: Cast, name: str, call: str, time_ms: int, arguments: Callable[[Objects], Arguments], after: tuple[str, ...]
) -> Draft:
    return Draft(
        id=name,
        time_ms=time_ms,
        client=cast.actuary,
        call=call,
        arguments=arguments,
        cosigners=(cast.reinsurer,),
        after=after,
        flow=FLOW,
        case=BASIS,
        stage="reserved",
    )


def _newest(drafts: Sequence[Draft], before_ms: int, insurers: Sequence[str]) -> tuple[str, ...]:
    """Each insurer's last draft before that time; each of them waited for all of its earlier ones."""
    found: dict[str, str] = {}
    for draft in drafts:
        if draft.time_ms < before_ms and draft.client in insurers:
            found[draft.client] = draft.id
    return tuple(found.values())
