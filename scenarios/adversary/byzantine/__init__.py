"""Byzantine nodes: an unmodified core inside, and lies on its way to and from the others.

:class:`LyingNode` wraps the machine of a node and bends what it says and hears by named :data:`BEHAVIOURS`. It signs
with its own key alone: forging another's signature is what cryptography excludes, claiming to be another is not.
:func:`bend` puts a trial's liars on stage, :func:`draw_liars` draws them.
"""

from scenarios.adversary.byzantine.accountability import Accountability
from scenarios.adversary.byzantine.behaviours import BEHAVIOURS, LIES
from scenarios.adversary.byzantine.casting import bend, draw_liars, room_for
from scenarios.adversary.byzantine.node import LyingNode, Voice

__all__ = ["BEHAVIOURS", "LIES", "Accountability", "LyingNode", "Voice", "bend", "draw_liars", "room_for"]
