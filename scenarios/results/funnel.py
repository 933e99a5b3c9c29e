"""``funnel.json``: how many cases of each flow came how far 漏斗.

A step that names a stage takes its case there. Stages are in the order in which the workload first names them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from scenarios.results.numbers import Natural


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Cases of ``flow`` whose steps name ``stage``: ``planned``, ``reached`` (acknowledged), ``refused``.

    A case counts once at a stage, however many of its steps name it; the rest were never answered.
    """

    flow: str
    stage: str
    planned: Natural
    reached: Natural
    refused: Natural


def funnel_json(stages: Sequence[Stage]) -> bytes:
    """The file's content."""
    return msgspec.json.format(msgspec.json.encode(stages), indent=1) + b"\n"
