"""``consortium codes``: how far the shipped code map goes, over all it knows or over codes of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from scenarios.edges.icd import Coverage, all_codes, coverage, is_icd9, map_version, transcode, transcode_back
from scenarios.failures import EXIT_INVALID, EXIT_PASS, say

SHOWN_MAX = 40
FILE_BYTES_MAX = 16 << 20


def tell_codes(codes: Sequence[str], file: Path | None) -> int:
    """Print the round trip over ``codes`` and those in ``file``, one a line; over all where there are none."""
    given = list(codes)
    if file is not None:
        try:
            given += _lines(file)
        except (OSError, ValueError) as error:
            say(f"{file}: {error.strerror if isinstance(error, OSError) else error}")
            return EXIT_INVALID
    wrong = next((code for code in given if not is_icd9(code)), None)
    if wrong is not None:
        say(f"`{wrong[:40]}` is no ICD-9-CM code; write it like 611.0")
        return EXIT_INVALID
    for code in given[:SHOWN_MAX]:
        there = transcode(code)
        back = None if there is None else transcode_back(there)
        typer.echo(f"{code:<8} {there or 'no map':<8} {back or ''}".rstrip())
    if len(given) > SHOWN_MAX:
        typer.echo(f"... and {len(given) - SHOWN_MAX:,} more")
    typer.echo("\n".join(_told(coverage(given or all_codes(), {}))))
    return EXIT_PASS


def _told(found: Coverage) -> list[str]:
    return [
        f"map           {map_version()}",
        f"codes         {found.codes:,}",
        f"mapped        {found.mapped:,}",
        f"unmapped      {len(found.unmapped):,} ({_percent(found.unmapped_ppm)})",
        f"there + back  {found.returned:,} come back to the code they were",
    ]


def _lines(file: Path) -> list[str]:
    with file.open("rb") as opened:
        raw = opened.read(FILE_BYTES_MAX + 1)
    if len(raw) > FILE_BYTES_MAX:
        raise ValueError(f"is larger than {FILE_BYTES_MAX >> 20} MiB")
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError("is no text in UTF-8") from None
    return [code for line in lines if (code := line.partition("#")[0].strip())]


def _percent(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm % 10_000 // 100:02d} %"
