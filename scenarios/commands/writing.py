"""Writing scenarios: ``validate``, ``schema`` and ``scenarios``."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.commands.ending import say_warnings
from scenarios.commands.options import SetOption
from scenarios.failures import EXIT_INVALID, say
from scenarios.language import Scenario, ScenarioInvalid, arithmetic, json_schema_text, load_scenario
from scenarios.listing import listing
from scenarios.shipped import find_scenario

app = typer.Typer()


@app.command(epilog="\b\nExample:\n  consortium validate my.yaml other.yaml")
def validate(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Files, or shipped scenarios' names.")],
    override: SetOption = None,
) -> None:
    """Check scenarios: every problem at its place; n, f and quorum where there is none."""
    refused = 0
    for given in scenarios:
        try:
            scenario = load_scenario(find_scenario(given), override or [])
            _require_plan(scenario)
        except ScenarioInvalid as invalid:
            say(str(invalid))
            refused += 1
            continue
        say_warnings(scenario.origin.warnings)
        nodes = len(scenario.member_names)
        typer.echo(f"{given}: valid; {nodes} nodes, {len(scenario.voters)} may vote; {arithmetic(scenario)}")
    if refused:
        raise typer.Exit(EXIT_INVALID)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenarios, for editors."""
    typer.echo(json_schema_text(), nl=False)


@app.command()
def scenarios() -> None:
    """List the shipped scenarios, theme by theme."""
    typer.echo(listing())


def _require_plan(scenario: Scenario) -> None:
    """ScenarioInvalid where the story or the workload cannot be made from an otherwise valid scenario."""
    from scenarios.runner.plan import make_plan  # noqa: PLC0415 -- loads every contract

    try:
        make_plan(scenario)
    except ScenarioInvalid as invalid:
        raise ScenarioInvalid(scenario.origin.located(invalid.problems)) from None
