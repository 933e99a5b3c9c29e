"""The report 报告 of a run: one page drawn from the files of its folder, and from nothing else.

:func:`write_report` draws it. :mod:`facts` reads the files, :mod:`sections` lists what the page tells, each section
made of the :mod:`parts` that the template knows; pictures are SVG drawn by small functions over :mod:`markup`, which
escapes whatever comes from a scenario. A section of which a run has nothing says so and why.
"""

from scenarios.results.report.facts import Facts, ReportError, read_facts
from scenarios.results.report.page import BYTES_MAX, render, write_report

__all__ = ["BYTES_MAX", "Facts", "ReportError", "read_facts", "render", "write_report"]
