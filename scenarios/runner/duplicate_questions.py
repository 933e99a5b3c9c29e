"""The flow "duplicate-questions": is this applicant insured elsewhere? Asked at a rate, of a whole portfolio (row 18).

One insurer brings its portfolio in, in batches of tokens keyed by the bureau; another asks about its applicants, one by
one, before it binds, of whom some are insured at the first. What the chain answered is held against who they are: every
answer that is wrong, either way, fails the run.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from consensus.vocabulary import MILLISECOND
from node.contracts.accounts import Opening
from node.contracts.fields import MILLION
from node.contracts.risk import DECLARED_MAX, DeclareArgs, InquireArgs, Inquiry
from node.ledger.state_tree import StateTree
from node.membership import KeyRing
from scenarios.language.models.base import Fen, Nanoseconds, Part, Word
from scenarios.language.schema import Scenario
from scenarios.results.figures import Column, Sheet
from scenarios.roles.gb11643 import check_character
from scenarios.roles.tokens import pseudonym
from scenarios.runner.drafts import Draft
from scenarios.runner.draws import keyed_draw

FLOW = "duplicate-questions"
PEOPLE_MAX = 100_000


class DuplicateQuestions(Part):
    """A portfolio of one insurer, and another's questions about its applicants, evenly over `spread`."""

    flow: Literal["duplicate-questions"]
    """This generator."""
    insurer: Word
    """Whose portfolio it is."""
    asker: Word
    """Who asks."""
    people: Annotated[int, Field(ge=1, le=PEOPLE_MAX)]
    """How many the portfolio has."""
    questions: Annotated[int, Field(ge=1, le=PEOPLE_MAX)]
    """How many applicants are asked about."""
    insured: Annotated[int, Field(ge=0, le=PEOPLE_MAX)]
    """How many of these are in the portfolio."""
    sum_insured: Fen
    """What each policy of the portfolio pays at most."""
    before: Nanoseconds
    """How long before the first question the portfolio is brought in."""
    spread: Nanoseconds
    """Over how much business time the questions come."""


class _Parties(NamedTuple):
    insurer: str
    asker: str
    bureau: str


class Applicant(NamedTuple):
    """Somebody who is asked about: by identity number, and whether the portfolio has them."""

    identity: str
    insured: bool


def parties_of(arguments: DuplicateQuestions, scenario: Scenario) -> _Parties:
    """Who takes part. ValueError where one is no insurer, there is no bureau, or more are insured than there are."""
    roles = {client.name: client.role for client in scenario.client_names}
    for name in (arguments.insurer, arguments.asker):
        if roles.get(name) != "insurer":
            raise ValueError(f"`{name}` is no insurer")
    bureau = next((name for name, role in roles.items() if role == "bureau"), None)
    if bureau is None:
        raise ValueError("tokens are keyed by a bureau, and there is none")
    if arguments.insured > min(arguments.questions, arguments.people):
        raise ValueError("`insured` is more than `questions`, or than `people`")
    return _Parties(arguments.insurer, arguments.asker, bureau)


def identity(number: int) -> str:
    """The identity number (GB 11643) of the person of that number, made up: born in Ningbo between 1950 and 2004."""
    year, rest = 1950 + number % 55, number // 55
    month, day, order = 1 + rest % 12, 1 + rest // 12 % 28, rest // 336 % 1000
    digits = f"330203{year}{month:02}{day:02}{order:03}"
    return digits + check_character(digits)


def applicants(arguments: DuplicateQuestions, seed: int) -> tuple[Applicant, ...]:
    """Who is asked about, in the order drawn; the portfolio is the people of numbers 0 to ``people`` - 1."""
    strangers = arguments.questions - arguments.insured
    numbers = (*range(arguments.insured), *range(arguments.people, arguments.people + strangers))
    drawn = sorted(numbers, key=lambda number: keyed_draw(seed, FLOW, str(number)))
    return tuple(Applicant(identity(number), number < arguments.people) for number in drawn)


def build(arguments: DuplicateQuestions, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:
    """The portfolio in batches, then every question in a case of its own: none waits for another's answer."""
    parties = parties_of(arguments, scenario)
    start_ms = scenario.run.clock.start
    drafts = []
    for number, first in enumerate(range(0, arguments.people, DECLARED_MAX)):
        people = range(first, min(first + DECLARED_MAX, arguments.people))
        tokens = sorted(pseudonym(keyring, parties.bureau, identity(one)) for one in people)
        rows = tuple((token, arguments.sum_insured) for token in tokens)
        title = f"{parties.insurer} brings in {len(rows)} policies"
        drafts.append(_draft(f"batch-{number + 1}", start_ms, parties.insurer, DeclareArgs(rows), title))
    begin_ms = start_ms + arguments.before // MILLISECOND
    for number, applicant in enumerate(applicants(arguments, seed)):
        time_ms = begin_ms + arguments.spread * number // arguments.questions // MILLISECOND
        asked = InquireArgs(token=pseudonym(keyring, parties.bureau, applicant.identity))
        title = f"{parties.asker} asks about an applicant"
        drafts.append(_draft(f"question-{number + 1}", time_ms, parties.asker, asked, title))
    return drafts


def openings(arguments: DuplicateQuestions, scenario: Scenario) -> tuple[Opening, ...]:  # noqa: ARG001 - as all flows
    """Nobody pays anybody."""
    return ()


def differences(arguments: DuplicateQuestions, scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:
    """Duplicates that were missed, and strangers that were taken for one."""
    told = _told(arguments, scenario, tree, seed)
    checks = (
        ("answers", told.true + told.missed + told.alarms + told.clear, arguments.questions),
        ("duplicates that were missed", told.missed, 0),
        ("strangers taken for duplicates", told.alarms, 0),
    )
    return tuple(f"{what}: {had}, should be {due}" for what, had, due in checks if had != due)


def figures(arguments: DuplicateQuestions, scenario: Scenario, tree: StateTree, seed: int) -> tuple[Sheet, ...]:
    """How well duplicates were told from strangers."""
    told = _told(arguments, scenario, tree, seed)
    precision = MILLION * told.true // max(1, told.true + told.alarms)
    recall = MILLION * told.true // max(1, told.true + told.missed)
    names = ("asked about", "insured elsewhere", "found", "false alarms")
    return (
        Sheet(
            title="Who was insured elsewhere",
            columns=(*(Column(name, "count") for name in names), Column("precision", "ppm"), Column("recall", "ppm")),
            rows=((arguments.questions, arguments.insured, told.true, told.alarms, precision, recall),),
            note=f"Asked of a portfolio of {arguments.people:,} people, by tokens that only the bureau can make.",
        ),
    )


class _Told(NamedTuple):
    true: int
    missed: int
    alarms: int
    clear: int


def _told(arguments: DuplicateQuestions, scenario: Scenario, tree: StateTree, seed: int) -> _Told:
    """What the answers on record came to. They are in the order of the questions, as the asker numbered them."""
    parties = parties_of(arguments, scenario)
    found: list[tuple[int, bool]] = []
    inquiry: Inquiry
    for key, inquiry in tree.items(Inquiry.namespace):
        if inquiry.asked_by == parties.asker:
            found.append((int(key.rpartition("/")[2]), inquiry.duplicate))
    said = [duplicate for _, duplicate in sorted(found)]
    pairs = list(zip(said, (one.insured for one in applicants(arguments, seed)), strict=False))
    count = pairs.count
    return _Told(count((True, True)), count((False, True)), count((True, False)), count((False, False)))


def _draft(name: str, time_ms: int, client: str, arguments: DeclareArgs | InquireArgs, title: str) -> Draft:
    asks = isinstance(arguments, InquireArgs)
    return Draft(
        id=name,
        time_ms=time_ms,
        client=client,
        call="risk.inquire" if asks else "risk.declare",
        arguments=arguments,
        title=title,
        flow=FLOW,
        case=name,
        stage="asked" if asks else "declared",
    )
