"""The adversary: random faults and lies against whole networks, watched by every oracle there is.

A :class:`Trial` is one run as plain data. :func:`check` draws and plays them (``consortium check``); :func:`play` plays
one and says what it broke; :func:`shrink` makes a failing one small; a :class:`Failure` keeps it, and
:func:`failure_of` plays it again event for event (``consortium replay``). :mod:`~scenarios.adversary.bugs` holds the
bugs that prove that all this bites, :mod:`~scenarios.adversary.byzantine` and :mod:`~scenarios.adversary.twins` the
lies, :mod:`~scenarios.linearizability` the checker of what clients were told.
"""

from scenarios.adversary.failure import Failure, FailureError, failure_of, keep, read_failure
from scenarios.adversary.oracles import OnceOnly
from scenarios.adversary.own import register_oracle
from scenarios.adversary.play import Broken, Played, play
from scenarios.adversary.search import Plan, Search, check, keep_search, read_search
from scenarios.adversary.shrink import Shrunk, shrink
from scenarios.adversary.trial import Liar, Trial, draw_trial

__all__ = [
    "Broken",
    "Failure",
    "FailureError",
    "Liar",
    "OnceOnly",
    "Plan",
    "Played",
    "Search",
    "Shrunk",
    "Trial",
    "check",
    "draw_trial",
    "failure_of",
    "keep",
    "keep_search",
    "play",
    "read_failure",
    "read_search",
    "register_oracle",
    "shrink",
]
