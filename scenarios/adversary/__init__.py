"""The adversary: random faults against whole networks of replicas, watched by every oracle there is.

:func:`replica_cast` puts full replicas, their clients and money into the cases that
:mod:`network.virtual.campaign` draws; :mod:`scenarios.adversary.oracles` adds what only the ledger can tell.
"""

from scenarios.adversary.oracles import OnceOnly
from scenarios.adversary.replicas import replica_cast

__all__ = ["OnceOnly", "replica_cast"]
