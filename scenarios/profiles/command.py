"""``consortium profile``: list the profiles, or run one and print ours beside what was published."""

from __future__ import annotations

from pathlib import Path

import typer

from scenarios.failures import EXIT_FAIL, EXIT_PASS, say
from scenarios.profiles.model import Profile, load_profile
from scenarios.profiles.reproducing import Reproduced, reproduce
from scenarios.profiles.telling import page, told
from scenarios.shipped import find_profile, profiles


def run_profiles(names: list[str], written: Path | None) -> int:
    """Run the profiles called ``names`` and print them; list all where there are none. The exit code."""
    if not names and written is None:
        for name, path in profiles().items():
            typer.echo(f"{name:<12}  {load_profile(path).title}")
        return EXIT_PASS
    missed = 0
    done: list[tuple[str, Profile, list[Reproduced]]] = []
    for name in names or profiles():
        path = find_profile(name)
        profile = load_profile(path)
        reproduced = reproduce(profile, lambda play, of=name: say(f"{of}: played {play}"))  # type: ignore[misc] # bound
        done.append((path.stem, profile, reproduced))
        typer.echo(("\n" if len(done) > 1 else "") + "\n".join(told(profile, reproduced)))
        missed += sum(not line.holds for line in reproduced)
    if written is not None:
        written.write_text(page(done, f"consortium profile --page {written}"), encoding="utf-8")
    return EXIT_FAIL if missed else EXIT_PASS
