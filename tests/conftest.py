"""What the whole suite shares: tests that need Debian's packages step aside where those are absent.

``CONSORTIUM_REQUIRE_ALL=1`` (set by ``.ci/run``) turns an absence into an error instead.
"""

import os
import shutil
from pathlib import Path

import pytest

NEEDS = {
    "mosquitto": ("mosquitto", "mosquitto_pub", "mosquitto_sub"),
    "tmux": ("tmux",),
    "chromium": ("chromium",),
}
"""Marker -> the programs that its tests run."""


def pytest_addoption(parser):
    parser.addoption("--rewrite-transcripts", action="store_true", help="write the golden transcripts anew")


def _missing(marker):
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return [program for program in NEEDS[marker] if shutil.which(program, path=path) is None]


REAL = tuple(Path(__file__).parent / room for room in ("end_to_end", "network/bus", "scenarios/runner"))
"""Rooms whose tests start real processes. Run one at a time, whatever the number of workers: each wants the machine."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        if any(item.path.is_relative_to(room) for room in REAL):
            item.add_marker(pytest.mark.xdist_group("processes"))
    absent = {marker: missing for marker in NEEDS if (missing := _missing(marker))}
    unable = [item for item in items if any(item.get_closest_marker(marker) for marker in absent)]
    if not unable:
        return
    if os.environ.get("CONSORTIUM_REQUIRE_ALL") == "1":
        raise pytest.UsageError(f"programs that {len(unable)} tests need are missing: {absent}")
    config.hook.pytest_deselected(items=unable)
    items[:] = [item for item in items if item not in unable]
