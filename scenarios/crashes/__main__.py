"""``python -m scenarios.crashes virtual|kill``: campaigns of crashes. Exit codes as those of ``consortium``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.crashes.campaign import PROTOCOLS, Campaign, keep_sums, read_campaign, read_sums, run_campaign
from scenarios.crashes.campaign import told as told_campaign
from scenarios.crashes.planted import PLANTED
from scenarios.failures import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS, say, tell

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

KEEP_EVERY = 10


@app.callback()
def _top() -> None:
    """Crash nodes again and again; nothing acknowledged may be lost or done twice, and no vote contradicted."""


@app.command(
    epilog="\b\nExamples:\n  python -m scenarios.crashes virtual --crashes 10000 --resume crashes.json\n"
    "  python -m scenarios.crashes virtual --crashes 500 --bug votes-not-synced"
)
def virtual(
    crashes: Annotated[int, typer.Option(min=1, help="How many must take something that was not synced.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="The first seed of each protocol.")] = 0,
    bug: Annotated[str | None, typer.Option(help=f"A disk that breaks its word: {', '.join(PLANTED)}.")] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the sums there, and go on from them.")
    ] = None,
) -> None:
    """Whole networks in virtual time: lost syncs, torn writes, all power gone at once."""
    if bug is not None and bug not in PLANTED:
        raise typer.BadParameter(f"there is no disk `{bug}`; there are: {', '.join(PLANTED)}")
    campaign = Campaign(first=seed, bug=bug) if resume is None else read_campaign(resume, first=seed, bug=bug)

    def progress(campaign: Campaign) -> None:
        if resume is not None and campaign.upcoming % KEEP_EVERY == 0:
            keep_sums(campaign, resume)

    interrupted = False
    try:
        run_campaign(campaign, crashes=crashes, progress=progress)
    except KeyboardInterrupt:
        interrupted = True
    if resume is not None:
        keep_sums(campaign, resume)
    for line in told_campaign(campaign):
        typer.echo(line)
    if interrupted:
        say("interrupted" + (f"; the same command goes on from {resume}" if resume is not None else ""))
        raise typer.Exit(EXIT_INCONCLUSIVE)
    raise typer.Exit(EXIT_FAIL if campaign.total.faults else EXIT_PASS)


@app.command(
    epilog="\b\nExamples:\n  python -m scenarios.crashes kill\n"
    "  python -m scenarios.crashes kill --protocol raft --instants 20"
)
def kill(
    protocol: Annotated[str, typer.Option(metavar="NAME", help="raft or pbft.")] = "pbft",
    instants: Annotated[int, typer.Option(min=1, help="How often somebody is killed.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Who is killed when follows it, and what is sent.")] = 1,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the runs' folders are made.")] = Path("runs"),
    resume: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the sums there, and go on from them.")
    ] = None,
) -> None:
    """Four real processes under load, ended by `kill -9` at random instants."""
    from scenarios.crashes.kill import Killed, run_rounds, told  # noqa: PLC0415 - loads the whole runner

    if protocol not in PROTOCOLS:
        raise typer.BadParameter(f"there is no protocol {protocol!r} here; there are: {', '.join(PROTOCOLS)}")
    begun = None if resume is None else read_sums(resume, Killed)
    if begun is not None and begun.protocol != protocol:
        raise typer.BadParameter(f"{resume} belongs to a campaign of {begun.protocol}")

    def progress(total: Killed) -> None:
        say(told(total)[0])
        if resume is not None:
            keep_sums(total, resume)

    try:
        found = run_rounds(protocol, instants=instants, seed=seed, out=out, begun=begun, progress=progress)
    except KeyboardInterrupt:
        say("interrupted" + (f"; the same command goes on from {resume}" if resume is not None else ""))
        raise typer.Exit(EXIT_INCONCLUSIVE) from None
    for line in told(found):
        typer.echo(line)
    if found.instants < instants and not found.faults:
        say(f"the load was over after {found.instants} of {instants} instants; the same command goes on")
        raise typer.Exit(EXIT_INCONCLUSIVE)
    raise typer.Exit(EXIT_FAIL if found.faults else EXIT_PASS)


def main() -> int:
    """The exit code; every exception ends as one clear message."""
    try:
        code = app(standalone_mode=False, prog_name="python -m scenarios.crashes")
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence against tracebacks
        return tell(error)
    return code if isinstance(code, int) else EXIT_PASS


if __name__ == "__main__":
    raise SystemExit(main())
