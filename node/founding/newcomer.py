"""A newcomer 新成员: what joins a network that was founded: its folders, its way onto the bus, and what members sign.

It is done where the network's folder lies, by whoever opens the bus's authority. That admits to the bus and to nothing
else: whom nodes hear is the registry's to say, which changes when a quorum of those who vote has signed the proposal
that is made here (:mod:`node.founding.proposal`).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from consensus.configuration import Changeover
from network.bus.access import render_addition
from network.topics import WALLET_PREFIX, require_level, wallet_address
from node.founding.authority import Authority
from node.founding.description import Description, FoundingError, read_description
from node.founding.parties import Folders, Party
from node.founding.proposal import Proposal, Proposed, proposed, read_proposal, write_proposal
from node.keystore import KdfCost, Passphrase, read_keys, write_private
from node.ledger.genesis import Genesis, GenesisError, decode_genesis
from node.ledger.transaction import Name
from node.membership import Certify

PROPOSALS = "proposals"


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """Who joins: an organisation, with a node and a wallet; or, with ``home``, a person with a wallet alone.

    ``votes``: its node is to decide with the others from then on.
    """

    name: str
    role: str
    home: str = ""
    votes: bool = False


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the registry stands: the ``sequence`` of its next change, and the ``number`` that the next node gets."""

    sequence: int
    number: int


def admit(  # noqa: PLR0913 - keyword-only
    folder: Path,
    newcomer: Newcomer,
    *,
    opening: Passphrase,
    passphrase: bytes | None,
    place: Place | None = None,
    cost: KdfCost | None = None,
) -> Path:
    """Make the folders of ``newcomer`` in the network's ``folder``, let it onto the bus, and propose it; the proposal.

    ``opening`` opens the authority's key file, ``passphrase`` seals the newcomer's. Without a ``place`` the registry is
    taken to have changed by this folder's earlier proposals alone. FoundingError: nothing was written. Where this ends
    halfway, there is a folder without a proposal, and the next attempt says so.
    """
    description = read_description(folder / "network.yaml")
    genesis = _genesis(folder / "genesis.bin")
    earlier = [read_proposal(path) for path in sorted((folder / PROPOSALS).glob("*.json"))]
    _require_new(folder, description, genesis, earlier, newcomer)
    place = place or _place_after(genesis, earlier)
    if place.number < len(genesis.members):
        raise FoundingError(
            f"node {place.number} is of the genesis; a newcomer gets {len(genesis.members)} or a later one"
        )
    party = Party()
    proposal = _proposal(genesis, newcomer, party, place)
    access = folder / "broker" / "acl"
    longer = render_addition(genesis.network, _read(access).decode(), newcomer.name, node=not newcomer.home)
    made = Path(tempfile.mkdtemp(prefix=".newcomer-", dir=folder))
    try:
        folders = Folders(made, _authority(folder, opening), passphrase=passphrase, cost=cost)
        raw, bus = genesis.encode(), description.broker.url
        folders.wallet(newcomer.name, party.wallet, raw, bus)
        if not newcomer.home:
            folders.node(newcomer.name, party.node, raw, bus, number=place.number)
        write_private(made / "acl", longer.encode())
        (made / PROPOSALS).mkdir()
        write_proposal(made / PROPOSALS / f"{newcomer.name}.json", proposal)
        return _put_in_place(made, folder, newcomer.name)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _put_in_place(made: Path, folder: Path, name: str) -> Path:
    """All is written: move it where it belongs, last the proposal, without which nobody has heard of the keys."""
    (folder / PROPOSALS).mkdir(mode=0o700, exist_ok=True)
    for kind in ("nodes", "wallets"):
        if (made / kind).is_dir():
            (made / kind / name).rename(folder / kind / name)
    (made / "acl").replace(folder / "broker" / "acl")
    return (made / PROPOSALS / f"{name}.json").replace(folder / PROPOSALS / f"{name}.json")


def _proposal(genesis: Genesis, newcomer: Newcomer, party: Party, place: Place) -> Proposal:
    """A node before its wallet, whose home it is; last the change of members, which stands in a block of its own."""
    name, role = newcomer.name, newcomer.role
    home = place.number
    changes: list[Proposed] = []

    def add(action: Any, change: Any) -> None:
        changes.append(proposed(action, place.sequence + len(changes), change))

    if newcomer.home:
        home = next(number for number, member in enumerate(genesis.members) if member.name == newcomer.home)
    else:
        add("certify", Certify("observer", name, role, 0, party.node.verify_key, party.node.seal_key))
    add("certify", Certify("client", name, role, home, party.wallet.verify_key, party.wallet.seal_key))
    if newcomer.votes:
        add("members", (("add-voter", place.number),))
    number = None if newcomer.home else place.number
    return Proposal(network=genesis.network, newcomer=name, number=number, changes=tuple(changes))


def _require_new(
    folder: Path, description: Description, genesis: Genesis, earlier: list[Proposal], newcomer: Newcomer
) -> None:
    name = newcomer.name
    try:
        for word in (name, newcomer.role):
            msgspec.convert(word, Name)
        require_level(wallet_address(name))
    except ValueError as error:  # TopicError among them
        raise FoundingError(f"{name} ({newcomer.role}): {error}") from None
    taken = {*description.organisations, *description.wallets, *description.watchers}
    if name in taken or name in {proposal.newcomer for proposal in earlier}:
        raise FoundingError(f"{name!r} is the name of another party of {genesis.network}; take one that is free")
    for left in (folder / "nodes" / name, folder / "wallets" / name):
        if left.exists():
            raise FoundingError(
                f"{left}: is there without a proposal: that was given up, or ended halfway. If the chain does not know "
                f"{name}, remove its folders in nodes and wallets, and admit it again; else take another name"
            )
    if name.startswith(WALLET_PREFIX):
        raise FoundingError(f"{name!r}: names that begin with {WALLET_PREFIX!r} are wallets' on the bus; take another")
    if newcomer.home and newcomer.home not in description.organisations:
        raise FoundingError(f"{name}: its home {newcomer.home!r} is no organisation of the genesis")
    if newcomer.home and newcomer.votes:
        raise FoundingError(f"{name} runs no node, so it cannot vote; leave out its home, or the vote")
    if newcomer.votes and description.entry().changeover is Changeover.NEVER:
        raise FoundingError(f"who votes never changes under {description.protocol}; {name} can join without a vote")


def _place_after(genesis: Genesis, earlier: list[Proposal]) -> Place:
    sequence = max((proposal.next_sequence for proposal in earlier), default=0)
    numbers = [proposal.number for proposal in earlier if proposal.number is not None]
    return Place(sequence=sequence, number=max(numbers, default=len(genesis.members) - 1) + 1)


def _genesis(path: Path) -> Genesis:
    try:
        return decode_genesis(_read(path))
    except GenesisError as error:
        raise FoundingError(f"{path}: is no genesis: {error}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FoundingError(
            f"{path}: cannot be read: {error.strerror}; name the folder that `consortium init` made"
        ) from None


def _authority(folder: Path, opening: Passphrase) -> Authority:
    """The bus's authority. FoundingError where its files are gone, KeyFileError where they stay locked."""
    place = folder / "authority"
    _, held = read_keys(place / "keys.json", opening)
    certificate, key = _read(place / "ca.crt"), _read(place / "ca.key")
    try:
        return Authority.load(certificate, key, held.tls_password or "")
    except ValueError as error:
        raise FoundingError(f"{place}: is no sound authority: {error}") from None
