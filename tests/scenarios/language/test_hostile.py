"""Hostile texts are answered in under two seconds of CPU time and within 500 MB, whatever they are made of."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.language.reading import BYTES_MAX

SECONDS = 2
BYTES = 500 << 20

READ = """\
import sys, time
from scenarios.language import ScenarioInvalid, load_scenario
before = time.process_time()
try:
    load_scenario(sys.argv[1])
except ScenarioInvalid as refused:
    print(f"{time.process_time() - before:.3f}")
    print(refused)
"""


def nested_aliases(size: int) -> str:
    """A bomb of aliases, each level ten of the one before, and then as many lines of them as fit."""
    levels = [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    head = "\n".join(["version: 1", "x-0: &a0 [boom, boom, boom]", *levels, "story:", ""])
    line = "- [*a11, *a11, *a11, *a11]\n"
    return head + line * (size // len(line))


EACH = """\
import sys, time
from scenarios.language import ScenarioInvalid, load_scenario
for path in sys.argv[1:]:
    before = time.process_time()
    try:
        load_scenario(path)
    except ScenarioInvalid:
        print(f"{time.process_time() - before:.3f}")
"""

TEXTS = {
    "ten megabytes of nested aliases": nested_aliases(10 << 20),
    "nested aliases": nested_aliases(1 << 10),
    "a hundred thousand keys": "".join(f"k{n}: {n}\n" for n in range(100_000)),
    "as many of them as a file may hold": "".join(f"k{n}: {n}\n" for n in range(100_000))[: BYTES_MAX - 1],
    "a mapping twelve hundred deep": "".join(" " * n + "a:\n" for n in range(1_200))[: BYTES_MAX - 1],
    "a long line of aliases": "x-a: &a [1]\nb: [" + "*a, " * 200_000 + "]",
    "a hundred thousand keys, in less than a mebibyte": "{" + ",".join(f"{n:x}" for n in range(100_000)) + "}",
    "five thousand unknown keys": "".join(f"k{n}: {n}\n" for n in range(5_000)),
    "ten thousand wrong values": "version: 1\nname: a\nmembers: {a: }\nfaults: [" + "{}, " * 9_900 + "]",
    "five thousand duplicate keys": "version: 1\n" + "a: 1\n" * 5_000,
    "brackets without an end": "[" * 1_000_000,
    "a number as long as a file": "version: 1\nname: " + "1" * 1_000_000,
    "a tag of a megabyte": "!<" + "x" * 1_000_000 + "> a",
    "merges of merges": "x-0: &m0 {a: 1}\n"
    + "".join(f"x-{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}, *m{n - 1}]}}\n" for n in range(1, 40))
    + "<<: *m39\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_refused_in_time_and_in_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(TEXTS[name])
    took, said = answered(path)
    assert "hostile.yaml" in said
    assert len(said) < 60_000
    took = took if took < SECONDS else min(took, answered(path)[0])  # a busy machine counts waiting for memory
    assert took < SECONDS, f"{took} s of CPU time"


def test_every_golden_case_is_answered_in_time_and_in_little_memory() -> None:
    cases = sorted(map(str, (Path(__file__).parent / "golden").glob("*.yaml")))
    took = list(map(float, limited(EACH, *cases).split()))
    assert len(took) == len(cases) > 35
    assert max(took) < SECONDS


def answered(path: Path) -> tuple[float, str]:
    """The CPU time that an answer takes, in seconds, and the answer."""
    took, _, said = limited(READ, str(path)).partition("\n")
    return float(took), said


def limited(program: str, *arguments: str) -> str:
    """What ``program`` prints, run within 500 MB."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES)),
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout
