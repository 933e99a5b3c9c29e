"""A network of one's own: ``init``, ``admit``, ``approve``, ``submit``, ``passphrase`` and ``node``."""

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


@app.command(
    epilog="\b\nExamples:\n  consortium admit harbour broker-2 --role broker\n"
    "  consortium admit harbour bob --role patient --home insurer"
)
def admit(  # noqa: PLR0913 -- one parameter an option
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder, with its authority.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who joins.")],
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="What it is: insurer, hospital, patient, ...")],
    home: Annotated[
        str, typer.Option("--home", metavar="NAME", help="For a person, who runs no node: where it is at home.")
    ] = "",
    votes: Annotated[bool, typer.Option("--votes", help="Its node decides with the others from then on.")] = False,
    sequence: Annotated[
        int | None, typer.Option("--sequence", min=0, help="The registry's next change, where others came between.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--number", min=0, help="The registry's next node, where others came between.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", metavar="FILE", help="Holds the passphrase of the new keys.")
    ] = None,
    insecure_no_passphrase: Annotated[
        bool, typer.Option("--insecure-no-passphrase", help="Leave the new secrets in the open.")
    ] = False,
) -> None:
    """Make a newcomer's keys, certificates and configuration, and a proposal for the members to approve.

    The authority's passphrase comes from CONSORTIUM_PASSPHRASE_FILE, from CONSORTIUM_PASSPHRASE, or is asked for.
    """
    from node.founding import Newcomer, Place  # noqa: PLC0415 -- loads a whole node
    from scenarios.admitting import run_admit  # noqa: PLC0415 -- the same

    if (sequence is None) != (number is None):
        raise typer.BadParameter("give both --sequence and --number, or neither")
    place = None if sequence is None or number is None else Place(sequence=sequence, number=number)
    newcomer = Newcomer(name=name, role=role, home=home, votes=votes)
    code = run_admit(folder, newcomer, place, passphrase_file=passphrase_file, insecure=insecure_no_passphrase)
    raise typer.Exit(code)


@app.command(epilog="\b\nExample:\n  consortium approve harbour/proposals/broker-2.json harbour/nodes/insurer")
def approve(
    proposal: Annotated[Path, typer.Argument(metavar="PROPOSAL.json", help="What admit made.")],
    node: Annotated[Path, typer.Argument(metavar="NODE_DIR", help="The folder of the node that approves.")],
) -> None:
    """Sign a proposal as a member that votes, and say what was signed; the file is passed on to the next."""
    from scenarios.admitting import run_approve  # noqa: PLC0415 -- loads a whole node

    raise typer.Exit(run_approve(proposal, node))


@app.command(epilog="\b\nExample:\n  consortium submit harbour/proposals/broker-2.json harbour/wallets/insurer")
def submit(
    proposal: Annotated[Path, typer.Argument(metavar="PROPOSAL.json", help="What a quorum has approved.")],
    wallet: Annotated[Path, typer.Argument(metavar="WALLET_DIR", help="Whose wallet hands it in; any will do.")],
    *,
    number: Annotated[
        int | None,
        typer.Option("--number", min=1, help="The wallet's own count for the first change (milliseconds since 1970)."),
    ] = None,
) -> None:
    """Hand an approved proposal in over the network's broker, and tell what became of each change."""
    from scenarios.admitting import run_submit  # noqa: PLC0415 -- loads a whole node

    raise typer.Exit(run_submit(proposal, wallet, number))


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
