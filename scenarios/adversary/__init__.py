"""The adversary: random faults against whole networks of replicas, watched by every oracle there is.

:func:`check` searches (``consortium check``): it draws cases, :func:`replica_cast` puts full replicas, their clients
and money into them, and :class:`OnceOnly` adds to the protocols' oracles what only the ledger can tell. A violation is
kept as a :class:`Failure`, which :func:`play` plays again (``consortium replay``).
"""

from scenarios.adversary.oracles import OnceOnly
from scenarios.adversary.replicas import replica_cast
from scenarios.adversary.search import Failure, FailureError, Search, check, keep, play, read_failure

__all__ = [
    "Failure",
    "FailureError",
    "OnceOnly",
    "Search",
    "check",
    "keep",
    "play",
    "read_failure",
    "replica_cast",
]
