"""Comparisons 比较: two runs, two folders of runs or two sweeps, side by side.

``reading`` takes what lies at a path, ``comparing`` holds two of them together, ``telling`` writes it down for people
and for machines. Only files are read: what is compared may have come from elsewhere.
"""

from scenarios.results.comparison.comparing import Comparison, MeasureLine, compare
from scenarios.results.comparison.reading import Side, read_side

__all__ = ["Comparison", "MeasureLine", "Side", "compare", "read_side"]
