"""Many runs at once, and measuring this machine: ``experiment``, ``profile``, ``sweep`` and ``calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.commands.ending import end_in_order
from scenarios.commands.options import ScenarioArgument, SetOption, Ui, UiOption
from scenarios.failures import EXIT_INVALID, say
from scenarios.language import ScenarioInvalid
from scenarios.shipped import experiments, find_experiment, find_scenario, profiles

app = typer.Typer()


def _experiments(incomplete: str) -> list[str]:
    return [name for name in experiments() if name.startswith(incomplete)]


def _profiles(incomplete: str) -> list[str]:
    return [name for name in profiles() if name.startswith(incomplete)]


@app.command(
    epilog="\b\nExamples:\n  consortium experiment raft_figure_16 --trials 100\n"
    "  consortium experiment raft_figure_16 --jobs 2 --keep trials.jsonl --page figure-16.md\n"
    "  consortium experiment pbft_theory"
)
def experiment(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A shipped experiment, or a file.", autocompletion=_experiments)
    ],
    trials: Annotated[int | None, typer.Option(min=1, help="For each line, at most; else as the file says.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that play at a time.")] = 1,
    keep: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep what was played, and go on from there.")
    ] = None,
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a Markdown page, with its figure.")] = None,
) -> None:
    """Repeat a published result in virtual time; ours beside what was published."""
    from scenarios.experiments.command import run_experiment  # noqa: PLC0415 -- loads the virtual world

    try:
        run_experiment(find_experiment(name), trials=trials, jobs=jobs, kept=keep, written=page)
    except ScenarioInvalid as invalid:
        say(str(invalid))
        raise typer.Exit(EXIT_INVALID) from None


@app.command(
    epilog="\b\nExamples:\n  consortium profile\n  consortium profile shie_2017 bitcoin\n"
    "  consortium profile --page platforms.md"
)
def profile(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME...]", help="Shipped profiles, or files; none: list them.", autocompletion=_profiles
        ),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a Markdown page; of all where none is named.")
    ] = None,
) -> None:
    """Run other platforms' settings in virtual time; published figures beside ours, and the error."""
    from scenarios.profiles.command import run_profiles  # noqa: PLC0415 -- loads the virtual world

    raise typer.Exit(run_profiles(names or [], page))


@app.command(
    epilog="\b\nExamples:\n  consortium sweep protocols_and_sizes\n"
    "  consortium sweep my.yaml --set sweep.repeat=20 --resume\n"
    "  consortium sweep my.yaml --scheduler tcp://10.0.0.7:8786"
)
def sweep(  # noqa: PLR0913 -- one parameter an option
    *,
    scenario: ScenarioArgument,
    override: SetOption = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", min=1, help="Processes that play at a time; else one a core.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Play on a Dask cluster (tcp://HOST:8786).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where results go; else runs/SCENARIO/sweep.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the finished runs that lie there.")] = False,
    ui: UiOption = None,
) -> None:
    """Run every point of a scenario's `sweep:` in virtual time, into one table with means and intervals.

    The table is the same, byte by byte, whatever plays it. A sweep that was cut off goes on with --resume.
    """
    from scenarios.sweeps.command import run_sweep  # noqa: PLC0415 -- loads the virtual world
    from scenarios.sweeps.sweeping import Means  # noqa: PLC0415
    from scenarios.workers import cores  # noqa: PLC0415

    end_in_order()
    means = Means(jobs=jobs or cores(), scheduler=scheduler)
    path = find_scenario(scenario)
    raise typer.Exit(run_sweep(path, override or [], means, out=out, resume=resume, machine=ui is Ui.JSON))


@app.command(
    epilog="\b\nExample:\n  consortium calibrate costs.yaml\n"
    "  consortium run one_claim --mode virtual --set costs=$PWD/costs.yaml"
)
def calibrate(path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")]) -> None:
    """Measure what a node's work costs on this machine, for a scenario's `costs:`."""
    from scenarios.calibration import write_costs  # noqa: PLC0415 -- loads a whole node

    try:
        costs = write_costs(path)
    except OSError as error:
        say(f"{path}: cannot be written: {error.strerror}")
        raise typer.Exit(EXIT_INVALID) from None
    for name, ns in costs.items():
        typer.echo(f"{name:12} {ns:>10,} ns")
