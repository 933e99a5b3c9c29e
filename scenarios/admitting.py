"""``consortium admit``, ``approve``, ``submit``: a newcomer to a network of one's own, from its keys to the chain."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
import typer

from network.bus import BusError
from network.topics import TopicError
from node.config import ConfigError, NodeConfig, load_config
from node.founding import FoundingError, Newcomer, Place, Proposal, admit, read_proposal, write_proposal
from node.founding.proposal import Proposed
from node.keystore import KeyFileError
from node.ledger.genesis import Genesis
from node.membership import Authority, Founding, Registry
from node.membership.certificates import AUTHORITY_KEY
from node.membership.changes import REGISTRY
from node.passphrase import ask_for_new, ask_to_open
from node.wallet import Wallet, WalletError
from scenarios.failures import EXIT_FAIL, EXIT_INVALID, EXIT_PASS, say

_encode = msgspec.msgpack.Encoder().encode


def run_admit(
    folder: Path, newcomer: Newcomer, place: Place | None, *, passphrase_file: Path | None, insecure: bool
) -> int:
    """Make the newcomer's folders and its proposal; the exit code."""
    try:
        passphrase = None if insecure else ask_for_new(passphrase_file)
        path = admit(folder, newcomer, opening=ask_to_open, passphrase=passphrase, place=place)
        proposal = read_proposal(path)
    except (FoundingError, KeyFileError, TopicError) as error:
        return _invalid(error)
    _tell(folder, newcomer, proposal, path)
    return EXIT_PASS


def run_approve(path: Path, folder: Path) -> int:
    """Say what a proposal asks for, and sign it with the key of the node in ``folder``; the exit code."""
    try:
        proposal = read_proposal(path)
        config = load_config(folder / "node.yaml")
        number, genesis = _number(config), _genesis_of(config, proposal)
        for change in proposal.changes:
            typer.echo(f"change {change.sequence} of {genesis.network}: {_words(change)}")
        keys = config.unlock(ask_to_open).keys()
        write_proposal(path, proposal.approved(number, keys.sign))
    except (FoundingError, ConfigError, KeyFileError) as error:
        return _invalid(error)
    typer.echo(f"{path}: approved by {config.name}, node {number}")
    return EXIT_PASS


def run_submit(path: Path, folder: Path, number: int | None) -> int:
    """Have the wallet in ``folder`` submit what was approved; the exit code."""
    try:
        proposal = read_proposal(path)
        config = load_config(folder / "wallet.yaml")
        genesis = _genesis_of(config, proposal)
        wallet = Wallet(config, ask_to_open)
        return asyncio.run(_submit(wallet, proposal, genesis, number or int(time.time())))
    except (FoundingError, ConfigError, KeyFileError, BusError, WalletError) as error:
        return _invalid(error)


async def _submit(wallet: Wallet, proposal: Proposal, genesis: Genesis, number: int) -> int:
    """One change after the other, each once the one before it was carried out."""
    async with wallet:
        authority = await _authority(wallet, genesis)
        _require_next(proposal, authority)
        _require_approved(proposal, authority, genesis)
        for place, change in enumerate(each for each in proposal.changes if each.sequence >= authority.sequence):
            arguments = _encode(change.order())
            outcome = await wallet.submit(REGISTRY, change.action, arguments, number=number + place)
            typer.echo(f"{outcome.code}: change {change.sequence}, block {outcome.height}: {_words(change)}")
            if outcome.code != "ok":
                return EXIT_FAIL
    return EXIT_PASS


async def _authority(wallet: Wallet, genesis: Genesis) -> Authority:
    """Where the registry stands, as the network says."""
    found = await wallet.ask(Authority.namespace, AUTHORITY_KEY)
    return Founding(genesis).authority if found is None else msgspec.msgpack.decode(found, type=Authority)


def _require_next(proposal: Proposal, authority: Authority) -> None:
    """FoundingError where these are not the changes that the registry takes next."""
    left = [change for change in proposal.changes if change.sequence >= authority.sequence]
    if not left:
        raise FoundingError(
            f"the registry's next change is {authority.sequence}: this was carried out already, or others in its place"
        )
    fits = proposal.number is None or len(left) < len(proposal.changes) or proposal.number == authority.members
    if left[0].sequence != authority.sequence or not fits:
        raise FoundingError(
            f"the registry's next change is {authority.sequence} and its next node {authority.members}: propose anew, "
            f"with --sequence {authority.sequence} --number {authority.members}"
        )


def _require_approved(proposal: Proposal, authority: Authority, genesis: Genesis) -> None:
    """FoundingError where a quorum has not signed. Of nodes certified since the genesis, the chain knows the keys."""
    founding = Founding(genesis)
    registry = Registry(founding)
    signed = proposal.approvers(registry.member_key)
    later = [number for number in proposal.changes[0].approvals if number >= len(genesis.members)]
    needed = founding.protocol.quorum(len(authority.voters))
    if len([number for number in (*signed, *later) if number in authority.voters]) < needed:
        names = ", ".join(genesis.members[number].name for number in signed) or "nobody"
        raise FoundingError(f"{needed} of the {len(authority.voters)} who vote must approve; so far did: {names}")


def _number(config: NodeConfig) -> int:
    genesis = config.load_genesis()
    found = [number for number, member in enumerate(genesis.members) if member.name == config.name]
    if config.number is None and not found:
        raise FoundingError(f"{config.name} is no node of {genesis.network}")
    return config.number if config.number is not None else found[0]


def _genesis_of(config: NodeConfig, proposal: Proposal) -> Genesis:
    genesis = config.load_genesis()
    if genesis.network != proposal.network:
        raise FoundingError(f"the proposal is for {proposal.network}; {config.name} belongs to {genesis.network}")
    return genesis


def _words(change: Proposed) -> str:
    """What a change asks for, as who is to sign it needs to know."""
    fields = change.change
    if change.action == "members":
        return "; ".join(f"{verb} node {number}" for verb, number in fields)
    kind = "a wallet" if fields["kind"] == "client" else "a node that observes"
    heights = f", from {fields['from_height']} until {fields['until_height']}" if fields["until_height"] else ""
    return f"let in {fields['name']} as {fields['role']}, {kind}, key {fields['verify_key']}{heights}"


def _tell(folder: Path, newcomer: Newcomer, proposal: Proposal, path: Path) -> None:
    hand_over = f"wallets/{newcomer.name}" if newcomer.home else f"nodes/{newcomer.name} and wallets/{newcomer.name}"
    node = "" if proposal.number is None else f", its node as number {proposal.number}"
    for line in (
        f"{path}: {newcomer.name} asks to join {proposal.network} as {newcomer.role}{node}",
        "",
        "next:",
        "  1. the broker reads its access list again:   kill -HUP of mosquitto's process",
        f"  2. members that vote pass the file on and sign it:   consortium approve {path} {folder}/nodes/NAME",
        f"  3. any wallet hands it in:   consortium submit {path} {folder}/wallets/NAME",
        f"  4. hand over {hand_over} to {newcomer.name} alone",
    ):
        typer.echo(line)


def _invalid(error: Exception) -> int:
    say(f"consortium: {error}")
    return EXIT_INVALID
