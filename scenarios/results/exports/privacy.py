"""Tables of the leakage matrix: who ever held what, and who talked to whom."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.results.exports.source import RunFiles
from scenarios.results.exports.tables import Row, Table, integer, text
from scenarios.results.leakage import Leakage


def _leakage(files: RunFiles) -> Iterator[Row]:
    found: Leakage = files.document(files.folder.leakage, Leakage)
    for row in found.rows:
        for place, holding in row.cells.items():
            yield row.step, row.record, row.data_class, row.mode, row.path, place, str(holding)


def _talk(files: RunFiles) -> Iterator[Row]:
    found: Leakage = files.document(files.folder.leakage, Leakage)
    for talk in found.talk:
        yield talk.sender, talk.receiver, talk.messages, talk.bytes


def _absent(files: RunFiles) -> str | None:
    return None if files.folder.leakage.is_file() else "nothing is shared in this scenario"


LEAKAGE = Table(
    name="leakage",
    meaning="The leakage matrix, a cell a row.",
    source="`leakage.json`",
    columns=(
        text("step", "that shared it"),
        text("record", "the payload's"),
        text("data_class"),
        text("mode", "how it was to be kept"),
        text("field"),
        text("place", "a node, or `bus`"),
        text("holding", "`nothing`, `hash`, `ciphertext`, `purged`, `plain`: the most it ever held"),
    ),
    rows=_leakage,
    absent=_absent,
)

TALK = Table(
    name="talk",
    meaning="Who sent how much to whom: what no mode of privacy hides.",
    source="`leakage.json`",
    columns=(
        text("sender"),
        text("receiver", "`all` is everyone"),
        integer("messages", "frames, with processes"),
        integer("size_bytes"),
    ),
    rows=_talk,
    absent=_absent,
)
