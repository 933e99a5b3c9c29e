"""How the platform fills: the bureau registers people, insurers get access, policies from before the chain come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from scenarios.language.models.business import Story
from scenarios.language.schema import Scenario
from scenarios.runner.zero_perception.arguments import ZeroPerception
from scenarios.runner.zero_perception.cast import Cast, benefits, product_of
from scenarios.runner.zero_perception.people import DAY_MS, Insured, moment
from scenarios.runner.zero_perception.steps import step

PAPERS = ("visit", "e_invoice", "itemised_list")
"""What an insurer pulls from the hospital, by the bureau's list of fields."""

REGISTERED_TOGETHER = 500
HOUR_MS = 3_600_000


def opening(arguments: ZeroPerception, scenario: Scenario, cast: Cast, people: Sequence[Insured]) -> Iterator[Story]:
    """Every step of it; it ends well before the first discharge."""
    start_ms = scenario.run.clock.start
    yield from _registrations(cast, people, start_ms + HOUR_MS)
    for place, insurer in enumerate(cast.insurers):
        yield from _access(cast, insurer, start_ms + 2 * HOUR_MS + place * 60_000)
    begins_ms, lasts_ms = start_ms + 12 * HOUR_MS, max(1, arguments.onboarding // 1_000_000 - 13 * HOUR_MS)
    premium = _premium(arguments, scenario)
    for insured in people:
        yield _entered(arguments, insured, premium, start_ms, begins_ms + insured.place * lasts_ms // len(people))


def registered_by(place: int) -> str:
    """The step that registers the person of that place."""
    return f"register-{place // REGISTERED_TOGETHER + 1}"


def live(insurer: str) -> str:
    """The step by which the insurer has access."""
    return f"{insurer}-live"


def policy(insured: Insured) -> str:
    """The step that enters the person's policy."""
    return f"{insured.name}-policy"


def _registrations(cast: Cast, people: Sequence[Insured], time_ms: int) -> Iterator[Story]:
    for first in range(0, len(people), REGISTERED_TOGETHER):
        part = people[first : first + REGISTERED_TOGETHER]
        yield step(
            cast.bureau,
            "register-people",
            registered_by(first),
            time_ms=time_ms,
            people=tuple(insured.name for insured in part),
            flow="onboarding",
            case=registered_by(first),
            title=f"the bureau gives {len(part)} people pseudonyms",
        )


def _access(cast: Cast, insurer: str, time_ms: int) -> Iterator[Story]:
    yield step(
        insurer,
        "file",
        f"{insurer}-file",
        time_ms=time_ms,
        uses={"claim": PAPERS},
        reason="To pay claims without asking patients for papers.",
        flow="onboarding",
        case=insurer,
        title=f"{insurer} files which papers it wants and why",
    )
    institution = {"institution": insurer}
    yield step(cast.bureau, "approve", f"{insurer}-approved", **institution, title=f"the bureau approves {insurer}")
    yield step(insurer, "deploy", f"{insurer}-deployed", version="1.0.0", title=f"{insurer} deploys its node")
    yield step(insurer, "test", f"{insurer}-tested", title=f"{insurer} finishes its tests")
    yield step(cast.bureau, "go-live", live(insurer), **institution, stage="live", title=f"{insurer} is live")


def _premium(arguments: ZeroPerception, scenario: Scenario) -> str:
    """A year's, for the product and its riders, as it would be written."""
    fen = sum(benefit.premium_fen for benefit in benefits(product_of(arguments, scenario), arguments))
    return f"{fen // 100}.{fen % 100:02} CNY"


def _entered(arguments: ZeroPerception, insured: Insured, premium: str, start_ms: int, time_ms: int) -> Story:
    document = f"{arguments.product}/{insured.name}/{insured.person.identity}"
    return step(
        insured.insurer,
        "portfolio.enter",
        policy(insured),
        time_ms=time_ms,
        flow="portfolio",
        case=policy(insured),
        after=(registered_by(insured.place),),
        signed_by=(insured.wallet,),
        holder=insured.wallet,
        subject=insured.name,
        product=arguments.product,
        riders=arguments.riders,
        premium_fen=premium,
        starts_ms=f"{moment(start_ms - 30 * DAY_MS):%Y-%m-%d}",
        ends_ms=f"{moment(start_ms + 335 * DAY_MS):%Y-%m-%d}",
        fingerprint=sha256(document.encode()).hexdigest(),
        stage="entered",
        title=f"{insured.insurer} enters a policy from before the chain",
    )
