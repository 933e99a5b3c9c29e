"""A checklist of MLPS level 3 等保三级 (row 50): the 71 control points of GB/T 22239-2019, each with its evidence.

``controls`` names them; ``judging`` holds a run's folder against those that a program can answer for. Buildings, staff,
purchasing and daily operation are an operator's: out of scope, and said so. It is a self-assessment of a simulator and
no 等级测评 by a body that is entitled to one.
"""

from scenarios.results.checklist.controls import CONTROLS, Control
from scenarios.results.checklist.judging import ChecklistError, Judged, Verdict, check
from scenarios.results.checklist.telling import as_markdown, as_page

__all__ = ["CONTROLS", "ChecklistError", "Control", "Judged", "Verdict", "as_markdown", "as_page", "check"]
