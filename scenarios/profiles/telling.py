"""A profile as text: what was given and fitted, then every figure with ours and the error."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from fractions import Fraction

from scenarios.profiles.model import Profile
from scenarios.profiles.reproducing import Reproduced

WIDTH = 118


def told(profile: Profile, reproduced: Iterable[Reproduced]) -> Iterator[str]:
    """The lines of one profile."""
    yield profile.title
    yield from textwrap.wrap(" ".join(profile.about.split()), WIDTH)
    for given in profile.given:
        yield from _hanging(f"  given   {given.setting}: {given.value}")
    for fitted in profile.fitted:
        yield from _hanging(f"  fitted  {fitted.setting}: {fitted.value}, to {fitted.to}. {fitted.reason}")
    if not profile.fitted:
        yield "  fitted  nothing"
    yield ""
    yield f"  {'':<52}{'published':>13}{'ours':>13}{'error':>11}  role"
    for line in reproduced:
        ours = "-" if line.ours is None else str(line.ours)
        role = line.figure.role if line.holds else f"{line.figure.role}: MISSED"
        yield f"  {line.figure.what:<52}{line.published!s:>13}{ours:>13}{error(line.error):>11}  {role}"
        if line.figure.remark is not None:
            yield from _hanging(f"    {line.figure.remark}", 4)


def page(done: Iterable[tuple[str, Profile, list[Reproduced]]], command: str) -> str:
    """The Markdown page of several profiles; ``command`` is what wrote it."""
    lines = [_HEAD.format(command=command)]
    for name, profile, reproduced in done:
        lines += [f"## {profile.title}", "", " ".join(profile.about.split()), ""]
        lines += [f"[`configs/profiles/{name}.yaml`](../../configs/profiles/{name}.yaml)", ""]
        lines += [f"- Given: {given.setting}: {given.value}" for given in profile.given]
        lines += [f"- **Fitted**: {one.setting}: {one.value}, to {one.to}. {one.reason}" for one in profile.fitted]
        lines += ["- Nothing is fitted."] if not profile.fitted else []
        lines += ["", "| figure | published | ours | error | | |", "|-|-:|-:|-:|-|-|"]
        for line in reproduced:
            figure = line.figure
            ours = "-" if line.ours is None else str(line.ours)
            said = f"{figure.source}. {figure.remark or ''}".strip()
            cells = [figure.what, str(line.published), ours, error(line.error), figure.role, said]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


_HEAD = """<!-- Written by `{command}`; do not edit. -->
# Other platforms' figures, and ours

Each profile takes over what a publication says of a platform's settings, runs a shipped scenario in virtual time,
and puts what comes out beside what was published. *Predicted* could have come out otherwise. *Fitted* is what a
setting was chosen for, and shows no more than how well. *Calculated* needs no run. An error is told as it is; that
a platform is faster than one of our nodes, which is a Python program on one core, is a finding too.

How our own ledger grows (row 52) is calculated from the sizes of a transaction, a header and a vote, and a test
(`tests/scenarios/test_profiles.py`) holds it to what the disks of 4, 7 and 16 nodes hold, within 5 %.

```sh
{command}
```
"""


def error(share: Fraction | None) -> str:
    """As in "+3.1 %"."""
    if share is None:
        return "-"
    percent = float(share * 100)
    return f"{percent:+.0f} %" if abs(percent) >= 10 else f"{percent:+.1f} %"


def _hanging(text: str, indent: int = 10) -> list[str]:
    first = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent=first, subsequent_indent=" " * indent)
