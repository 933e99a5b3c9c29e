"""A run's folder as exporters read it: the plan it replayed, and the business state that its nodes agreed on."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

from scenarios.language import load_scenario
from scenarios.results import RunFolder
from scenarios.runner.plan import Plan, make_plan

Records = dict[str, dict[str, dict[str, Any]]]
"""Namespace -> key -> record."""


class EndedRun(NamedTuple):
    """What a run was to do, and what it left."""

    plan: Plan
    records: Records


def read_run(path: Path, namespaces: Collection[str], error: Callable[[str, str], Exception]) -> EndedRun:
    """The run whose folder is ``path``, with the records of ``namespaces`` alone.

    Where it is none, or its nodes agreed on nothing, raises what ``error`` makes of the place and what is wrong there.
    """
    folder = RunFolder(path)
    if not folder.manifest.is_file():
        raise error(str(path), "is no run's folder: it has no manifest.json")
    if not folder.business.is_file():
        raise error(str(folder.business), "is missing: the nodes agreed on no business state")
    records: Records = {namespace: {} for namespace in namespaces}
    with folder.business.open("rb") as lines:
        for line in lines:
            namespace, key, record = json.loads(line)
            if namespace in records:
                records[namespace][key] = record
    manifest = json.loads(folder.manifest.read_bytes())
    plan = make_plan(load_scenario(folder.scenario), protocol=manifest["protocol"], seed=manifest["seed"])
    return EndedRun(plan, records)
