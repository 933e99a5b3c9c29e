"""``consortium init`` and ``consortium passphrase``: what was asked for, and what to do next."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer

from network.topics import TopicError
from node.founding import Description, FoundingError, describe, found_network, read_description
from node.keystore import KeyFileError, reseal
from node.passphrase import VARIABLE, ask_for_another, ask_for_new, ask_to_open
from scenarios.failures import EXIT_INVALID, EXIT_PASS, say


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command, as given; names are separated by commas."""

    network: Path | None
    organisations: str | None
    observers: str
    wallets: str
    protocol: str | None
    broker: str


def run_init(folder: Path, asked: Asked, *, passphrase_file: Path | None, insecure: bool) -> int:
    """Found the network in ``folder``; the exit code."""
    try:
        description = _description(folder, asked)
        passphrase = None if insecure else ask_for_new(passphrase_file)
        made = found_network(folder, description, passphrase)
    except (FoundingError, KeyFileError, TopicError) as error:
        say(f"consortium: {error}")
        return EXIT_INVALID
    if not made:
        typer.echo(f"{folder}: holds this network already; nothing was changed")
        return EXIT_PASS
    _tell(folder, description)
    if insecure:
        say("warning: NOTHING IS SEALED. Whoever copies a file from this folder is who it belongs to. For trials only.")
    return EXIT_PASS


def run_passphrase(path: Path, new: Path | None) -> int:
    """Seal a key file under another passphrase; the exit code."""
    try:
        owner = reseal(path, ask_to_open, lambda: ask_for_another(new))
    except KeyFileError as error:
        say(f"consortium: {error}")
        return EXIT_INVALID
    typer.echo(f"{path}: the keys of {owner} are sealed under the new passphrase; copies made before are not")
    return EXIT_PASS


def _description(folder: Path, asked: Asked) -> Description:
    if asked.network is not None:
        if asked.organisations or asked.observers or asked.wallets or asked.protocol or asked.broker:
            raise FoundingError("--network says everything; leave the other options out, or write them into that file")
        return read_description(asked.network)
    if not asked.organisations:
        raise FoundingError("who takes part? Name them: --organisations insurer,hospital,... or --network FILE")
    return describe(
        folder.resolve().name.lower(),
        _names(asked.organisations),
        protocol=asked.protocol or "pbft",
        observers=_names(asked.observers),
        wallets=_names(asked.wallets),
        broker=asked.broker,
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _tell(folder: Path, description: Description) -> None:
    voters = [name for name, organisation in description.organisations.items() if organisation.votes]
    quorum = description.entry().quorum(len(voters))
    first = next(iter(description.organisations))
    persons = f", {len(description.wallets)} people" if description.wallets else ""
    members = f"{len(description.organisations)} members{persons}"
    order = f"{description.protocol}, quorum {quorum} of {len(voters)}"
    for line in (
        f"{folder}: the network {description.network}: {members}; {order}",
        "",
        "next:",
        f"  1. the broker, on {description.broker.host}:   cd {folder}/broker && mosquitto -c mosquitto.conf",
        f"  2. each member, on its machine:   consortium node {folder}/nodes/{first}/node.yaml",
        f"     (hand over nodes/NAME and wallets/NAME to NAME alone; set {VARIABLE} or be asked)",
        f"  3. put {folder}/authority away: whoever opens its key decides who gets onto the bus",
    ):
        typer.echo(line)
