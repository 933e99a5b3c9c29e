"""A bench for contracts: a tiny network, executed without consensus, signatures taken as given."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from node.contracts import Outcome, execute_block, genesis_state
from node.contracts.accounts import Opening, Settings, account
from node.contracts.fields import Arguments
from node.ledger.genesis import Client, Genesis, Member
from node.ledger.transaction import Body, Transaction
from node.membership import Directory

ROLES = {
    "insurer-1": "insurer",
    "insurer-2": "insurer",
    "hospital-1": "hospital",
    "hospital-2": "hospital",
    "bureau": "bureau",
    "reinsurer": "reinsurer",
    "broker": "broker",
}
OPENING_FEN = 10**12
KEY = bytes(32)


class Bench:
    """One state; ``do`` runs one transaction on it and keeps what comes of it."""

    def __init__(self, others: Mapping[str, str] | None = None, **settings: Arguments) -> None:
        """``others``: further clients and their roles; ``settings``: other contracts', with _ for -."""
        roles = {**ROLES, **(others or {})}
        openings = tuple(Opening(owner, OPENING_FEN) for owner in (*roles, "residents"))
        self.genesis = Genesis(
            version=1,
            network="bench",
            protocol="solo",
            members=(Member(name="bureau", role="bureau", votes=True, verify_key=KEY, seal_key=KEY),),
            clients=tuple(
                Client(name=name, role=role, home=0, verify_key=KEY, seal_key=KEY) for name, role in roles.items()
            ),
            settings=(
                ("accounts", msgspec.msgpack.encode(Settings(openings))),
                *((name.replace("_", "-"), msgspec.msgpack.encode(given)) for name, given in settings.items()),
            ),
        )
        self.directory = Directory(self.genesis)
        self.tree = genesis_state(self.genesis)
        self._number = 0

    def do(self, who: str, what: str, args: Arguments, *, at: int, cosigners: tuple[str, ...] = ()) -> Outcome:
        """Run ``contract.action`` with ``args`` as ``who`` at business time ``at`` (ms)."""
        contract, action = what.split(".")
        self._number += 1
        body = Body(
            version=1,
            network="bench",
            client=who,
            number=self._number,
            contract=contract,
            action=action,
            arguments=msgspec.msgpack.encode(args),
            time_ms=at,
        )
        signers = (who, *sorted(cosigners))
        transaction = Transaction(body=body, signatures=tuple((name, bytes(64)) for name in signers))
        execution = execute_block(self.tree, self.directory, [transaction])
        self.tree = execution.tree
        return execution.outcomes[0]

    def balance(self, owner: str, kind: str) -> int:
        """Debits positive, in fen; cash without what the owner began with."""
        record = self.tree.get("accounts", account(owner, kind))
        balance = record.balance_fen if record else 0
        return balance - OPENING_FEN if kind == "cash" else balance
