"""The economics of a run: the scenario's terms with the bytes that the run's own ledger took.

Measures (the share is one of the market's organisations, in parts per million; money is fen a year):
``economics.covered_from``, ``economics.worth_it_from`` and ``economics.critical_mass``, not measured where there is no
such share; ``economics.saving``, ``economics.cost`` and ``economics.net``, one value a member with all joined;
``economics.lost``, one value a remaining member where somebody leaves; ``economics.bytes``, of a transaction on a disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from consensus.chain import Block, Certificate
from node.contracts.fields import MILLION
from scenarios.economics.adoption import Costed, Network
from scenarios.language.models.economics import Economics
from scenarios.results import Metrics
from scenarios.results.figures import Column, Sheet

SHARES = ("covered_from", "worth_it_from", "critical_mass")
"""What is measured as a share of the market."""

_encode = msgspec.msgpack.Encoder().encode  # as stores keep blocks and certificates

ROWS_MAX = 12
"""Of the table by members joined."""


def costed(chain: Sequence[tuple[Block, Certificate | None]]) -> Costed | None:
    """What the blocks of ``chain`` take on a node's disks, for each of their transactions; None without any."""
    count = sum(len(block.transactions) for block, _ in chain[1:])
    size = sum(len(_encode(part)) for entry in chain[1:] for part in entry if part is not None)
    return Costed(Fraction(size, count)) if count else None


def measure_economics(terms: Economics, measured: Costed, metrics: Metrics, end_ns: int) -> None:
    """Put what the network comes to among a run's measures, as of its end."""
    network = Network(terms, measured)
    for name in SHARES:
        count = getattr(network, name)
        if count is not None:
            metrics.sample(f"economics.{name}", end_ns, count * MILLION // network.size, "ppm")
    everybody = network.first(network.size)
    for member in everybody:
        year = network.year(member, everybody)
        for name in ("saving", "cost", "net"):
            metrics.sample(f"economics.{name}", end_ns, round(getattr(year, name)), "fen")
    metrics.sample("economics.bytes", end_ns, round(measured.bytes_a_transaction), "bytes")
    for lost in _lost(terms, network).values():
        metrics.sample("economics.lost", end_ns, round(lost), "fen")


def economic_figures(terms: Economics, measured: Costed) -> tuple[Sheet, ...]:
    """The same as tables of the report."""
    network = Network(terms, measured)
    sheets = [_by_joined(network), _shares(network)]
    lost = _lost(terms, network)
    if lost:
        sheets.append(_leaving(terms, network, lost))
    return tuple(sheets)


def _lost(terms: Economics, network: Network) -> dict[int, Fraction]:
    leaving = terms.leaving
    return {} if leaving is None else network.without(leaving.place - 1, leaving.after, leaving.unpaid)


def _by_joined(network: Network) -> Sheet:
    step = -(-network.size // ROWS_MAX)
    counts = sorted({1, *range(step, network.size + 1, step), network.size})
    rows = []
    for count in counts:
        joined = network.first(count)
        years = [network.year(member, joined) for member in joined]
        rows.append(
            (
                count,
                count * MILLION // network.size,
                *(round(sum(getattr(year, name) for year in years) / count) for name in ("saving", "cost", "net")),
                round(min(year.net for year in years)),
                round(max(year.net for year in years)),
            )
        )
    return Sheet(
        title="A member's year, by how many have joined",
        columns=(
            Column("joined", "count"),
            Column("of the market", "ppm"),
            *(Column(f"{name}, mean", "fen") for name in ("saving", "cost", "net")),
            Column("net, worst", "fen"),
            Column("net, best", "fen"),
        ),
        rows=tuple(rows),
        note="From the terms under `economics`, which are assumptions, and the bytes of this run's ledger.",
    )


def _shares(network: Network) -> Sheet:
    meanings = (
        "together they save what it costs",
        "it pays for each of them",
        "everybody else joins of their own accord",
    )
    found = [(name, getattr(network, attribute)) for name, attribute in zip(meanings, SHARES, strict=True)]
    return Sheet(
        title="From how many members on",
        columns=(Column("what", "text"), Column("members", "count"), Column("of the market", "ppm")),
        rows=tuple((name, count, None if count is None else count * MILLION // network.size) for name, count in found),
        note="In the order of joining; a dash where it never comes to that.",
    )


def _leaving(terms: Economics, network: Network, lost: dict[int, Fraction]) -> Sheet:
    everybody = network.first(network.size)
    rows = tuple(
        (
            member + 1,
            round(network.year(member, everybody).net),
            round(loss),
            round(network.year(member, everybody).net - loss),
        )
        for member, loss in lost.items()
    )
    assert terms.leaving is not None  # noqa: S101 - there is a loss
    return Sheet(
        title=f"The year in which member {terms.leaving.place} leaves",
        columns=(
            Column("member", "count"),
            Column("net of a full year", "fen"),
            Column("lost", "fen"),
            Column("net of this year", "fen"),
        ),
        rows=rows,
        note="Items with it are on paper again; its part of common costs, and what it left unpaid, fall to the rest.",
    )
