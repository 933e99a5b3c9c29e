"""Which code map a hospital transcodes by (row 40): the version in force on the chain, or else the shipped map."""

from __future__ import annotations

from collections.abc import Mapping

from node.contracts.code_maps import TIMELINE, MapTimeline, version_at
from scenarios.edges.icd import map_version
from scenarios.language.problems import did_you_mean
from scenarios.roles.desk import Act, Desk


def map_in_use(desk: Desk, act: Act) -> str:
    """The version that the step names by ``map``, or the one in force at its time, or the shipped map's own name."""
    named = act.take("map")
    if named is not None:
        return str(named)
    timeline = desk.tree.get(MapTimeline.namespace, TIMELINE)
    live = version_at(timeline.switches, act.time_ms) if isinstance(timeline, MapTimeline) else ""
    return live or map_version()


def local_table(desk: Desk, act: Act, version: str) -> Mapping[str, str]:
    """The network's own table in that version; the step is to blame where the scenario has none of that name."""
    if version == map_version():
        return {}
    maps = desk.world.code_maps
    if version not in maps:
        raise act.error("map", f"`{version}` is not under `world.code_maps`{did_you_mean(version, maps)}")
    return maps[version].local
