"""The flow "hospital-totals": a country's hospitals settle a year by their sums (row 49).

The insured are spread evenly over the person-years of the data; everyone who was in hospital is drawn a hospital, and
is insured with one company in all years. Nobody is an object: a hospital is so many counts and sums. With fewer
hospitals than there are in all, as many fewer people are insured.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from consensus.vocabulary import MILLISECOND
from network.virtual.draws import words_of
from node.contracts.accounts import Account, Opening, account
from node.contracts.fields import MILLION
from node.contracts.hospital_totals import CollectArgs, HospitalPeriod, InsurerTotal, ReportArgs, Row, owed
from node.ledger.state_tree import StateTree
from node.membership import KeyRing
from scenarios.language.models.base import Fen, Nanoseconds, Part, Ppm
from scenarios.language.schema import Scenario
from scenarios.results.figures import Column, Sheet
from scenarios.runner.drafts import Draft
from scenarios.runner.spending import PersonYear, load_person_years

FLOW = "hospital-totals"
PERIOD = "year"
_WORD_BITS = 32


class HospitalTotals(Part):
    """A year of hospitals' sums, a transaction each, spread over `spread`; then insurers make good what was paid."""

    flow: Literal["hospital-totals"]
    """This generator."""
    insured: Annotated[int, Field(ge=1, le=10**9)]
    """How many people the whole country's plans insure."""
    hospitals_in_all: Annotated[int, Field(ge=1, le=1_000_000)]
    """How many hospitals they go to; the scenario's own are so many of them."""
    yuan_per_dollar: Annotated[int, Field(ge=1, le=1_000)]
    """Yuan for a dollar of the data."""
    deductible: Fen
    """What of a year's inpatient bills the plan leaves to the insured."""
    ratio: Ppm
    """How much of the rest it pays."""
    cap: Fen
    """The most that it pays for a person and year."""
    patients_min: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Rows with fewer patients stay with the hospital."""
    spread: Nanoseconds
    """Over how much business time hospitals report."""


class Parties(NamedTuple):
    """Who takes part, in order of name."""

    hospitals: tuple[str, ...]
    insurers: tuple[str, ...]
    pool: str


class Sums(NamedTuple):
    """Patients, fen billed and fen payable, each at ``hospital * insurers + insurer``."""

    patients: array[int]
    billed: array[int]
    payable: array[int]


def parties_of(arguments: HospitalTotals, scenario: Scenario) -> Parties:
    """Who takes part. ValueError where there is no insurer, bureau or hospital, or more hospitals than in all."""
    names: dict[str, list[str]] = {}
    for client in scenario.client_names:
        names.setdefault(client.role, []).append(client.name)
    for needed in ("hospital", "insurer", "bureau"):
        if needed not in names:
            raise ValueError(f"nobody is a {needed}")
    if len(names["hospital"]) > arguments.hospitals_in_all:
        raise ValueError(f"{len(names['hospital'])} hospitals are more than the {arguments.hospitals_in_all} in all")
    return Parties(tuple(sorted(names["hospital"])), tuple(sorted(names["insurer"])), names["bureau"][0])


def people_of(arguments: HospitalTotals, parties: Parties) -> int:
    """How many people go to the scenario's own hospitals."""
    return arguments.insured * len(parties.hospitals) // arguments.hospitals_in_all


def payable_fen(arguments: HospitalTotals, billed_fen: int) -> int:
    """What the plan pays of a person's year."""
    eligible = max(0, billed_fen - arguments.deductible)
    return min(arguments.cap, eligible * arguments.ratio // MILLION)


def in_hospital(arguments: HospitalTotals, people: int) -> list[tuple[PersonYear, int, int]]:
    """Everyone who was in hospital: a person-year, how many live it, and what each was billed in fen."""
    rows = load_person_years()
    edges = [-(-place * people // len(rows)) for place in range(len(rows) + 1)]
    return [
        (row, edges[place + 1] - edges[place], row.inpatient_cents * arguments.yuan_per_dollar)
        for place, row in enumerate(rows)
        if row.inpatient_cents and edges[place + 1] > edges[place]
    ]


@lru_cache(maxsize=2)  # the plan, the verdict and the report ask for the same
def sums(arguments: HospitalTotals, parties: Parties, seed: int) -> Sums:
    """What each hospital has for each insurer."""
    width, count = len(parties.insurers), len(parties.hospitals)
    found = Sums(*(array("q", bytes(8 * width * count)) for _ in Sums._fields))
    patients, billed, payable = found
    for row, copies, billed_fen in in_hospital(arguments, people_of(arguments, parties)):
        paid_fen, insurer = payable_fen(arguments, billed_fen), row.person % width
        for word in words_of(f"{seed}/{FLOW}/{row.person}/{row.year}", copies):
            place = (word * count >> _WORD_BITS) * width + insurer
            patients[place] += 1
            billed[place] += billed_fen
            payable[place] += paid_fen
    return found


def rows_of(arguments: HospitalTotals, parties: Parties, found: Sums, hospital: int) -> tuple[Row, ...]:
    """What a hospital reports: the insurers of whose insured it treated enough."""
    width = len(parties.insurers)
    places = ((name, hospital * width + number) for number, name in enumerate(parties.insurers))
    return tuple(
        (name, found.patients[place], found.billed[place], found.payable[place])
        for name, place in places
        if found.patients[place] >= arguments.patients_min
    )


def build(arguments: HospitalTotals, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:  # noqa: ARG001 - a builder's shape
    """A report of each hospital that has anything to tell; then each insurer makes good."""
    parties = parties_of(arguments, scenario)
    found = sums(arguments, parties, seed)
    start_ms, spread_ms = scenario.run.clock.start, arguments.spread // MILLISECOND
    drafts: list[Draft] = []
    insurers: dict[str, None] = {}
    for number, hospital in enumerate(parties.hospitals):
        rows = rows_of(arguments, parties, found, number)
        if not rows:
            continue
        insurers.update(dict.fromkeys(name for name, *_ in rows))
        drafts.append(
            Draft(
                id=f"report/{hospital}",
                time_ms=start_ms + spread_ms * number // len(parties.hospitals),
                client=hospital,
                call="hospital-totals.report",
                arguments=ReportArgs(
                    period=PERIOD,
                    pool=parties.pool,
                    rows=rows,
                    cases=sha256(f"{seed}/{FLOW}/{hospital}".encode()).hexdigest(),
                ),
                cosigners=(parties.pool,),
                title=f"{hospital} settles its year",
                flow=FLOW,
                case=hospital,
                stage="settled",
            )
        )
    last = tuple(draft.id for draft in drafts)
    return drafts + [
        Draft(
            id=f"collect/{insurer}",
            time_ms=start_ms + spread_ms,
            client=insurer,
            call="hospital-totals.collect",
            arguments=CollectArgs(pool=parties.pool),
            after=last,
            title=f"{insurer} makes good what was paid for its insured",
            flow=FLOW,
            case=insurer,
            stage="collected",
        )
        for insurer in sorted(insurers)
    ]


def openings(arguments: HospitalTotals, scenario: Scenario) -> tuple[Opening, ...]:
    """The pool and the insurers begin with as much as everything that was billed."""
    parties = parties_of(arguments, scenario)
    most = sum(copies * fen for _, copies, fen in in_hospital(arguments, people_of(arguments, parties)))
    return tuple(Opening(name, most) for name in (parties.pool, *parties.insurers))


def differences(arguments: HospitalTotals, scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:
    """What the state holds other than the data comes to: by the person-years, without a draw of anybody's hospital."""
    parties = parties_of(arguments, scenario)
    due = dict.fromkeys(parties.insurers, 0)
    treated = 0
    for row, copies, billed_fen in in_hospital(arguments, people_of(arguments, parties)):
        due[parties.insurers[row.person % len(parties.insurers)]] += copies * payable_fen(arguments, billed_fen)
        treated += copies
    kept_back = _kept_back(arguments, parties, seed)
    held = [period for _, period in tree.items(HospitalPeriod.namespace)]
    checks = [("patients", sum(period.patients for period in held), treated - kept_back.patients)]
    for name in parties.insurers:
        total = _total(tree, parties, name)
        wanted = due[name] - kept_back.payable.get(name, 0)
        checks += [
            (f"payable for {name}", total.payable_fen, wanted),
            (f"made good by {name}", total.collected_fen, wanted),
        ]
    pool: Account | None = tree.get(Account.namespace, account(parties.pool, "clearing"))
    checks.append(("what the pool is still owed", 0 if pool is None else pool.balance_fen, 0))
    return tuple(f"{what}: {had}, should be {wanted}" for what, had, wanted in checks if had != wanted)


def _total(tree: StateTree, parties: Parties, insurer: str) -> InsurerTotal:
    found: InsurerTotal | None = tree.get(InsurerTotal.namespace, owed(insurer, parties.pool))
    return found or InsurerTotal()


class _KeptBack(NamedTuple):
    patients: int
    payable: dict[str, int]


def _kept_back(arguments: HospitalTotals, parties: Parties, seed: int) -> _KeptBack:
    """What lies in rows too small to be told."""
    found, width = sums(arguments, parties, seed), len(parties.insurers)
    patients, payable = 0, dict.fromkeys(parties.insurers, 0)
    for place, count in enumerate(found.patients):
        if count < arguments.patients_min:
            patients += count
            payable[parties.insurers[place % width]] += found.payable[place]
    return _KeptBack(patients, payable)


def figures(arguments: HospitalTotals, scenario: Scenario, tree: StateTree, seed: int) -> tuple[Sheet, ...]:
    """What the year came to, insurer by insurer."""
    parties = parties_of(arguments, scenario)
    kept_back = _kept_back(arguments, parties, seed)
    totals = [(name, _total(tree, parties, name)) for name in parties.insurers]
    rows = [(name, total.patients, total.payable_fen) for name, total in totals]
    whole = ("all", sum(row[1] for row in rows), sum(row[2] for row in rows))
    return (
        Sheet(
            title=f"A year of {len(parties.hospitals):,} hospitals and {people_of(arguments, parties):,} insured",
            columns=(Column("insurer", "text"), Column("in hospital", "count"), Column("paid", "fen")),
            rows=(*rows, whole),
            note=f"{kept_back.patients:,} people lie in rows below {arguments.patients_min}, and with their hospitals.",
        ),
    )
