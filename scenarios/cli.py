"""The command line 命令行: ``consortium``.

Exit codes: 0 pass, 1 an expectation or property failed, 2 invalid input or usage, 3 inconclusive. Messages go to
stderr, results to stdout. Users never see a traceback; ``CONSORTIUM_DEBUG=1`` shows developers one.
"""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from scenarios.failures import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_INVALID, EXIT_PASS, say, tell
from scenarios.language import Scenario, ScenarioInvalid, arithmetic, json_schema_text, load_scenario
from scenarios.language.problems import did_you_mean
from scenarios.shipped import find_experiment, find_scenario, shipped

_EXIT_OF_VERDICT = {"pass": EXIT_PASS, "fail": EXIT_FAIL, "inconclusive": EXIT_INCONCLUSIVE}

app = typer.Typer(
    name="consortium",
    help="Simulate an insurance consortium's blockchain: scenarios in YAML, one replica in two worlds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Mode(StrEnum):
    """The two worlds."""

    VIRTUAL = "virtual"
    PROCESSES = "processes"


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


class Ui(StrEnum):
    """How a run is shown."""

    LIVE = "live"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file, or a shipped one's name.")]
ModeOption = Annotated[Mode | None, typer.Option("--mode", help="virtual: simulated time; processes: real nodes.")]
BusOption = Annotated[
    str | None,
    typer.Option("--bus", metavar="BUS", help="embedded, mosquitto, mqtt://HOST:PORT or mqtts://HOST:PORT."),
]
ProtocolOption = Annotated[str | None, typer.Option("--protocol", metavar="NAME", help="solo, raft or pbft.")]
TraceOption = Annotated[bool, typer.Option("--trace", help="Keep every event of a virtual run.")]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Everything random follows it.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one value, as network.default.loss=5%. Repeatable."),
]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the run's folder is made.")]
UiOption = Annotated[Ui | None, typer.Option("--ui", help="live on a terminal, else plain; json for machines.")]

_RUN_EPILOG = """\b
Examples:
  consortium run one_claim
  consortium run one_claim --mode processes --protocol raft
  consortium run my.yaml --mode processes --bus mqtt://127.0.0.1:1883
  consortium run my.yaml --seed 7 --set network.default.loss=5% --ui json
"""


def _show_version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"consortium {version('consortium-sim')}")
        except PackageNotFoundError:
            typer.echo("consortium (not installed)")
        raise typer.Exit


@app.callback()
def _top(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Simulate an insurance consortium's blockchain: scenarios in YAML, one replica in two worlds."""


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
    _say_warnings(scenario.origin.warnings)
    from scenarios.dashboard import view_for  # noqa: PLC0415 -- rich is slow to import
    from scenarios.runner import run as run_scenario  # noqa: PLC0415 -- so are the nodes

    view = view_for(ui.value if ui is not None else None)
    _end_in_order()
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
    raise typer.Exit(_EXIT_OF_VERDICT[result.verdict])


def _require_plan(scenario: Scenario) -> None:
    """ScenarioInvalid where the story or the workload cannot be made from an otherwise valid scenario."""
    from scenarios.runner.plan import make_plan  # noqa: PLC0415 -- loads every contract

    try:
        make_plan(scenario)
    except ScenarioInvalid as invalid:
        raise ScenarioInvalid(scenario.origin.located(invalid.problems)) from None


def _end_in_order() -> None:
    """Take SIGTERM and SIGHUP for Ctrl-C, so that a terminal is given back and what was done is told and kept."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


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
        _say_warnings(scenario.origin.warnings)
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
    """List the shipped scenarios."""
    for name, path in shipped().items():
        text = " ".join(load_scenario(path).description.split())
        typer.echo(f"{name:<20} {text}")


@app.command(
    epilog="\b\nExamples:\n  consortium experiment raft_figure_16 --trials 100\n"
    "  consortium experiment raft_figure_16 --jobs 2 --keep trials.jsonl --page figure-16.md\n"
    "  consortium experiment pbft_theory"
)
def experiment(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A shipped experiment, or a file.")],
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


@app.command()
def verify(folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")]) -> None:
    """Audit a run's exported ledgers from its files alone."""
    from scenarios.results.verify import verify_run  # noqa: PLC0415 -- loads the whole ledger

    report = verify_run(folder)
    for finding in report.findings:
        typer.echo(finding.text if finding.sound else f"FAULT {finding.text}", err=not finding.sound)
    if not report.sound:
        say(f"{folder}: not sound")
        raise typer.Exit(EXIT_FAIL)
    typer.echo(f"{folder}: sound")


@app.command(epilog="\b\nExample:\n  consortium export nodes/insurer-1 insurer-1.jsonl")
def export(
    node: Annotated[Path, typer.Argument(metavar="NODE_DIR", help="A stopped node's folder, or its configuration.")],
    ledger: Annotated[Path, typer.Argument(metavar="FILE", help="Where the ledger is written, one block a line.")],
) -> None:
    """Write a node's ledger to a file that proves itself."""
    from scenarios.archive import run_export  # noqa: PLC0415 -- loads the whole ledger

    raise typer.Exit(run_export(node, ledger))


@app.command(name="import", epilog="\b\nExample:\n  consortium import insurer-1.jsonl nodes/observer-9")
def import_(
    ledger: Annotated[Path, typer.Argument(metavar="FILE", help="An exported ledger.")],
    node: Annotated[Path, typer.Argument(metavar="NODE_DIR", help="The folder with a new node's configuration.")],
) -> None:
    """Verify an exported ledger in full, and begin a new node with it."""
    from scenarios.archive import run_import  # noqa: PLC0415 -- loads the whole ledger

    raise typer.Exit(run_import(ledger, node))


@app.command(epilog="\b\nExamples:\n  consortium prune nodes/insurer-1\n  consortium prune nodes/insurer-1 --undo")
def prune(
    node: Annotated[Path, typer.Argument(metavar="NODE_DIR", help="A stopped node's folder, or its configuration.")],
    keep: Annotated[int, typer.Option("--keep", metavar="N", help="Blocks at the end that stay whole.")] = 10_000,
    undo: Annotated[bool, typer.Option("--undo", help="Have the node fetch the bodies again.")] = False,
) -> None:
    """Let a node go of old blocks' bodies; headers, certificates and the state stay."""
    from scenarios.archive import run_prune  # noqa: PLC0415 -- loads the whole ledger

    raise typer.Exit(run_prune(node, keep, undo=undo))


@app.command(
    epilog="\b\nExamples:\n  consortium check --protocol pbft --runs 100\n"
    "  consortium check --protocol raft --runs 100000 --jobs 2 --resume soak/raft.json\n"
    "  consortium check --protocol raft --bug raft-vote-ignores-logs\n"
    "  consortium check --protocol pbft --twins"
)
def check(  # noqa: PLR0913 -- one parameter an option
    *,
    protocol: Annotated[str, typer.Option("--protocol", metavar="NAME", help="raft, pbft or solo.")],
    nodes: Annotated[int | None, typer.Option("--nodes", metavar="N", min=1, help="Voting members.")] = None,
    runs: Annotated[int, typer.Option("--runs", metavar="K", min=1, help="How many cases, one a seed.")] = 100,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="The first seed.")] = 0,
    budget: Annotated[
        float | None, typer.Option("--budget", metavar="SECONDS", min=0, help="Stop after so much CPU time.")
    ] = None,
    bug: Annotated[str | None, typer.Option("--bug", metavar="NAME", help="Plant one of `consortium bugs`.")] = None,
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
    _end_in_order()
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

    _end_in_order()
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


@app.command(
    epilog="\b\nExamples:\n  consortium init harbour --organisations insurer,hospital,bureau,reinsurer\n"
    "  consortium init harbour --network harbour.yaml --passphrase-file secret.txt"
)
def init(  # noqa: PLR0913 -- one parameter an option
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder, made anew.")],
    network: Annotated[
        Path | None, typer.Option("--network", metavar="FILE", help="A description in YAML, instead of options.")
    ] = None,
    organisations: Annotated[
        str | None, typer.Option("--organisations", metavar="NAMES", help="Voting members, called as their roles.")
    ] = None,
    observers: Annotated[str, typer.Option("--observers", metavar="NAMES", help="Members without a vote.")] = "",
    wallets: Annotated[str, typer.Option("--wallets", metavar="NAMES", help="People, who run no node.")] = "",
    protocol: ProtocolOption = None,
    broker: Annotated[
        str, typer.Option("--broker", metavar="HOST[:PORT]", help="Where all reach it (localhost:8883).")
    ] = "",
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", metavar="FILE", help="Holds the passphrase of the new keys.")
    ] = None,
    insecure_no_passphrase: Annotated[
        bool, typer.Option("--insecure-no-passphrase", help="Leave all secrets in the open.")
    ] = False,
) -> None:
    """Make keys, certificates, an access list and configurations for a network of one's own.

    Secrets are sealed under a passphrase: from a file, from CONSORTIUM_PASSPHRASE, or typed.
    """
    from scenarios.founding import Asked, run_init  # noqa: PLC0415 -- loads a whole node

    asked = Asked(
        network=network,
        organisations=organisations,
        observers=observers,
        wallets=wallets,
        protocol=protocol,
        broker=broker,
    )
    raise typer.Exit(run_init(folder, asked, passphrase_file=passphrase_file, insecure=insecure_no_passphrase))


@app.command(epilog="\b\nExample:\n  consortium passphrase harbour/nodes/insurer/keys.json")
def passphrase(
    keys: Annotated[Path, typer.Argument(metavar="KEYS.json", help="A party's key file.")],
    *,
    new: Annotated[
        Path | None, typer.Option("--new", metavar="FILE", help="Holds the new passphrase; else it is asked for.")
    ] = None,
) -> None:
    """Seal a key file under another passphrase, as one's own after it was handed over.

    The old one comes from CONSORTIUM_PASSPHRASE_FILE, from CONSORTIUM_PASSPHRASE, or is asked for.
    """
    from scenarios.founding import run_passphrase  # noqa: PLC0415 -- loads a whole node

    raise typer.Exit(run_passphrase(keys, new))


@app.command(epilog="\b\nExample:\n  consortium node harbour/nodes/insurer/node.yaml")
def node(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The node's configuration.")],
    *,
    lifeline: Annotated[
        bool, typer.Option("--lifeline", help="Take commands on standard input, and stop at its end.")
    ] = False,
) -> None:
    """Run one node until it is told to stop; what happens is told on stdout, one JSON object a line.

    A passphrase comes from CONSORTIUM_PASSPHRASE_FILE, from CONSORTIUM_PASSPHRASE, or is asked for.
    """
    from node.process import main as run_node  # noqa: PLC0415 -- only here

    raise typer.Exit(run_node(str(config), lifeline=lifeline))


_EXIT_OF_TYPER_INTERRUPTED = 130
"""What typer, which keeps Ctrl-C to itself, makes of one that no command has caught."""


def main(argv: Sequence[str] | None = None) -> None:
    """The entry point of ``consortium``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character still shows the rest
    sys.exit(invoke(sys.argv[1:] if argv is None else argv))


def invoke(argv: Sequence[str]) -> int:
    """Run one command; its exit code. Every exception ends here as one clear message."""
    try:
        code = app(list(argv), prog_name="consortium", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- the last line of defence against tracebacks
        return tell(error)
    if code == _EXIT_OF_TYPER_INTERRUPTED:
        return tell(KeyboardInterrupt())
    return code if isinstance(code, int) else EXIT_PASS


def _say_warnings(warnings: Sequence[object]) -> None:
    for warning in warnings:
        say(str(warning))


if __name__ == "__main__":
    main()
