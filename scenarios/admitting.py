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
from node.membership import Authority, Certify, Founding, Keys, MemberEntry
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
        _require_own(keys, number, genesis, folder)
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
        return asyncio.run(_submit(wallet, proposal, genesis, number or time.time_ns() // 1_000_000))
    except (FoundingError, ConfigError, KeyFileError, BusError, WalletError) as error:
        return _invalid(error)


async def _submit(wallet: Wallet, proposal: Proposal, genesis: Genesis, number: int) -> int:
    """One change after the other, each once the one before it was carried out."""
    async with wallet:
        authority = await _authority(wallet, genesis)
        _require_next(proposal, authority)
        voters = {voter: await _key(wallet, genesis, voter) for voter in authority.voters}
        approved = proposal.counted(voters)
        _require_approved(approved, authority, genesis)
        for place, change in enumerate(each for each in approved.changes if each.sequence >= authority.sequence):
            arguments = _encode(change.order())
            outcome = await wallet.submit(REGISTRY, change.action, arguments, number=number + place)
            typer.echo(f"{outcome.code}: change {change.sequence}, block {outcome.height}: {_words(change)}")
            if outcome.code != "ok":
                return EXIT_FAIL
    return EXIT_PASS


async def _key(wallet: Wallet, genesis: Genesis, number: int) -> bytes:
    """What a node signs with, which never changes: as the genesis says, or else the network."""
    if number < len(genesis.members):
        return genesis.members[number].verify_key
    found = await wallet.ask(MemberEntry.namespace, str(number))
    if found is None:
        raise WalletError(f"the network names node {number} as a voter, and does not know it")
    return bytes.fromhex(msgspec.msgpack.decode(found, type=MemberEntry).certificate.verify_key)


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
    """FoundingError where a quorum has not signed. ``proposal`` bears those approvals alone that count."""
    needed = Founding(genesis).protocol.quorum(len(authority.voters))
    signed = proposal.approvers()
    if len(signed) < needed:
        known = [member.name for member in genesis.members]
        names = ", ".join(known[n] if n < len(known) else f"node {n}" for n in signed) or "nobody"
        raise FoundingError(f"{needed} of the {len(authority.voters)} who vote must approve; so far did: {names}")


def _number(config: NodeConfig) -> int:
    genesis = config.load_genesis()
    found = [number for number, member in enumerate(genesis.members) if member.name == config.name]
    if config.number is None and not found:
        raise FoundingError(f"{config.name} is no node of {genesis.network}")
    return config.number if config.number is not None else found[0]


def _require_own(keys: Keys, number: int, genesis: Genesis, folder: Path) -> None:
    """FoundingError where the genesis gives that number another key. (Of later numbers the chain says it.)"""
    if number < len(genesis.members) and genesis.members[number].verify_key != keys.verify_key:
        raise FoundingError(f"{folder}: holds another key than that of node {number} in {genesis.network}")


def _genesis_of(config: NodeConfig, proposal: Proposal) -> Genesis:
    genesis = config.load_genesis()
    if genesis.network != proposal.network:
        raise FoundingError(f"the proposal is for {proposal.network}; {config.name} belongs to {genesis.network}")
    return genesis


def _words(proposed: Proposed) -> str:
    """What a change asks for, all of it, as who is to sign it needs to know: in the words of what is signed."""
    change = proposed.order().change
    if not isinstance(change, Certify):
        return "; ".join(f"{verb} node {number}" for verb, number in change)
    kind = f"a wallet at home with node {change.home}" if change.kind == "client" else "a node that observes"
    begin = f", from block {change.from_height}" if change.from_height else ""
    end = f", until block {change.until_height}" if change.until_height else ""
    keys = f"key {change.verify_key.hex()}, sealing key {change.seal_key.hex()}"
    return f"let in {change.name} as {change.role}, {kind}{begin}{end}, {keys}"


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
