"""A tiny network for contract tests: executed without consensus, signatures taken as given."""

from __future__ import annotations

import msgspec

from node.contracts import CATALOGUE, Execution, execute_block, genesis_state
from node.ledger.genesis import Client, Genesis, Member
from node.ledger.transaction import Body, Transaction
from node.membership import Directory

KEY = bytes(32)
ROLES = {
    "insurer-1": "insurer",
    "insurer-2": "insurer",
    "hospital-1": "hospital",
    "hospital-2": "hospital",
    "bureau": "bureau",
    "reinsurer": "reinsurer",
    "broker": "broker",
    "regulator": "regulator",
    "tax": "tax",
    "centre-1": "centre",
    "centre-2": "centre",
    "channel-1": "channel",
    "channel-2": "channel",
    "bank-1": "bank",
    "bank-2": "bank",
    "ann": "patient",
    "bob": "patient",
}


def genesis(settings=()):
    return Genesis(
        version=1,
        network="test",
        protocol="solo",
        members=(Member(name="bureau", role="bureau", votes=True, verify_key=KEY, seal_key=KEY),),
        clients=tuple(Client(name=n, role=r, home=0, verify_key=KEY, seal_key=KEY) for n, r in ROLES.items()),
        settings=tuple((name, msgspec.msgpack.encode(value)) for name, value in settings),
    )


class Network:
    """One state. ``do`` runs one transaction on it; numbers count up per client."""

    def __init__(self, contracts=CATALOGUE, settings=()):
        self.contracts = contracts
        self.genesis = genesis(settings)
        self.directory = Directory(self.genesis)
        self.tree = genesis_state(self.genesis, contracts)
        self._numbers: dict[str, int] = {}

    def transaction(self, who, what, args, *, at=0, cosigners=(), number=None):
        contract, action = what.split(".")
        if number is None:
            number = self._numbers[who] = self._numbers.get(who, 0) + 1
        body = Body(
            version=1,
            network="test",
            client=who,
            number=number,
            contract=contract,
            action=action,
            arguments=args if isinstance(args, bytes) else msgspec.msgpack.encode(args),
            time_ms=at,
        )
        return Transaction(body=body, signatures=tuple((name, bytes(64)) for name in (who, *sorted(cosigners))))

    def run(self, *transactions) -> Execution:
        execution = execute_block(self.tree, self.directory, transactions, self.contracts)
        self.tree = execution.tree
        return execution

    def do(self, who, what, args, **options):
        return self.run(self.transaction(who, what, args, **options)).outcomes[0]
