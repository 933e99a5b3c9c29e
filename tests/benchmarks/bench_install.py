"""What the first use costs: size and time of a fresh installation, of each extra, and the time to the first verdict.

Builds a wheel of this checkout and installs it into empty environments by pip, without pip's cache, so everything is
fetched: seconds are those of this machine and its way to the package index. Sizes are of what was installed on top of
an empty environment, compiled Python files included. Each extra's line is the whole of base and extra.

    python tests/benchmarks/bench_install.py [--extras all] [--page docs/install.md]

Without ``--extras`` only the base is installed, which takes a minute; all of them take ten.
"""
# ruff: noqa: S603, T201 - a benchmark prints, and runs what it built

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASE = "base"
MB = 1_000_000
BEGIN, END = "<!-- measured -->", "<!-- end of what was measured -->"


def main() -> int:
    """Measure what was asked for; the exit code."""
    known = [BASE, *tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extras", default=BASE, help=f"all, or by commas of {', '.join(known)}")
    parser.add_argument("--page", type=Path, help=f"put the tables there too, between {BEGIN} and {END}")
    options = parser.parse_args()
    extras = known if options.extras == "all" else options.extras.split(",")
    if not set(extras) <= set(known):
        parser.error(f"no such extra; there are: {', '.join(known)}")
    with tempfile.TemporaryDirectory() as folder:
        lines = list(_measured(Path(folder), extras))
    if options.page:
        write_between(options.page, lines)
    return 0


def write_between(page: Path, lines: list[str]) -> None:
    """Put ``lines`` between the page's two marks, in place of what stands there. ValueError where there are none."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page}: has no {BEGIN} and {END}")
    page.write_text("\n".join([before + BEGIN, "", *lines, "", END + after]))


def _measured(folder: Path, extras: list[str]):
    wheel = _wheel(folder)
    yield from _told(
        f"The wheel has {wheel.stat().st_size / MB:.1f} MB; Python {sys.version.split()[0]}, {os.cpu_count()} cores.",
        "",
        "| installed | packages | on disk, MB | pip install, s | of it CPU, s |",
        "|-|-|-|-|-|",
    )
    for extra in extras:
        python = _environment(folder / extra)
        empty = _size(folder / extra)
        name = str(wheel) if extra == BASE else f"{wheel}[{extra}]"
        wall, cpu = _timed([python, "-m", "pip", "install", "-qq", "--no-cache-dir", name])
        size = _size(folder / extra) - empty
        listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], capture_output=True, check=True).stdout
        yield from _told(f"| {extra} | {len(json.loads(listed)) - 2} | {size / MB:.0f} | {wall:.0f} | {cpu:.0f} |")
    yield from _told("", *_first_verdict(folder, wheel))


def _first_verdict(folder: Path, wheel: Path):
    """From nothing but Python to a verdict, in both modes."""
    begun = time.perf_counter()
    python = _environment(folder / "first")
    _timed([python, "-m", "pip", "install", "-qq", "--no-cache-dir", str(wheel)])
    installed = time.perf_counter() - begun
    consortium = python.with_name("consortium")
    yield "| from nothing | s |"
    yield "|-|-|"
    yield f"| environment made, base installed | {installed:.0f} |"
    virtual, _ = _timed([consortium, "run", "one_claim", "--mode", "virtual", "--ui", "none"], cwd=folder)
    yield f"| ... and the first verdict, in virtual time | {installed + virtual:.0f} |"
    demo, _ = _timed([consortium, "demo", "--ui", "none"], cwd=folder)
    yield f"| ... and the first verdict of real processes, `consortium demo` | {installed + demo:.0f} |"


def _wheel(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return next(folder.glob("*.whl"))


def _environment(path: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", path], check=True)
    return path / "bin" / "python"


def _timed(command: list, cwd: Path = ROOT) -> tuple[float, float]:
    """(seconds on the clock, seconds of CPU) of a command that must succeed."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, check=True, cwd=cwd, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - begun, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _size(path: Path) -> int:
    """Bytes of all files below ``path``."""
    return sum(file.lstat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink())


def _told(*lines: str):
    for line in lines:
        print(line, flush=True)
        yield line


if __name__ == "__main__":
    raise SystemExit(main())
