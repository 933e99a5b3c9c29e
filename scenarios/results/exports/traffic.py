"""Tables of what went on between nodes and at them, over time."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.results.course import Entry, Fault, Standing
from scenarios.results.exports.source import RunFiles, canonical
from scenarios.results.exports.tables import Row, Table, integer, text
from scenarios.results.exports.trace import events, messages, trace_absent


def _messages(files: RunFiles) -> Iterator[Row]:
    for message in messages(files):
        sent = message.sent
        yield (
            sent.at_ns,
            message.received_ns,
            None if message.received_ns is None else message.received_ns - sent.at_ns,
            message.sender,
            message.receiver,
            str(sent.what),
            message.fate,
            sent.flight,
            sent.bytes,
            sent.height,
            sent.view,
            sent.term,
        )


def _decisions(files: RunFiles) -> Iterator[Row]:
    for event in events(files):
        if event.event == "commit":
            yield event.at_ns, event.at, event.height


def _told(files: RunFiles) -> Iterator[Row]:
    for event in events(files):
        if event.event == "trace" and event.step is None and event.what != "executed":
            yield event.at_ns, event.at, str(event.what), canonical(event.detail)


def _faults(files: RunFiles) -> Iterator[Row]:
    for entry in _course(files):
        if isinstance(entry, Fault):
            yield entry.at_ns, entry.until_ns, entry.line


def _standings(files: RunFiles) -> Iterator[Row]:
    for entry in _course(files):
        if isinstance(entry, Standing):
            yield entry.at_ns, entry.node, entry.condition, entry.duty, entry.round


def _course(files: RunFiles) -> Iterator[Entry]:
    return files.json_lines(files.folder.course, Entry)  # type: ignore[arg-type] # a union is a type to msgspec


def course_absent(files: RunFiles) -> str | None:
    """Why the run's course is not known; None where it is."""
    return None if files.folder.course.is_file() else "the run was made by a version that kept no course of it"


MESSAGES = Table(
    name="messages",
    meaning="Every message to every receiver, in the order in which its fate was decided.",
    source="`events.jsonl.gz` (`--trace`, virtual mode)",
    columns=(
        integer("sent_ns", "run time"),
        integer("received_ns", "null where it was not"),
        integer("transit_ns", "with all waiting on the way and at a busy receiver"),
        text("sender", "a node, or `clients`"),
        text("receiver"),
        text("kind"),
        text(
            "fate",
            "`received`; `lost` on the way; `cut`: no way there; `vanished`: receiver down; `pending`: under way or"
            " waiting when the run ended or the receiver crashed",
        ),
        integer("flight", "what is sent at once to many is one; null where it never left"),
        integer("size_bytes", "without the frame; null where it never left"),
        integer("height", "that it speaks of, if any"),
        integer("view", "of PBFT"),
        integer("term", "of Raft"),
    ),
    rows=_messages,
    absent=trace_absent,
)

DECISIONS = Table(
    name="decisions",
    meaning="When each node decided each block.",
    source="`events.jsonl.gz` (`--trace`, virtual mode)",
    columns=(integer("decided_ns", "run time"), text("node"), integer("height")),
    rows=_decisions,
    absent=trace_absent,
)

TOLD = Table(
    name="told",
    meaning="What machines told of themselves: elections, view changes, checkpoints, refusals, Byzantine lies.",
    source="`events.jsonl.gz` (`--trace`, virtual mode)",
    columns=(
        integer("at_ns", "run time"),
        text("node", "or `clients`"),
        text("kind", "`raft.role`, `pbft.new_view`, `byzantine.equivocate`, `refused`, ..."),
        text("detail_json", 'its plain values in their order, as `["leader",3]` for role and term'),
    ),
    rows=_told,
    absent=trace_absent,
)

FAULTS = Table(
    name="faults",
    meaning="Faults as they were done.",
    source="`course.jsonl`",
    columns=(
        integer("began_ns", "run time"),
        integer("until_ns", "when it is over by itself; null: to the end, or at once"),
        text("fault", "in words"),
    ),
    rows=_faults,
    absent=course_absent,
)

STANDINGS = Table(
    name="standings",
    meaning="Where each node stood, a row each time that something changed; seen every 100 ms in virtual mode.",
    source="`course.jsonl`",
    columns=(
        integer("from_ns", "run time"),
        text("node"),
        text("condition", "`up`, `down`, `slow`, `cut off`, `starting`"),
        text("duty", "`leader`, `primary`, ..."),
        integer("round", "term or view"),
    ),
    rows=_standings,
    absent=course_absent,
)
