"""The flow "points": platforms that open very many point accounts, exchanges between them, and a clearing (row 22).

The source names 500,000 users 50万积分用户. Every platform gives its users their first points in batches; drawn users
then change some into another platform's, through the app of their own; at the end one platform settles. The verdict
replays all of it from the rate table with fractions, and asks whether value was conserved over all accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from hashlib import blake2b
from math import ceil
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from consensus.vocabulary import MILLISECOND
from node.contracts.accounts import Account, Opening, account
from node.contracts.points import ROWS_MAX, IssueArgs, Platform, Points, SettleArgs, SwapArgs
from node.ledger.state_tree import StateTree
from node.membership import KeyRing
from scenarios.language.models.base import Fen, Nanoseconds, Part, Word
from scenarios.language.schema import Scenario
from scenarios.runner.drafts import Draft
from scenarios.runner.draws import keyed_draw

FLOW = "points"

ACCOUNTS_MAX = 2_000_000
POINTS_MAX = 1_000_000


class PointAccounts(Part):
    """Point accounts at several platforms, evenly, and exchanges between them; one settlement at the end."""

    flow: Literal["points"]
    """This generator."""
    platforms: Annotated[tuple[Word, ...], Field(min_length=2, max_length=32)]
    """Who issues points; their rates stand under `settings.points`."""
    accounts: Annotated[int, Field(ge=2, le=ACCOUNTS_MAX)]
    """How many users there are: each has an account at one platform, in turns."""
    points: Annotated[int, Field(ge=1, le=POINTS_MAX)]
    """The most points that a user begins with; how many, from half of it on, is drawn."""
    batch: Annotated[int, Field(ge=1, le=ROWS_MAX)] = ROWS_MAX
    """How many accounts at most are opened in one transaction."""
    swaps: Annotated[int, Field(ge=0, le=100_000)]
    """How many users, drawn, change all their points into those of the next platform."""
    cash: Fen
    """What each platform has at the bank, to settle with."""
    spread: Nanoseconds
    """Over how much business time accounts are opened; exchanges come in as much time again."""


class _User(NamedTuple):
    platform: int
    name: str
    points: int


def cast_of(arguments: PointAccounts, scenario: Scenario) -> tuple[str, ...]:
    """The platforms. ValueError where one is nobody, stands there twice, or more users change than there are."""
    names = {client.name for client in scenario.client_names}
    for name in arguments.platforms:
        if name not in names:
            raise ValueError(f"nobody is called `{name}`")
    if len(set(arguments.platforms)) < len(arguments.platforms):
        raise ValueError("a platform stands there twice")
    if arguments.swaps > arguments.accounts:
        raise ValueError(f"{arguments.swaps:,} exchanges, and only {arguments.accounts:,} users")
    return arguments.platforms


def build(arguments: PointAccounts, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:  # noqa: ARG001 - a builder's shape
    """Every batch, every exchange after its user's batch, and the settlement after all of them."""
    start_ms, spread_ms = scenario.run.clock.start, arguments.spread // MILLISECOND
    opened = _batches(arguments)
    drafts = []
    for number, (platform, first) in enumerate(opened):
        rows = tuple((user.name, user.points) for user in _of_batch(arguments, platform, first, seed))
        drafts.append(
            Draft(
                id=_batch_id(platform, first),
                time_ms=start_ms + spread_ms * number // len(opened),
                client=arguments.platforms[platform],
                call="points.issue",
                arguments=IssueArgs(rows=rows),
                title=f"{arguments.platforms[platform]} opens {len(rows)} point accounts",
                flow=FLOW,
                case=_batch_id(platform, first),
                stage="opened",
            )
        )
    swaps = [_swap(arguments, start_ms + spread_ms, number, seed) for number in range(arguments.swaps)]
    settle = Draft(
        id="settle",
        time_ms=start_ms + 2 * spread_ms,
        client=arguments.platforms[0],
        call="points.settle",
        arguments=SettleArgs(),
        after=tuple(draft.id for draft in swaps),
        title="all positions are paid",
        flow=FLOW,
        case="settle",
        stage="settled",
    )
    return [*drafts, *swaps, *([settle] if swaps else [])]


def openings(arguments: PointAccounts, scenario: Scenario) -> tuple[Opening, ...]:  # noqa: ARG001 - an opening's shape
    """Every platform has cash to settle with."""
    return tuple(Opening(name, arguments.cash) for name in arguments.platforms)


def differences(arguments: PointAccounts, scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:  # noqa: ARG001 - a verdict's shape
    """Where the state is not what the rates make of the drawn points, and where value was not conserved."""
    platforms: dict[str, Platform] = dict(tree.items(Platform.namespace))
    if set(platforms) != set(arguments.platforms):
        return (f"platforms with a rate: {', '.join(platforms)}; in the flow: {', '.join(arguments.platforms)}",)
    held = dict.fromkeys(arguments.platforms, 0)
    count = 0
    for key, points in tree.items(Points.namespace):
        held[key.partition("/")[0]] += points.balance
        count += 1
    due, issued, joined = _replayed(arguments, platforms, seed)
    value = sum(held[name] * found.rate + found.kept for name, found in platforms.items())
    checks: list[tuple[str, object, object]] = [
        ("accounts", count, arguments.accounts + joined),
        ("value of all points and of what was kept back, in thousandths of a fen", value, issued),
        ("positions in thousandths of a fen", [found.position for found in platforms.values()], [0] * len(platforms)),
    ]
    tills: list[Account | None] = [tree.get(Account.namespace, account(name, "cash")) for name in platforms]
    cash = sum(till.balance_fen for till in tills if till is not None)
    checks.append(("cash of all platforms in fen", cash, arguments.cash * len(platforms)))
    for name, found in platforms.items():
        checks.append((f"points of {name}", (held[name], found.outstanding), (due[name], due[name])))
    return tuple(f"{what}: {had}, should be {should}" for what, had, should in checks if had != should)


def _replayed(arguments: PointAccounts, platforms: dict[str, Platform], seed: int) -> tuple[dict[str, int], int, int]:
    """Points by platform, the value of all that was issued, and how many users joined another platform."""
    due = dict.fromkeys(arguments.platforms, 0)
    for user in _users(arguments, seed):
        due[arguments.platforms[user.platform]] += user.points
    issued = sum(points * platforms[name].rate for name, points in due.items())
    for number in range(arguments.swaps):
        user, other = _swapping(arguments, number, seed)
        give, take = arguments.platforms[user.platform], arguments.platforms[other]
        ratio = Fraction(platforms[give].rate, platforms[take].rate)
        got = int(user.points * ratio)
        due[take] += got
        due[give] -= ceil(got / ratio)
    return due, issued, arguments.swaps


def _batches(arguments: PointAccounts) -> list[tuple[int, int]]:
    """(platform, first account at it) of each batch, the platforms in turns."""
    places = range(0, -(-arguments.accounts // len(arguments.platforms)), arguments.batch)
    found = ((platform, first) for first in places for platform in range(len(arguments.platforms)))
    return [(platform, first) for platform, first in found if _place(arguments, platform, first) < arguments.accounts]


def _of_batch(arguments: PointAccounts, platform: int, first: int, seed: int) -> Iterator[_User]:
    for at in range(first, first + arguments.batch):
        place = _place(arguments, platform, at)
        if place < arguments.accounts:
            yield _user(arguments, place, seed)


def _users(arguments: PointAccounts, seed: int) -> Iterator[_User]:
    return (_user(arguments, place, seed) for place in range(arguments.accounts))


def _place(arguments: PointAccounts, platform: int, at: int) -> int:
    """The user who has the ``at``-th account of a platform."""
    return at * len(arguments.platforms) + platform


def _user(arguments: PointAccounts, place: int, seed: int) -> _User:
    name = blake2b(f"{seed}/{place}".encode(), digest_size=8).hexdigest()
    least = -(-arguments.points // 2)
    points = least + keyed_draw(seed, FLOW, str(place), "points") % (arguments.points - least + 1)
    return _User(place % len(arguments.platforms), f"u{name}", points)


def _swapping(arguments: PointAccounts, number: int, seed: int) -> tuple[_User, int]:
    """The user of the exchange of that number, evenly spread over all, and into which platform's points."""
    user = _user(arguments, number * arguments.accounts // arguments.swaps, seed)
    return user, (user.platform + 1) % len(arguments.platforms)


def _swap(arguments: PointAccounts, begin_ms: int, number: int, seed: int) -> Draft:
    user, other = _swapping(arguments, number, seed)
    place = number * arguments.accounts // arguments.swaps
    first = place // len(arguments.platforms) // arguments.batch * arguments.batch
    give = arguments.platforms[user.platform]
    return Draft(
        id=f"swap-{number + 1}",
        time_ms=begin_ms + arguments.spread * number // arguments.swaps // MILLISECOND,
        client=give,
        call="points.swap",
        arguments=SwapArgs(holder=user.name, give=give, take=arguments.platforms[other], points=user.points),
        after=(_batch_id(user.platform, first),),
        title="a user changes points",
        flow=FLOW,
        case=f"swap-{number + 1}",
        stage="swapped",
    )


def _batch_id(platform: int, first: int) -> str:
    return f"open-{platform + 1}-{first}"
