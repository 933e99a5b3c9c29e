"""The actuary's: ``actuary triangle``, ``actuary reserve``, ``actuary price`` and ``actuary delay``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
actuary = typer.Typer(no_args_is_help=True, help="Triangles and reserves from what a run left, and prices of layers.")
app.add_typer(actuary, name="actuary")

SourceArgument = Annotated[
    Path,
    typer.Argument(metavar="RUN_DIR|FILE", help="A run's folder, or a CSV file with the columns occurred,known,fen."),
]
PeriodOption = Annotated[int, typer.Option("--period", metavar="DAYS", min=1, help="How long a period is.")]
StartOption = Annotated[
    str | None, typer.Option("--start", metavar="DAY", help="When the first begins; else the day of the first loss.")
]
AtOption = Annotated[
    str | None, typer.Option("--at", metavar="DAY", help="As it was known on that day; else to the newest report.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write there too, as .csv or .json by its name.")
]


class Sigma(StrEnum):
    """How the last column's variance is come by."""

    MACK = "mack"
    LOG_LINEAR = "log-linear"


@actuary.command(
    epilog="\b\nExamples:\n  consortium actuary triangle runs/reserved_late/latest --start 2013-01-01 --period 365\n"
    "  consortium actuary triangle losses.csv --period 91 -o triangle.csv"
)
def triangle(
    source: SourceArgument,
    *,
    period: PeriodOption = 365,
    start: StartOption = None,
    at: AtOption = None,
    out: OutOption = None,
) -> None:
    """Show what was known of each origin period's losses, development period by development period.

    Of a run with ceded losses it is what was reported; of one with claims, what was paid after notice.
    """
    from scenarios.actuary.command import show_triangle  # noqa: PLC0415 -- loads contracts

    raise typer.Exit(show_triangle(source, period, start, at, out))


@actuary.command(
    epilog="\b\nExample:\n  consortium actuary reserve runs/reserved_late/latest --start 2013-01-01 --at 2017-12-31"
)
def reserve(  # noqa: PLR0913 -- one parameter an option
    source: SourceArgument,
    *,
    period: PeriodOption = 365,
    start: StartOption = None,
    at: AtOption = None,
    sigma: Annotated[Sigma, typer.Option("--sigma", help="The last column's variance.")] = Sigma.MACK,
    out: OutOption = None,
) -> None:
    """Estimate what is incurred and not reported, by chain-ladder with Mack's standard errors.

    Needs the extra `actuary`.
    """
    from scenarios.actuary.command import show_reserve  # noqa: PLC0415 -- loads contracts

    raise typer.Exit(show_reserve(source, period, start, at, sigma.value, out))


@actuary.command(
    epilog='\b\nExample:\n  consortium actuary price "gamma 2 15" --losses 0.5 --limit 30 --attachment 20 '
    "--reinstatements 2"
)
def price(  # noqa: PLR0913 -- one parameter an option
    severity: Annotated[
        str,
        typer.Argument(
            metavar="SEVERITY", help="One loss: gamma SHAPE SCALE, pareto THRESHOLD SHAPE or lognormal MEDIAN SIGMA."
        ),
    ],
    *,
    losses: Annotated[float, typer.Option("--losses", metavar="N", min=0, help="Losses a year in the mean, Poisson.")],
    limit: Annotated[float, typer.Option("--limit", metavar="AMOUNT", help="The most the layer pays of one loss.")],
    attachment: Annotated[float, typer.Option("--attachment", metavar="AMOUNT", help="Where it begins.")] = 0.0,
    reinstatements: Annotated[int, typer.Option("--reinstatements", metavar="N", min=0, help="How many.")] = 0,
    rate: Annotated[
        float, typer.Option("--rate", metavar="PERCENT", min=0, help="What a reinstatement costs of the premium.")
    ] = 100.0,
    years: Annotated[int, typer.Option("--years", metavar="N", min=2, max=20_000_000, help="How many to simulate.")] = (
        500_000
    ),
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the simulation.")] = 1,
    out: OutOption = None,
) -> None:
    """Price a layer with reinstatements by Monte Carlo, with its standard error, beside the numerical result.

    Needs the extra `actuary`.
    """
    from scenarios.actuary.command import show_price  # noqa: PLC0415 -- loads numpy

    terms = (losses, limit, attachment, reinstatements, rate)
    raise typer.Exit(show_price(severity, terms, years, seed, out))


@actuary.command(epilog="\b\nExample:\n  consortium actuary delay --seeds 40 --out delays.csv --plot delays.svg")
def delay(
    *,
    medians: Annotated[
        str, typer.Option("--medians", metavar="DAYS,...", help="Median delays of notice.")
    ] = "0,30,90,180,365",
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", min=2, max=10_000, help="Runs for each.")] = 10,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the scenario reserved_late.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Every run, as CSV.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="A picture, .svg or .png.")] = None,
) -> None:
    """Measure how far off the reinsurer's reserve is when losses are told late.

    The picture needs the extra `analysis`.
    """
    from scenarios.actuary.command import show_delays  # noqa: PLC0415 -- loads the runner

    raise typer.Exit(show_delays(medians, seeds, overrides or [], out, plot))
