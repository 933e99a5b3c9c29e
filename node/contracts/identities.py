"""Who the signers of one block's transactions are, as the registry has it in that block.

Contracts see names and roles, which are for good. Whether a key speaks for its name depends on the height, and is the
runtime's business before a contract is asked; a contract whose matter is the chain itself, as the registry's, declares
that it reads it (:class:`node.contracts.contract.Contract`), and no other can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.ledger.transaction import Transaction
from node.membership import Directory, Registry
from node.membership.registry import Get
from node.membership.rule import Verify

if TYPE_CHECKING:
    from node.contracts.context import Roles


class Identities:
    """The directory's words and the registry's, as of one block at ``height``; None where there is no block.

    Without a block, as where a story is planned, keys are taken as given, and what a change of the registry says of
    heights is judged as if the block were the first.
    """

    def __init__(self, roles: Roles, get: Get, height: int | None, verify: Verify) -> None:
        self._roles = roles
        self._registry = Registry(roles.founding, get) if isinstance(roles, Directory) else None
        self._height = height
        self.verify = verify

    @property
    def height(self) -> int:
        """Of the block that is executed."""
        return self._height or 0

    @property
    def registry(self) -> Registry:
        """The registry as of the transaction that is executed. TypeError where nobody but names and roles is known."""
        if self._registry is None:
            raise TypeError("there is no registry beside a list of roles")
        return self._registry

    def role(self, name: str) -> str | None:
        """The role of a client; None for a stranger."""
        return self._roles.role(name) if self._registry is None else self._registry.role(name)

    def fault_of(self, transaction: Transaction) -> tuple[str, str] | None:
        """(code, name) of the first signer whose key is not the one in force; None where all are."""
        registry, height = self._registry, self._height
        if registry is None or height is None:
            return None
        for name, signature in transaction.signatures:
            if not registry.changed(name):
                continue  # then its one key is the genesis', which admission has verified and nobody has ended
            data = transaction.signed
            key = registry.client_key_at(name, height)
            if key is None or not self.verify(key, data, signature):
                return self._reason(registry, name, data, signature, height), name
        return None

    def _reason(self, registry: Registry, name: str, data: bytes, signature: bytes, height: int) -> str:
        """What is the matter with the key that did sign; of a name's keys, one did."""
        keys = registry.client_keys(name)
        signed = next((key for key in keys if self.verify(key, data, signature)), b"")
        return registry.standing(name, signed, height) or "key_unknown"
