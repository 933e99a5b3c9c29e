"""The flow "e-policies": a portfolio of electronic policies of which only its size and its premium are published.

Row 58 gives 212,700 policies and 37,363,600 yuan. Every policy's premium is that sum's part by a drawn weight, largest
remainder, so all of them together are the published sum to the fen; a scenario issues all of them, or one in so many.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from consensus.vocabulary import MILLISECOND
from node.contracts.accounts import Account, Opening, account
from node.contracts.e_policies import ROWS_MAX, EPolicy, IssueArgs, SettleArgs
from node.contracts.money import allocate
from node.ledger.state_tree import StateTree
from node.membership import KeyRing
from scenarios.language.models.base import Fen, Nanoseconds, Part, Ppm, Word
from scenarios.language.schema import Scenario
from scenarios.runner.drafts import Draft, Objects
from scenarios.runner.draws import keyed_draw

FLOW = "e-policies"

WEIGHT_LEAST, WEIGHT_MOST = 50, 200
"""A policy's premium is drawn between these parts of a common measure, evenly."""

POLICIES_MAX = 1_000_000


class EPolicies(Part):
    """A portfolio of electronic policies, issued in batches over `spread`, and the claims that some of them have."""

    flow: Literal["e-policies"]
    """This generator."""
    insurer: Word
    """Who issues them."""
    channel: Word
    """Who sells them and collects the premium."""
    policies: Annotated[int, Field(ge=1, le=POLICIES_MAX)]
    """How many the whole portfolio has."""
    premium: Annotated[Fen, Field(ge=1)]
    """What they bring together, shared out among them to the fen."""
    one_in: Annotated[int, Field(ge=1, le=POLICIES_MAX)] = 1
    """Only every so manieth is issued."""
    batch: Annotated[int, Field(ge=1, le=ROWS_MAX)] = ROWS_MAX
    """How many at most are issued in one transaction."""
    claiming: Ppm = 0
    """The share of those issued that has a claim."""
    claim: Fen = 0
    """How much each claim asks for."""
    sum_insured: Fen
    """What each policy pays at most."""
    term: Nanoseconds
    """How long each covers."""
    spread: Nanoseconds
    """Over how much business time they are issued; claims come in as much time again."""


class _Parties(NamedTuple):
    insurer: str
    channel: str


class Issued(NamedTuple):
    """One policy that a scenario issues: its place in the portfolio, its premium, and what is claimed of it."""

    place: int
    premium_fen: int
    claimed_fen: int


@lru_cache(maxsize=4)  # the plan, the openings and the verdict ask for the same
def premiums(policies: int, total_fen: int, seed: int) -> tuple[int, ...]:
    """Every policy's premium in fen; they add up to ``total_fen``."""
    span = WEIGHT_MOST - WEIGHT_LEAST + 1
    weights = [WEIGHT_LEAST + keyed_draw(seed, FLOW, str(place), "premium") % span for place in range(policies)]
    return allocate(total_fen, weights)


def issued(arguments: EPolicies, seed: int) -> list[Issued]:
    """The policies that are issued, in order; claims come to every so manieth of them."""
    parts = premiums(arguments.policies, arguments.premium, seed)
    places = range(0, arguments.policies, arguments.one_in)
    claim_fen = min(arguments.claim, arguments.sum_insured)
    return [
        Issued(place, parts[place], claim_fen if _claims(number, arguments.claiming) else 0)
        for number, place in enumerate(places)
    ]


def parties_of(arguments: EPolicies, scenario: Scenario) -> _Parties:
    """Who takes part. ValueError where one is nobody, or no insurer."""
    roles = {client.name: client.role for client in scenario.client_names}
    for name in (arguments.insurer, arguments.channel):
        if name not in roles:
            raise ValueError(f"nobody is called `{name}`")
    if roles[arguments.insurer] != "insurer":
        raise ValueError(f"`{arguments.insurer}` is no insurer")
    return _Parties(arguments.insurer, arguments.channel)


def build(arguments: EPolicies, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:  # noqa: ARG001 - a builder's shape
    """Every batch, and every claim after its batch, in order of submission."""
    found = issued(arguments, seed)
    cuts = range(0, len(found), arguments.batch)
    drafts: list[Draft] = []
    claims: list[tuple[str, int, Issued]] = []
    for number, first in enumerate(cuts):
        rows = found[first : first + arguments.batch]
        draft = _batch(arguments, scenario.run.clock.start, number, len(cuts), rows, seed)
        drafts.append(draft)
        claims += ((draft.id, row, policy) for row, policy in enumerate(rows) if policy.claimed_fen)
    begin_ms = scenario.run.clock.start + arguments.spread // MILLISECOND
    for number, (batch, row, policy) in enumerate(claims):
        time_ms = begin_ms + arguments.spread * number // len(claims) // MILLISECOND
        drafts.append(_claim(arguments, number, time_ms, batch, row, policy))
    return drafts


def openings(arguments: EPolicies, scenario: Scenario) -> tuple[Opening, ...]:
    """The channel begins with what it has collected, the insurer with what claims may cost."""
    parties = parties_of(arguments, scenario)
    count = -(-arguments.policies // arguments.one_in)
    most_fen = min(arguments.claim, arguments.sum_insured) * count
    return (Opening(parties.channel, arguments.premium), Opening(parties.insurer, most_fen))


def differences(arguments: EPolicies, scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:
    """What the state holds other than the portfolio has, and the portfolio other than was given."""
    parties = parties_of(arguments, scenario)
    found = issued(arguments, seed)
    whole_fen = sum(premiums(arguments.policies, arguments.premium, seed))
    held = [policy for _, policy in tree.items(EPolicy.namespace)]
    income: Account | None = tree.get(Account.namespace, account(parties.insurer, "premium-income"))
    checks = (
        ("the portfolio's premium in fen", whole_fen, arguments.premium),
        ("policies", len(held), len(found)),
        ("premium of those issued, in fen", sum(p.premium_fen for p in held), sum(p.premium_fen for p in found)),
        ("claims of those issued, in fen", sum(p.claimed_fen for p in held), sum(p.claimed_fen for p in found)),
        ("premium income in fen", 0 if income is None else -income.balance_fen, sum(p.premium_fen for p in found)),
    )
    return tuple(f"{what}: {had}, should be {due}" for what, had, due in checks if had != due)


def _claims(number: int, share_ppm: int) -> bool:
    """Whether the policy of that number has a claim: so many of the first n have one as the share says."""
    return (number + 1) * share_ppm // 1_000_000 > number * share_ppm // 1_000_000


def _batch(  # noqa: PLR0913, PLR0917 - the facts of one batch
    arguments: EPolicies, start_ms: int, number: int, count: int, rows: list[Issued], seed: int
) -> Draft:
    told = tuple(
        (_digest(seed, policy.place, "customer"), policy.premium_fen, _digest(seed, policy.place, "document"))
        for policy in rows
    )
    return Draft(
        id=f"batch-{number + 1}",
        time_ms=start_ms + arguments.spread * number // count // MILLISECOND,
        client=arguments.insurer,
        call="e-policies.issue",
        arguments=IssueArgs(
            channel=arguments.channel,
            product="e-health",
            sum_insured_fen=arguments.sum_insured,
            term_ms=arguments.term // MILLISECOND,
            rows=told,
        ),
        cosigners=(arguments.channel,),
        title=f"{arguments.insurer} issues {len(rows)} electronic policies",
        flow=FLOW,
        case=f"batch-{number + 1}",
        stage="issued",
    )


def _claim(  # noqa: PLR0913, PLR0917 - the facts of one claim
    arguments: EPolicies, number: int, time_ms: int, batch: str, row: int, policy: Issued
) -> Draft:
    def settling(objects: Objects) -> SettleArgs:
        return SettleArgs(batch=objects[batch], row=row, amount_fen=policy.claimed_fen)

    return Draft(
        id=f"claim-{number + 1}",
        time_ms=time_ms,
        client=arguments.insurer,
        call="e-policies.settle",
        arguments=settling,
        after=(batch,),
        title=f"{arguments.insurer} pays a claim",
        flow=FLOW,
        case=batch,
        stage="paid",
    )


def _digest(seed: int, place: int, what: str) -> str:
    """A pseudonym, or a fingerprint, that is made up: 32 bytes in hex."""
    return "".join(f"{keyed_draw(seed, FLOW, str(place), what, str(part)):016x}" for part in range(4))
