"""A network of farmers, traders, drivers and passengers, everybody with some cash."""

from node.contracts.accounts import Account, Opening, Settings
from node.privacy import Hashed, commitment
from tests.node.contracts.network import Network

ROLES = {
    **{f"insurer-{n}": "insurer" for n in (1, 2)},
    **{f"bank-{n}": "bank" for n in (1, 2)},
    **{f"farmer-{n}": "farmer" for n in (1, 2)},
    **{f"adjuster-{n}": "adjuster" for n in (1, 2, 3)},
    **{f"device-{n}": "device" for n in (1, 2)},
    **{f"supplier-{n}": "supplier" for n in (1, 2, 3)},
    **{f"oracle-{n}": "oracle" for n in (1, 2, 3)},
    **{f"passenger-{n}": "passenger" for n in (1, 2)},
    **{f"owner-{n}": "owner" for n in (1, 2)},
    **{f"shop-{n}": "shop" for n in (1, 2)},
    **{f"patient-{n}": "patient" for n in (1, 2, 3)},
    **{name: name for name in ("quarantine", "exporter", "window", "customs", "manager", "shipper", "firm")},
    **{name: name for name in ("carmaker", "police", "regulator")},
}
CASH = 1_000_000


def market():
    """Everybody begins with :data:`CASH`."""
    return Network(settings=[("accounts", Settings(tuple(Opening(name, CASH) for name in ROLES)))])


def balance(network, owner, kind):
    found = network.tree.get(Account.namespace, f"{owner}/{kind}")
    return found.balance_fen if found else 0


def next_id(network, who):
    """The id of the object that ``who``'s next transaction makes."""
    return f"{who}/{network._numbers.get(who, 0) + 1}"


def enclosed(network, who, fields, parties):
    """``fields`` as ``who``'s next transaction encloses them, by their hashes alone, salted alike each time."""
    commitments = tuple((path, commitment(path, fields[path], "cc" * 32)) for path in sorted(fields))
    return Hashed(record=next_id(network, who), version=0, commitments=commitments, recipients=tuple(sorted(parties)))
