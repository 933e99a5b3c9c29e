"""The flow "contributions": residents whose contribution two channels try to take at once (rows 65 and 68).

For every resident both channels ask for the record at the same moment of business time, each then pays what it may not
be allowed to, and submits the payment again under another number. Who of the two wins, the order of blocks decides;
that exactly one does, once, is what is checked. The residents, pseudonyms without people behind them, are registered
in one bulk each thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from hashlib import sha256
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from consensus.vocabulary import MILLISECOND
from node.contracts.accounts import Account, Opening, Posting, account
from node.contracts.contributions import (
    Contribution,
    OpenLevy,
    PayArgs,
    QueryArgs,
    RegisterArgs,
    Registration,
    Voucher,
    fingerprint,
)
from node.contracts.contributions.registration import ROWS_MAX
from node.ledger.state_tree import StateTree
from node.membership import KeyRing
from scenarios.language.models.base import Fen, Nanoseconds, Part
from scenarios.language.schema import Scenario
from scenarios.runner.drafts import Draft

FLOW = "contributions"
PLACE = "here"
CHANNELS = 2
MINUTE_MS = 60_000

QUERIED = "ok|record_locked|already_paid"
"""What a channel may hear that asks while another does."""
PAID = "ok|record_locked|already_paid"
"""What a channel may hear that pays, whether it got the record or not."""


class Contributions(Part):
    """Residents whose contributions two channels try to take at once, evenly over `spread`."""

    flow: Literal["contributions"]
    """This generator."""
    pairs: Annotated[int, Field(ge=1, le=10_000)]
    """How many residents; each is asked for, and paid for, through both channels."""
    year: Annotated[int, Field(ge=2000, le=2999)]
    """The year that the contributions insure."""
    amount: Annotated[Fen, Field(ge=1)]
    """What each resident owes."""
    spread: Nanoseconds
    """Over how much business time the residents come."""
    repeats: Annotated[int, Field(ge=0, le=99)] = 1
    """How often each channel submits its payment again, under further numbers and with the same key."""


class Cast(NamedTuple):
    """Who takes part, by the scenario's names."""

    tax: str
    centre: str
    channels: tuple[str, ...]
    payers: tuple[str, ...]


def cast_of(arguments: Contributions, scenario: Scenario) -> Cast:  # noqa: ARG001 - every number of residents will do
    """The first of role `tax` and `centre`, two of role `channel`, every `patient`. ValueError where they are not."""
    names: dict[str, list[str]] = {}
    for client in scenario.client_names:
        names.setdefault(client.role, []).append(client.name)
    for role, count in (("tax", 1), ("centre", 1), ("channel", CHANNELS), ("patient", 1)):
        if len(names.get(role, ())) < count:
            raise ValueError(f"contributions need {count} of role `{role}`")
    return Cast(names["tax"][0], names["centre"][0], tuple(names["channel"][:CHANNELS]), tuple(names["patient"]))


def build(arguments: Contributions, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:  # noqa: ARG001 - a builder's shape
    """The levy, the registrations, and for each resident both channels' queries and payments."""
    cast, start_ms = cast_of(arguments, scenario), scenario.run.clock.start
    people = [resident(seed, index) for index in range(arguments.pairs)]
    drafts = [_levy(arguments, cast, start_ms)]
    drafts += (
        _registration(arguments, cast, start_ms, first, tuple(people[first : first + ROWS_MAX]))
        for first in range(0, len(people), ROWS_MAX)
    )
    begin_ms = start_ms + 2 * MINUTE_MS
    for index, person in enumerate(people):
        at_ms = begin_ms + arguments.spread * index // len(people) // MILLISECOND
        for channel in cast.channels:
            drafts.extend(_channel(arguments, cast, channel, index, person, at_ms))
    return drafts


def openings(arguments: Contributions, scenario: Scenario) -> tuple[Opening, ...]:
    """Payers begin with what they owe in all, and not a fen more: a second charge could not be paid."""
    payers = cast_of(arguments, scenario).payers
    owed = dict.fromkeys(payers, 0)
    for index in range(arguments.pairs):
        owed[payers[index % len(payers)]] += arguments.amount
    return tuple(Opening(name, fen) for name, fen in owed.items())


def differences(arguments: Contributions, scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:
    """Where there is not one charge, one voucher and one enrolment for each resident, one line each."""
    cast = cast_of(arguments, scenario)
    due = {f"{arguments.year}/{resident(seed, index)}" for index in range(arguments.pairs)}
    paid: dict[str, Contribution] = dict(tree.items(Contribution.namespace))
    vouchers: dict[str, Voucher] = dict(tree.items(Voucher.namespace))
    postings = [key for key, _ in tree.items(Posting.namespace, f"{FLOW}/")]
    enrolled = [key for key, found in tree.items(Registration.namespace) if found.state == "enrolled"]
    genuine = [
        key for key, found in vouchers.items() if found.fingerprint == fingerprint(*_year_and_person(key), paid[key])
    ]
    counts: dict[str, Sized] = {
        "contributions": paid,
        "vouchers": vouchers,
        "genuine vouchers": genuine,
        "enrolments": enrolled,
    }
    lines = [f"{len(found)} {name} of {len(due)} residents" for name, found in counts.items() if len(found) != len(due)]
    lines += [f"{len(postings)} charges"] if len(postings) != len(due) else []
    lines += [f"{key} was not due" for key in sorted(paid) if key not in due]
    income: Account | None = tree.get(Account.namespace, account(cast.tax, "contribution-income"))
    booked = -income.balance_fen if income else 0
    if booked != len(due) * arguments.amount:
        lines.append(f"{booked} fen booked for {len(due)} residents")
    return tuple(lines)


def resident(seed: int, index: int) -> str:
    """A pseudonym without a person behind it."""
    return sha256(f"{FLOW}/{seed}/{index}".encode()).hexdigest()


def _year_and_person(key: str) -> tuple[int, str]:
    year, _, person = key.partition("/")
    return int(year), person


def _levy(arguments: Contributions, cast: Cast, start_ms: int) -> Draft:
    levy = OpenLevy(
        place=PLACE,
        year=arguments.year,
        centre=cast.centre,
        amount_fen=arguments.amount,
        vouchers_from_ms=0,
    )
    return Draft(
        id="levy",
        time_ms=start_ms,
        client=cast.tax,
        call="contributions.open-levy",
        arguments=levy,
        cosigners=(cast.centre,),
        title="the tax department opens the levy",
        flow=FLOW,
        case="levy",
    )


def _registration(arguments: Contributions, cast: Cast, start_ms: int, first: int, people: tuple[str, ...]) -> Draft:
    return Draft(
        id=f"register-{first // ROWS_MAX}",
        time_ms=start_ms + MINUTE_MS,
        client=cast.centre,
        call="contributions.register",
        arguments=RegisterArgs(place=PLACE, year=arguments.year, people=people),
        after=("levy",),
        title=f"the centre registers {len(people)} residents",
        flow=FLOW,
        case="levy",
    )


def _channel(  # noqa: PLR0913, PLR0917 - one resident at one channel
    arguments: Contributions, cast: Cast, channel: str, index: int, person: str, at_ms: int
) -> Iterator[Draft]:
    payer, case = cast.payers[index % len(cast.payers)], f"{channel}/{index}"
    yield Draft(
        id=f"query/{case}",
        time_ms=at_ms,
        client=channel,
        call="contributions.query",
        arguments=QueryArgs(year=arguments.year, person=person, payer=payer),
        after=(f"register-{index // ROWS_MAX}",),
        expect=QUERIED,
        title=f"{channel} asks for resident {index}",
        flow=FLOW,
        case=case,
    )
    before = f"query/{case}"
    for attempt in range(arguments.repeats + 1):
        this = f"pay/{case}/{attempt}"
        yield Draft(
            id=this,
            time_ms=at_ms + MINUTE_MS * (attempt + 1) // (arguments.repeats + 1),
            client=channel,
            call="contributions.pay",
            arguments=PayArgs(year=arguments.year, person=person, payer=payer, key=f"resident-{index}"),
            cosigners=(payer,),
            after=(before,),
            expect=PAID,
            title=f"{channel} pays for resident {index}",
            flow=FLOW,
            case=case,
        )
        before = this
