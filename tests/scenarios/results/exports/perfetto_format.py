"""What a trace must be for Perfetto to take it whole, after the published description of Chrome's trace events.

Checked beyond the form of each event: arrows come in pairs and end where a box is, boxes of a track lie within each
other or apart, spans begin and end, and processes and tracks are named.
"""

_NEEDS = {
    "X": {"name", "ts", "dur", "pid", "tid"},
    "i": {"name", "ts", "pid", "tid", "s"},
    "C": {"name", "ts", "pid", "args"},
    "M": {"name", "pid", "args"},
    "b": {"name", "cat", "id", "ts", "pid"},
    "e": {"name", "cat", "id", "ts", "pid"},
    "s": {"name", "cat", "id", "ts", "pid", "tid"},
    "f": {"name", "cat", "id", "ts", "pid", "tid", "bp"},
}
_METADATA = {"process_name": ("name", str), "thread_name": ("name", str), "process_sort_index": ("sort_index", int)}


def faults_of(document):
    """Everything that is wrong with a trace in JSON object format, in words."""
    events = document["traceEvents"]
    wrong = [fault for event in events for fault in _form(event)]
    if wrong:
        return wrong
    return [*_names(events), *_boxes(events), *_arrows(events), *_spans(events)]


def _form(event):
    lacks = _NEEDS.get(event.get("ph"), {"a known ph"}) - set(event)
    if lacks:
        yield f"{event} lacks {lacks}"
        return
    for key in ("ts", "dur"):
        if key in event and (not isinstance(event[key], int | float) or event[key] < 0):
            yield f"{event}: {key} is no time"
    if not all(isinstance(event.get(key, 0), int) for key in ("pid", "tid")):
        yield f"{event}: pid and tid are integers"
    if not isinstance(event["name"], str) or not event["name"]:
        yield f"{event}: has no name"
    if event["ph"] == "i" and event["s"] not in {"g", "p", "t"}:
        yield f"{event}: has no such scope"
    if event["ph"] == "C" and not all(isinstance(value, int | float) for value in event["args"].values()):
        yield f"{event}: counts nothing"
    if event["ph"] == "M":
        key, kind = _METADATA.get(event["name"], ("", object))
        if not isinstance(event["args"].get(key), kind):
            yield f"{event}: is no metadata"


def _names(events):
    named = {event["pid"] for event in events if event["name"] == "process_name"}
    yield from (f"process {pid} has no name" for pid in {event["pid"] for event in events} - named)
    tracks = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
    used = {(event["pid"], event["tid"]) for event in events if event["ph"] in {"X", "s", "f"}}
    yield from (f"track {track} has no name" for track in used - tracks)


def _tracks(events):
    tracks = {}
    for event in events:
        if event["ph"] == "X":
            tracks.setdefault((event["pid"], event["tid"]), []).append((_ps(event["ts"]), -_ps(event["dur"])))
    return {track: sorted(boxes) for track, boxes in tracks.items()}


def _boxes(events):
    for track, boxes in _tracks(events).items():
        open_until = []
        for begin, minus in boxes:
            while open_until and open_until[-1] <= begin:
                open_until.pop()
            if open_until and begin - minus > open_until[-1]:
                yield f"track {track}: boxes overlap at {begin} ps"
            open_until.append(begin - minus)


def _arrows(events):
    begins = {(event["pid"], event["tid"], _ps(event["ts"])) for event in events if event["ph"] == "X"}
    ends = {"s": {}, "f": {}}
    for event in events:
        if event["ph"] in ends:
            if event["id"] in ends[event["ph"]]:
                yield f"arrow {event['id']} has two of {event['ph']}"
            ends[event["ph"]][event["id"]] = event
            if (event["pid"], event["tid"], _ps(event["ts"])) not in begins:
                yield f"arrow {event['id']}: no box at its {event['ph']}"
    if set(ends["s"]) != set(ends["f"]):
        yield "arrows with one end"
    for number, begin in ends["s"].items():
        if number in ends["f"] and begin["ts"] > ends["f"][number]["ts"]:
            yield f"arrow {number} goes back in time"


def _spans(events):
    spans = {}
    for event in events:
        if event["ph"] in {"b", "e"}:
            spans.setdefault((event["cat"], event["id"], event["pid"]), []).append((event["ts"], event["ph"]))
    yield from (
        f"span {key} is {found}" for key, found in spans.items() if [ph for _, ph in sorted(found)] != ["b", "e"]
    )


def _ps(microseconds):
    """Rounded: a sum of floats may be off by less than a picosecond."""
    return round(microseconds * 1_000_000)
