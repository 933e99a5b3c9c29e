"""What an auditor keeps of names, keys and voters while it walks a ledger: from the blocks alone, without contracts.

The registry's changes are carried out as :mod:`node.membership.rule` says, by transactions whose client number is fresh
and whose signers' keys are in force at the height of their block; nothing else in a ledger touches identities. Who
decides which block follows from that (:mod:`node.ledger.deciders`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from consensus.chain import Block, Certificate, Header
from consensus.configuration import Configuration, ConfigurationError
from node.ledger.deciders import Deciders, fault_of_certificate
from node.ledger.genesis import Genesis, electorate, members_hash
from node.ledger.records import Record
from node.ledger.transaction import Transaction
from node.membership.blocks import change_in, flaw_in_place, key_in
from node.membership.changes import REGISTRY, OrderError, decode_order
from node.membership.registry import Registry
from node.membership.rule import RegistryRefusal, carry_out

RANGES_MAX = 4096
"""A transaction whose number would leave its client with more runs of used numbers is refused, and uses none up."""

Verify = Callable[[bytes, bytes, bytes], bool]
"""(key, data, signature) -> whether the key's holder signed the data; never raises."""


class Following:
    """Names, keys and voters as after the last block that was followed."""

    def __init__(self, genesis: Genesis, verify: Verify) -> None:
        self._verify = verify
        self.records: dict[tuple[str, str], Record] = {}
        """What the state holds of the registry: (namespace, key) -> record."""
        self._numbers: dict[str, _Numbers] = {}
        self._names: dict[Configuration, bytes] = {}
        self.registry = Registry.of(genesis, lambda *place: self.records.get(place))
        self.protocol = self.registry.founding.protocol
        founders = Configuration(voters=electorate(genesis).voters)
        self._deciders = Deciders(self.protocol.changeover, founders, self.name_of)

    def name_of(self, configuration: Configuration) -> bytes:
        """What headers name; UnknownMembersError where a node in it is certified nowhere up to here."""
        if configuration not in self._names:
            self._names[configuration] = members_hash(
                self.protocol.name, self.protocol.quorum, configuration, lambda number: key_in(self.registry, number)
            )
        return self._names[configuration]

    def follow(self, block: Block) -> None:
        """Find who decides the next block. ConfigurationError where it does not name them, or its change cannot be."""
        self._deciders.follow(block.header, change_in(block))

    @property
    def proposers(self) -> tuple[int, ...]:
        """Who may have proposed the last block."""
        return self._deciders.proposers

    @property
    def changed(self) -> bool:
        """Did the last block bring another configuration?"""
        return self._deciders.changed

    def fault_of(self, certificate: Certificate, header: Header) -> str | None:
        """Why that certificate does not prove that the last block, of that header, is decided; or None."""
        return fault_of_certificate(certificate, header, self._deciders.current, self.protocol, self._signed)

    def _signed(self, member: int, data: bytes, signature: bytes) -> bool:
        key = self.registry.member_key(member)
        return key is not None and self._verify(key, data, signature)

    def flaw_in_signatures(self, transaction: Transaction, as_of: int) -> str | None:
        """Why nobody may say that its signers signed it, by the keys certified up to the height ``as_of``; or None."""
        data = transaction.signed
        for name, signature in transaction.signatures:
            keys = self.registry.client_keys(name, as_of)
            if not keys:
                return f"{name} is no client of this network"
            if not any(self._verify(key, data, signature) for key in keys):
                return f"the signature of {name} does not verify"
        return None

    def is_used(self, transaction: Transaction) -> bool:
        """Did an earlier transaction use up its (client, number)?"""
        numbers = self._numbers.get(transaction.body.client)
        return numbers is not None and transaction.body.number in numbers.used

    def execute(self, block: Block, transactions: Sequence[Transaction]) -> None:
        """Take note of what ``block`` did to identities. ConfigurationError where a change of members did nothing."""
        for transaction in transactions:
            flaw = flaw_in_place(block, transaction)
            if flaw is not None:
                raise ConfigurationError(flaw)
            refused = self._refused(transaction, block.height)
            if refused is not None and change_in(block) is not None:
                raise ConfigurationError(f"asks for members in vain: {refused}")

    def _refused(self, transaction: Transaction, height: int) -> str | None:
        """Why executing ``transaction`` changed nothing here; None where it did, or was none of the registry's."""
        body = transaction.body
        if not self._numbers.setdefault(body.client, _Numbers()).add(body.number):
            return "number_gaps"
        if body.contract != REGISTRY:
            return None
        data = transaction.signed
        for name, signature in transaction.signatures:
            key = self.registry.client_key_at(name, height)
            if key is None or not self._verify(key, data, signature):
                return f"the key of {name} is not the one in force"
        try:
            order = decode_order(body.action, body.arguments)
            self.records.update(carry_out(self.registry, body.action, order, height, self._verify))
        except (OrderError, RegistryRefusal) as error:
            return str(error)
        return None


class _Numbers:
    """A client's used numbers, and how many runs without a gap they make."""

    def __init__(self) -> None:
        self.used: set[int] = set()
        self._runs = 0

    def add(self, number: int) -> bool:
        """Use ``number`` up, unless that made too many runs."""
        runs = self._runs + 1 - (number - 1 in self.used) - (number + 1 in self.used)
        if runs > RANGES_MAX:
            return False
        self.used.add(number)
        self._runs = runs
        return True
