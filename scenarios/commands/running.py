"""Running a scenario: ``run`` and ``demo``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from scenarios.commands.ending import EXIT_OF_VERDICT, end_in_order, say_warnings
from scenarios.commands.options import (
    BusOption,
    Mode,
    ModeOption,
    OutOption,
    ProtocolOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    TraceOption,
    Ui,
    UiOption,
)
from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.shipped import find_scenario

app = typer.Typer()

_RUN_EPILOG = """\b
Examples:
  consortium run one_claim
  consortium run one_claim --mode processes --protocol raft
  consortium run my.yaml --mode processes --bus mqtt://127.0.0.1:1883
  consortium run my.yaml --seed 7 --set network.default.loss=5% --ui json
"""


@app.command(epilog=_RUN_EPILOG)
def run(  # noqa: PLR0913 -- one parameter an option
    *,
    scenario: ScenarioArgument,
    mode: ModeOption = None,
    bus: BusOption = None,
    protocol: ProtocolOption = None,
    seed: SeedOption = None,
    override: SetOption = None,
    out: OutOption = Path("runs"),
    ui: UiOption = None,
    trace: TraceOption = False,
) -> None:
    """Run a scenario and judge it."""
    options = {"run.mode": mode, "run.bus": bus, "consensus.protocol": protocol, "run.seed": seed}
    given = [f"{key}={value}" for key, value in options.items() if value is not None]
    _run(scenario, [*(override or []), *given], out, ui, trace=trace)


@app.command()
def demo(  # noqa: PLR0913 -- one parameter an option
    *,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="A shipped scenario.")] = "one_claim",
    mode: ModeOption = Mode.PROCESSES,
    bus: BusOption = None,
    protocol: ProtocolOption = None,
    out: OutOption = Path("runs"),
    ui: UiOption = None,
) -> None:
    """Run a shipped scenario on real node processes over the embedded bus."""
    options = {"run.mode": mode, "run.bus": bus, "consensus.protocol": protocol}
    _run(name, [f"{key}={value}" for key, value in options.items() if value is not None], out, ui)


def _run(given: str, overrides: Sequence[str], out: Path, ui: Ui | None, *, trace: bool = False) -> None:
    scenario = load_scenario(find_scenario(given), overrides)
    say_warnings(scenario.origin.warnings)
    from scenarios.dashboard import view_for  # noqa: PLC0415 -- rich is slow to import
    from scenarios.runner import run as run_scenario  # noqa: PLC0415 -- so are the nodes

    view = view_for(ui.value if ui is not None else None)
    end_in_order()
    try:
        result = run_scenario(
            scenario,
            mode=scenario.run.mode,
            bus=scenario.run.bus,
            protocol=scenario.consensus.protocol,
            seed=scenario.run.seed,
            out=out,
            view=view,
            trace=trace,
        )
    except ScenarioInvalid as invalid:
        raise ScenarioInvalid(scenario.origin.located(invalid.problems)) from None
    finally:
        view.close()
    raise typer.Exit(EXIT_OF_VERDICT[result.verdict])
