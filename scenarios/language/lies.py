"""Whether what ``misbehaviour`` names is there to be lied about, and whether anybody looks for it."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.language.findings import Finding
from scenarios.language.models.market import Claims
from scenarios.language.models.misbehaviour import ColludingHospital, DoubleClaim, InStory
from scenarios.language.problems import Path, did_you_mean
from scenarios.language.schema import Scenario


def lies_can_be_told(scenario: Scenario) -> Iterator[Finding]:
    """Liars, steps and stays exist, no step is two lies, and each kind of lie is looked for."""
    clients = [client.name for client in scenario.client_names]
    told: set[str] = set()
    for index, lie in enumerate(scenario.misbehaviour):
        path: Path = ("misbehaviour", index)
        if lie.by not in clients:
            yield Finding((*path, "by"), f"nobody is called `{lie.by}`{did_you_mean(lie.by, clients)}")
        if lie.kind not in scenario.expect.detection:
            yield Finding(path, f"nothing is asked of its detection; say under `expect.detection.{lie.kind}`")
        if isinstance(lie, ColludingHospital):
            if not any(isinstance(flow, Claims) for flow in scenario.workload):
                yield Finding(path, "raises the bills of a flow `claims`, and the workload has none")
        else:
            yield from _in_story(scenario, lie, path, told)


def _in_story(scenario: Scenario, lie: InStory, path: Path, told: set[str]) -> Iterator[Finding]:
    steps = {step.id: step for step in scenario.story}
    if scenario.workload and not steps:
        return  # a flow tells the story: its steps are known when it is told
    for place, name in enumerate(lie.on or ()):
        if name not in steps:
            message = f"no step of the story is called `{name}`{did_you_mean(name, steps)}"
            yield Finding((*path, "on", place), message)
        elif steps[name].who != lie.by:
            yield Finding((*path, "on", place), f"`{name}` is a step of `{steps[name].who}`, not of `{lie.by}`")
        elif name in told:
            yield Finding((*path, "on", place), f"`{name}` is a lie already")
        told.add(name)
    for name in lie.then:
        if name not in steps:
            yield Finding((*path, "then", name), f"no step of the story is called `{name}`{did_you_mean(name, steps)}")
    if isinstance(lie, DoubleClaim) and lie.stay not in scenario.world.stays:
        near = did_you_mean(lie.stay, scenario.world.stays)
        yield Finding((*path, "stay"), f"`{lie.stay}` is not under `world.stays`{near}")
