from __future__ import annotations

import pytest

from consensus.vocabulary import Cut, Drop, Put
from network.virtual.disk import Disk, apply_records


def test_records_apply_in_order_and_spaces_are_apart() -> None:
    image = {}
    apply_records(image, [Put("log", i, f"v{i}") for i in range(6)] + [Put("meta", "term", 3), Put("meta", 9, "nine")])
    apply_records(image, [Cut("log", 4), Drop("log", 2), Put("log", 4, "again"), Cut("meta", 0)])
    assert image == {"log": {2: "v2", 3: "v3", 4: "again"}, "meta": {"term": 3}}


def test_cutting_an_unknown_space_is_harmless() -> None:
    image = {}
    apply_records(image, [Cut("log", 0)])
    assert image == {}


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(TypeError, match="not a durable record"):
        apply_records({}, ["put"])


def test_what_is_written_during_a_sync_goes_with_the_next() -> None:
    disk = Disk()
    first = disk.write((Put("s", 1, "a"),))
    generation = disk.begin_sync()
    second = disk.write((Put("s", 2, "b"),))
    third = disk.write((Put("s", 3, "c"),))
    assert disk.end_sync(generation) == [(Put("s", 1, "a"),)]
    assert (disk.durable, disk.waiting, disk.idle) == (first, True, True)
    assert second not in disk.contents()["s"]
    assert len(disk.end_sync(disk.begin_sync())) == 2
    assert (disk.durable, disk.waiting) == (third, False)
    assert disk.contents() == {"s": {1: "a", 2: "b", 3: "c"}}


@pytest.mark.parametrize("survivors", [0, 1, 2])
def test_a_crash_keeps_a_prefix_of_the_running_sync_and_loses_the_rest(survivors: int) -> None:
    disk = Disk()
    disk.write((Put("s", 1, "a"),))
    disk.write((Put("s", 2, "b"), Put("s", 3, "b")))
    disk.begin_sync()
    disk.write((Put("s", 4, "c"),))
    disk.crash(survivors)
    kept = [{}, {1: "a"}, {1: "a", 2: "b", 3: "b"}][survivors]
    assert disk.contents().get("s", {}) == kept
    assert disk.idle
    assert not disk.waiting
    ticket = disk.write((Put("s", 9, "z"),))
    disk.end_sync(disk.begin_sync())
    assert disk.durable == ticket
    assert disk.contents()["s"] == kept | {9: "z"}


def test_contents_are_a_copy() -> None:
    disk = Disk()
    disk.write((Put("s", 1, "a"),))
    disk.end_sync(disk.begin_sync())
    disk.contents()["s"].clear()
    assert disk.contents() == {"s": {1: "a"}}
