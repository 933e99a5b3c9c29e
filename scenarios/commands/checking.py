"""Searching for violations: ``check``, ``bugs``, ``explore`` and ``replay``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scenarios.commands.ending import end_in_order
from scenarios.commands.options import protocols
from scenarios.language.problems import did_you_mean

app = typer.Typer()


def _bugs(incomplete: str) -> list[str]:
    from scenarios.commands.completing import bugs as found  # noqa: PLC0415 -- only when TAB is pressed

    return found(incomplete)


class Network(StrEnum):
    """What a search plays."""

    REPLICAS = "replicas"
    CORES = "cores"


class Strategy(StrEnum):
    """How a search draws its faults."""

    SWARM = "swarm"
    CHURN = "churn"
    AMBUSH = "ambush"
    CONTEST = "contest"
    RELAY = "relay"
    TORN = "torn"
    HOARD = "hoard"
    LAG = "lag"
    LOSS = "loss"
    TWINS = "twins"


@app.command(
    epilog="\b\nExamples:\n  consortium check --protocol pbft --runs 100\n"
    "  consortium check --protocol raft --runs 100000 --jobs 2 --resume soak/raft.json\n"
    "  consortium check --protocol raft --bug raft-vote-ignores-logs\n"
    "  consortium check --protocol pbft --twins"
)
def check(  # noqa: PLR0913 -- one parameter an option
    *,
    protocol: Annotated[
        str, typer.Option("--protocol", metavar="NAME", help="raft, pbft or solo.", autocompletion=protocols)
    ],
    nodes: Annotated[int | None, typer.Option("--nodes", metavar="N", min=1, help="Voting members.")] = None,
    runs: Annotated[int, typer.Option("--runs", metavar="K", min=1, help="How many cases, one a seed.")] = 100,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="The first seed.")] = 0,
    budget: Annotated[
        float | None, typer.Option("--budget", metavar="SECONDS", min=0, help="Stop after so much CPU time.")
    ] = None,
    bug: Annotated[
        str | None,
        typer.Option("--bug", metavar="NAME", help="Plant one of `consortium bugs`.", autocompletion=_bugs),
    ] = None,
    liars: Annotated[
        int | None,
        typer.Option("--liars", metavar="K", min=0, help="Byzantine nodes, under pbft (left out: drawn, up to f)."),
    ] = None,
    network: Annotated[Network | None, typer.Option("--network", help="What is played (left out: drawn).")] = None,
    strategy: Annotated[Strategy, typer.Option("--strategy", help="How faults are drawn.")] = Strategy.SWARM,
    twins: Annotated[
        bool, typer.Option("--twins", help="Two copies of up to f members, with one key: --strategy twins, on cores.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", metavar="J", min=1, help="Processes.")] = 1,
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="FILE", help="Keep the search there, and go on with it.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where a failure is kept.")] = Path("failures"),
) -> None:
    """Search for a violation: random networks under random faults, with every oracle watching.

    With more liars than f, accountability alone is asked: that proofs convict nobody but liars.
    """
    from scenarios.adversary.command import run_check  # noqa: PLC0415 -- loads everything
    from scenarios.adversary.search import Plan  # noqa: PLC0415

    _require_protocol(protocol)
    end_in_order()
    if twins:
        strategy, network = Strategy.TWINS, Network.CORES
    plan = Plan(
        protocol=protocol,
        network=None if network is None else network.value,
        nodes=nodes,
        liars=liars,
        bug=bug,
        strategy=strategy.value,
    )
    raise typer.Exit(run_check(plan, seed=seed, runs=runs, budget_s=budget, jobs=jobs, resume=resume, out=out))


@app.command(epilog="\b\nExample:\n  consortium bugs --protocol raft")
def bugs(
    protocol: Annotated[str | None, typer.Option("--protocol", metavar="NAME", help="Only this protocol's.")] = None,
) -> None:
    """List the bug bank: bugs that real systems had, which `check --bug NAME` plants, and where they come from."""
    from scenarios.adversary.command import run_bugs  # noqa: PLC0415 -- loads everything

    if protocol is not None:
        _require_protocol(protocol)
    raise typer.Exit(run_bugs(protocol))


@app.command(
    epilog="\b\nExamples:\n  consortium explore --protocol pbft\n  consortium explore --protocol raft --depth 8"
)
def explore(
    *,
    protocol: Annotated[str, typer.Option("--protocol", metavar="NAME", help="raft or pbft.")],
    nodes: Annotated[int | None, typer.Option("--nodes", metavar="N", help="3 or more for raft, 4 for pbft.")] = None,
    depth: Annotated[int | None, typer.Option("--depth", metavar="D", min=1, help="Stop after D events.")] = None,
    budget: Annotated[
        float, typer.Option("--budget", metavar="SECONDS", min=0, help="Stop after so much time on the clock.")
    ] = 120.0,
) -> None:
    """Search every order of events up to a depth, on the real cores: crashes, lapses of time and liars included."""
    from scenarios.adversary.explore.command import run_explore  # noqa: PLC0415 -- loads the protocols

    end_in_order()
    raise typer.Exit(run_explore(protocol, nodes, depth=depth, budget_s=budget))


@app.command(epilog="\b\nExample:\n  consortium replay failures/raft-17.json")
def replay(file: Annotated[Path, typer.Argument(metavar="FAILURE.json", help="What check kept.")]) -> None:
    """Play a kept failure again, and say whether it is the very same run.

    Exit code 1: it still breaks. 0: its property holds now. 2: the file was edited, and breaks nothing any more.
    """
    from scenarios.adversary.command import run_replay  # noqa: PLC0415 -- loads everything

    raise typer.Exit(run_replay(file))


def _require_protocol(name: str) -> None:
    from consensus.protocols import protocol_names  # noqa: PLC0415 -- loads every protocol

    if name not in protocol_names():
        near = did_you_mean(name, protocol_names())
        raise typer.BadParameter(f"there is no protocol {name!r}{near}; there are: {', '.join(protocol_names())}")
