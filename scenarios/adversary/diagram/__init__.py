"""The message diagram of a failure: how its two facts came to be, and its last exchanges.

:func:`record` plays a trial again and chooses what to show; :func:`as_text` draws that for a terminal, :func:`as_svg`
as a picture, :func:`causes_as_text` tells one fact's chain of events line by line.
"""

from scenarios.adversary.diagram.picture import as_svg
from scenarios.adversary.diagram.recording import Diagram, Event, record
from scenarios.adversary.diagram.text import as_text, causes_as_text

__all__ = ["Diagram", "Event", "as_svg", "as_text", "causes_as_text", "record"]
