"""Custody of what a story's parties share: in which envelope it goes, and who comes to know it how.

Made for the plan of a run, before anything happens, so that both worlds replay the same: the desk asks it for
envelopes and for what a party could read; the story's builder, for the errands and hand-overs that belong to each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from network.custody import Deposit
from node.contracts.deposits import Deposit as Entrusted
from node.ledger.state_tree import StateTree
from node.membership import KeyRing, Registry
from node.privacy import (
    Collected,
    Envelope,
    Hashed,
    Opening,
    Payload,
    Sealed,
    Value,
    Withheld,
    commit,
    enclose,
    seal_openings,
    unseal,
)
from node.privacy.modes import Mode
from scenarios.language.models.privacy import DataClass, privacy_of
from scenarios.language.schema import Scenario

_encode = msgspec.msgpack.Encoder().encode


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """A payload of a story, as whoever made the plan knows it.

    ``step`` carries ``envelope``; ``handed`` are the wallets that get the openings off the chain.
    """

    step: str
    data_class: str
    envelope: Envelope
    openings: tuple[Opening, ...]
    handed: tuple[str, ...] = ()


class _Draft(msgspec.Struct, frozen=True):
    """A payload enclosed for a transaction that may yet be refused."""

    data_class: str
    author: str
    envelope: Envelope
    openings: tuple[Opening, ...]


class Custodian:
    """Every payload of one story."""

    def __init__(self, scenario: Scenario, keyring: KeyRing, registry: Callable[[], Registry]) -> None:
        self._privacy = scenario.privacy
        self._organisations = frozenset(member.name for member in scenario.member_names)
        self._keyring = keyring
        self._registry = registry  # as the story stands
        self._drafts: dict[str, _Draft] = {}
        self._shared: dict[str, Shared] = {}  # the newest of each record
        self._told: list[Shared] = []

    @property
    def shared(self) -> tuple[Shared, ...]:
        """What transactions that were not refused carried, in the order of the story."""
        return tuple(self._told)

    def enclose(
        self, record: str, data_class: DataClass, fields: Mapping[str, Value], parties: tuple[str, ...], author: str
    ) -> Envelope:
        """``fields`` of ``record`` for ``parties``. ValueError: a stranger among them, or no device to leave it on."""
        openings = commit(self._keyring.secret(f"envelopes/{author}"), record, fields)
        return self._enclose(record, data_class, openings, parties, author)

    def show(
        self,
        record: str,
        data_class: DataClass,
        source: tuple[str, str, StateTree],
        paths: tuple[str, ...],
        parties: tuple[str, ...],
    ) -> Envelope:
        """``paths`` of another record for ``parties``, as they were committed to there.

        ``source``: that record, who reads it, and the state as the story stands. LookupError where the reader cannot,
        or a path is not in it; ValueError as for :meth:`enclose`.
        """
        shown, name, tree = source
        known = {opening.path: opening for opening in self.read(shown, name, tree)}
        missing = [path for path in paths if path not in known]
        if missing:
            raise LookupError(f"what came with {shown} holds no {', '.join(missing)}")
        openings = tuple(known[path] for path in sorted(paths))
        return self._enclose(record, data_class, openings, parties, name)

    def _enclose(
        self, record: str, data_class: DataClass, openings: tuple[Opening, ...], parties: tuple[str, ...], author: str
    ) -> Envelope:
        kept = privacy_of(self._privacy, data_class)
        mode = Mode(kept.mode)
        names = tuple(sorted(set(parties)))
        secret = self._keyring.secret(f"envelopes/{author}")
        people = [name for name in names if name not in self._organisations]
        if mode is Mode.HOLDER and not people:
            raise ValueError(f"`{data_class}` cannot be left on a person's device: {', '.join(names)} are none")
        payload = Payload(
            record=record,
            openings=openings,
            recipients=tuple((name, self._seal_key(name)) for name in names),
            secret=secret,
            blocks_to_live=kept.blocks_to_live,
            device=people[0] if people else "",
        )
        envelope = enclose(payload, mode)
        self._drafts[record] = _Draft(data_class, author, envelope, payload.openings)
        return envelope

    def enclose_again(self, record: str, name: str, tree: StateTree) -> Sealed:
        """What ``name`` can read of a sealed ``record``, to its parties' keys as they are now.

        LookupError where it cannot read it, or it is not sealed.
        """
        openings = self.read(record, name, tree)
        shared = self._shared[record]
        if not isinstance(shared.envelope, Sealed):
            raise LookupError(f"what came with {record} is not sealed")  # noqa: TRY004 - a mistake in a story
        secret = self._keyring.secret(f"envelopes/{name}")
        recipients = [(party, self._seal_key(party)) for party in shared.envelope.recipients]
        envelope = seal_openings(secret, record, openings, recipients, shared.envelope.version + 1)
        self._drafts[record] = _Draft(shared.data_class, name, envelope, openings)
        return envelope

    def keep(self, step: str, envelope: Envelope) -> None:
        """The transaction of ``step`` that carries ``envelope`` was not refused."""
        draft = self._drafts[envelope.record]
        shared = Shared(
            step=step,
            data_class=draft.data_class,
            envelope=envelope,
            openings=draft.openings,
            handed=self._handed(draft),
        )
        self._shared[envelope.record] = shared
        self._told.append(shared)

    def errands(self, record: str) -> tuple[Deposit, ...]:
        """What must be with a node before the transaction that carries ``record`` is submitted.

        The author's own node keeps the payload; where the author has none, that of the first party which has one.
        """
        draft = self._drafts[record]
        envelope = draft.envelope
        if not isinstance(envelope, Collected):
            return ()
        organisations = [name for name in envelope.recipients if name in self._organisations]
        if not organisations:
            return ()
        home = draft.author if draft.author in organisations else organisations[0]
        secret = self._keyring.secret(f"deposits/{draft.author}")
        sealed = seal_openings(secret, record, draft.openings, [(home, self._node_seal_key(home))], envelope.version)
        return (Deposit(home, record, envelope.version, _encode(sealed)),)

    def read(self, record: str, name: str, tree: StateTree) -> tuple[Opening, ...]:
        """What ``name`` knows of ``record`` as the story stands, in ``tree``. LookupError says why it knows nothing."""
        shared = self._shared.get(record)
        if shared is None:
            raise LookupError(f"nothing that parties share came with {record}")
        envelope = shared.envelope
        deposit: Entrusted | None = tree.get(Entrusted.namespace, record)
        if deposit is not None and deposit.state != "HELD":
            raise LookupError(f"what came with {record} was erased")
        if isinstance(envelope, Sealed):
            generations = range(1, len(self._registry().client_keys(name)) + 1)
            keys = (self._keyring.generation(name, number) for number in reversed(generations))
            tried = (unseal(envelope, name, key.seal_secret) for key in keys)
            openings = next((found for found in tried if found is not None), None)
        else:
            knows = name in shared.handed or (name in envelope.recipients and not isinstance(envelope, Withheld))
            openings = shared.openings if knows else None
        if openings is None:
            raise LookupError(f"{name} cannot open what came with {record}")
        return openings

    def _handed(self, draft: _Draft) -> tuple[str, ...]:
        """The wallets that get it off the chain.

        Of a collection, the people: they run no node. On a person's own device nobody else keeps it, its author
        neither, but whom the person shows it.
        """
        match draft.envelope:
            case Collected(recipients=parties):
                return tuple(name for name in parties if name not in self._organisations)
            case Hashed(recipients=parties):
                return parties
            case Withheld(recipients=parties, device=device):
                return tuple(name for name in parties if name == device or name != draft.author)
            case _:
                return ()

    def _node_seal_key(self, name: str) -> bytes:
        """What the organisation's node opens: its own key, whatever became of its wallet's."""
        registry = self._registry()
        member = registry.member(registry.numbers_of(name)[-1])
        assert member is not None  # noqa: S101 - it has this number
        return bytes.fromhex(member.certificate.seal_key)

    def _seal_key(self, name: str) -> bytes:
        entry = self._registry().client(name)
        if entry is None:
            raise ValueError(f"{name} is no client of this network")
        return bytes.fromhex(entry.certificates[-1].seal_key)
