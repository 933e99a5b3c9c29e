"""What went wrong in a run, by the four classes of risk 四类风控 (row 37): an incident report from the run's files.

``classes`` says what belongs where, ``gathering`` puts what was done beside what found it, ``equivocation`` reads two
ledgers against each other. What no detector saw is told as that.
"""

from scenarios.results.incidents.classes import CLASSES, Risk
from scenarios.results.incidents.equivocation import Split, splits
from scenarios.results.incidents.gathering import Fate, Incident, incidents_of

__all__ = ["CLASSES", "Fate", "Incident", "Risk", "Split", "incidents_of", "splits"]
