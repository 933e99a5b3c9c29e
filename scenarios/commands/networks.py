"""A network of one's own: ``init``, ``passphrase`` and ``node``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.commands.options import ProtocolOption

app = typer.Typer()


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
