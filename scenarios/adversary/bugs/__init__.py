"""The bug bank: bugs that real systems had, planted in the real cores one at a time, to prove that the search bites.

A bug is a small named change of a core while it is planted: one or two functions or constants are replaced, and put
back. Each names its source. ``consortium check --bug NAME`` searches with one planted; ``make bug-bank`` plays all of
them and writes ``docs/bug-bank.md``.
"""

from scenarios.adversary.bugs.registry import Bug, Planter, bug, bug_names, bugs, planted

__all__ = ["Bug", "Planter", "bug", "bug_names", "bugs", "planted"]
