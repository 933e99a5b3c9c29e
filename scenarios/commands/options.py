"""What several commands take: arguments and options, each with its help, and the words that they may be."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


def _scenario_names(incomplete: str) -> list[str]:
    from scenarios.commands.completing import scenario_names  # noqa: PLC0415 -- only when TAB is pressed

    return scenario_names(incomplete)


def _settings(incomplete: str) -> list[str]:
    from scenarios.commands.completing import settings  # noqa: PLC0415 -- only when TAB is pressed

    return settings(incomplete)


def protocols(incomplete: str) -> list[str]:
    """Names for an option that takes a protocol's."""
    from scenarios.commands.completing import protocols as found  # noqa: PLC0415 -- only when TAB is pressed

    return found(incomplete)


class Mode(StrEnum):
    """The two worlds."""

    VIRTUAL = "virtual"
    PROCESSES = "processes"


class Ui(StrEnum):
    """How a run is shown."""

    LIVE = "live"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


ScenarioArgument = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO", help="A scenario file, or a shipped one's name.", autocompletion=_scenario_names
    ),
]
ModeOption = Annotated[Mode | None, typer.Option("--mode", help="virtual: simulated time; processes: real nodes.")]
BusOption = Annotated[
    str | None,
    typer.Option("--bus", metavar="BUS", help="embedded, mosquitto, mqtt://HOST:PORT or mqtts://HOST:PORT."),
]
ProtocolOption = Annotated[
    str | None, typer.Option("--protocol", metavar="NAME", help="solo, raft or pbft.", autocompletion=protocols)
]
TraceOption = Annotated[bool, typer.Option("--trace", help="Keep every event of a virtual run.")]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Everything random follows it.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override one value, as network.default.loss=5%. Repeatable.",
        autocompletion=_settings,
    ),
]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the run's folder is made.")]
UiOption = Annotated[Ui | None, typer.Option("--ui", help="live on a terminal, else plain; json for machines.")]
