"""Bounded exhaustive search: every order of events up to a depth, on the real cores (``consortium explore``).

Where :func:`scenarios.adversary.check` draws schedules at random, this room visits all of them, of a small network and
up to so many events: any message that was ever sent arrives, again or never, any timer fires, a leader proposes, a node
crashes, in the middle of a step too, and restarts from its disk. A *scene* says where the search begins and what may
happen how often (:mod:`~scenarios.adversary.explore.model`); Raft's scenes crash and partition, one replica of PBFT's
lies in every way that its key allows. :mod:`~scenarios.adversary.explore.search` tells how states are kept and which
reductions are exact.
"""

from scenarios.adversary.explore.campaign import explorable, explore, scenes, search_scene, summary
from scenarios.adversary.explore.model import Fact, Item, Letter, Recipe, Scene
from scenarios.adversary.explore.search import Search, Tally, Violation
from scenarios.adversary.explore.story import story

__all__ = [
    "Fact",
    "Item",
    "Letter",
    "Recipe",
    "Scene",
    "Search",
    "Tally",
    "Violation",
    "explorable",
    "explore",
    "scenes",
    "search_scene",
    "story",
    "summary",
]
