"""Perfetto, ShiViz and Mermaid: each as its viewer wants it, and true to the run."""

import json
import re
import shutil

import pytest

from scenarios.results.exports import (
    TABLES,
    ExtractError,
    RunFiles,
    mermaid_lines,
    perfetto_lines,
    scope_of,
    shiviz_lines,
)
from scenarios.results.exports.mermaid import escaped, partial
from scenarios.results.exports.shiviz import HEADER, clocked
from scenarios.results.exports.trace import events, messages
from tests.scenarios.results.exports.perfetto_format import faults_of

pytestmark = pytest.mark.xdist_group("exports")  # one worker makes the runs


def perfetto(files, **scope):
    return json.loads(b"\n".join(perfetto_lines(files, scope_of(files, **scope))))


# Perfetto


def test_a_trace_has_the_published_form(told, troubled):
    assert faults_of(perfetto(told)) == []
    assert faults_of(perfetto(troubled)) == []
    assert faults_of(perfetto(troubled, window="900ms..1100ms", nodes=["insurer-1", "clients", "bureau"])) == []


def test_the_form_s_check_can_fail(told):
    document = perfetto(told, window="0s..200ms")
    entries = document["traceEvents"]
    arrow = next(event for event in entries if event["ph"] == "f")
    for damage in (
        [event for event in entries if event is not arrow],
        [*entries, arrow | {"id": 10**9}],
        [event for event in entries if event["name"] != "process_name"],
        [event | {"dur": event["dur"] + 5000} if event["ph"] == "X" else event for event in entries],
        [event for event in entries if event["ph"] != "e"],
        [*entries, {"ph": "Q"}],
    ):
        assert faults_of({"traceEvents": damage})


def test_every_message_that_was_received_is_an_arrow(troubled):
    arrows = sum(event["ph"] == "f" for event in perfetto(troubled)["traceEvents"])
    assert arrows == sum(message.fate == "received" for message in messages(troubled)) > 100


def test_nodes_have_names_standings_and_what_they_decided(troubled):
    entries = perfetto(troubled)["traceEvents"]
    names = {event["args"]["name"]: event["pid"] for event in entries if event["name"] == "process_name"}
    assert {"insurer-1", "insurer-2", "hospital-1", "hospital-2", "bureau", "clients", "faults", "operations"} == set(
        names
    )
    standings = [event for event in entries if event["ph"] == "X" and event["tid"] == 3]
    assert any(event["name"].startswith("leader") for event in standings)
    assert any(event["name"] == "down" for event in standings)
    assert any(event["ph"] == "i" and event["s"] == "g" and "killed" in event["name"] for event in entries)
    heights = [event["args"]["height"] for event in entries if event["ph"] == "C" and event["pid"] == names["bureau"]]
    assert heights == list(range(1, max(heights) + 1))


def test_standings_of_real_processes_last_until_something_was_heard_last(troubled_run, tmp_path):
    bare = shutil.copytree(troubled_run, tmp_path / "bare")
    (bare / "events.jsonl.gz").unlink()
    manifest = json.loads((bare / "manifest.json").read_text())
    told = manifest | {"mode": "processes", "bus": "embedded", "virtual_ns": None}
    (bare / "manifest.json").write_text(json.dumps(told))
    entries = perfetto(RunFiles(bare))["traceEvents"]
    last = max(row[1] or 0 for row in TABLES["operations"].rows(RunFiles(bare)))
    ends = [event["ts"] + event["dur"] for event in entries if event["ph"] == "X"]
    assert max(ends) >= last / 1000


def test_without_a_trace_it_says_what_is_missing_and_draws_the_rest(troubled_run, tmp_path):
    bare = shutil.copytree(troubled_run, tmp_path / "bare")
    (bare / "events.jsonl.gz").unlink()
    document = perfetto(RunFiles(bare))
    assert "no messages" in document["otherData"]["missing"]
    assert faults_of(document) == []
    assert not any(event["ph"] == "f" for event in document["traceEvents"])
    assert any(event["ph"] == "X" for event in document["traceEvents"])


# ShiViz


def test_a_log_reads_back_by_its_own_header(troubled):
    expression, delimiter, *log = shiviz_lines(troubled, scope_of(troubled))
    assert (expression, delimiter) == HEADER
    pattern = re.compile(expression.replace("(?<", "(?P<"))
    text = "\n".join(log)
    found = list(pattern.finditer(text))
    assert "".join(match[0] for match in found).count("\n") + len(found) == text.count("\n") + 1  # every line is read
    seen = {}
    for match in found:
        clock = json.loads(match["clock"])
        assert clock[match["host"]] == seen.get(match["host"], 0) + 1
        seen[match["host"]] = clock[match["host"]]
        assert all(clock[host] <= seen.get(host, 0) for host in clock)


def brute_force(shown, everything):
    """Which of the events shown happened before which, by following the definition."""
    before, last, sends = [], {}, {}
    for place, event in enumerate(everything):
        past = set()
        if event.at in last:
            past |= before[last[event.at]] | {last[event.at]}
        if event.event == "receive":
            past |= before[sends[event.flight]] | {sends[event.flight]}
        before.append(past)
        last[event.at] = place
        if event.event == "send":
            sends[event.flight] = place
    places = [place for place, event in enumerate(everything) if any(event is other for other in shown)]
    return {(a, b) for b in range(len(places)) for a in range(len(places)) if places[a] in before[places[b]]}


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"window": "1s..1500ms"},
        {"nodes": ["insurer-1", "bureau"]},
        {"window": "1s..2s", "nodes": ["hospital-1", "hospital-2"]},
    ],
)
def test_clocks_are_exactly_happens_before_even_through_what_is_not_shown(troubled, scope):
    quiet = {"timer", "durable", "fault", "lost", "cut", "vanished"}
    everything = [event for event in events(troubled) if event.event not in quiet][:900]
    log = list(clocked(iter(everything), scope_of(troubled, **scope)))[:160]
    shown = [event for event, _ in log]
    assert len(shown) > 20
    by_clock = {
        (a, b)
        for b, (_, later) in enumerate(log)
        for a, (event, earlier) in enumerate(log)
        if a != b and later.get(event.at, 0) >= earlier[event.at]
    }
    assert by_clock == brute_force(shown, everything)


def test_a_log_needs_a_trace(told_run, tmp_path):
    bare = shutil.copytree(told_run, tmp_path / "bare")
    (bare / "events.jsonl.gz").unlink()
    with pytest.raises(ExtractError, match="--trace"):
        list(shiviz_lines(RunFiles(bare), scope_of(RunFiles(bare))))


# Mermaid

STATEMENT = re.compile(
    r"sequenceDiagram"
    r"|  participant p\d+ as [^\s;][^;]*"
    r"|  p\d+(->>|--x)p\d+: [^;\s](?:[^;#]|#\w+;)*"
    r"|  Note over p\d+(,p\d+)?: [^;\s](?:[^;#]|#\w+;)*"
)


def test_a_diagram_is_made_of_statements_of_declared_participants(told, troubled):
    for files, scope in (
        (told, {"window": "80ms..120ms"}),
        (troubled, {}),
        (troubled, {"nodes": ["bureau", "insurer-1"]}),
    ):
        first, *lines = mermaid_lines(files, scope_of(files, **scope))
        assert first == "sequenceDiagram"
        assert all(STATEMENT.fullmatch(line) for line in lines)
        declared = {line.split()[1] for line in lines if "participant" in line}
        used = {
            name
            for line in lines
            if "participant" not in line
            for name in re.findall(r"\bp\d+\b", line.partition(":")[0])
        }
        assert used <= declared


def test_a_diagram_is_bounded_and_counts_what_it_leaves_out(troubled):
    lines = list(mermaid_lines(troubled, scope_of(troubled), limit=30))
    assert sum("->>" in line or "--x" in line for line in lines) == 30
    total = sum(1 for message in messages(troubled) if message.fate != "pending")
    assert lines[-1].endswith(f"and {total - 30:,} messages more")


def test_a_diagram_shows_the_window_s_messages_in_order_and_lost_ones_crossed(troubled):
    lines = list(mermaid_lines(troubled, scope_of(troubled, window="1s..3500ms"), limit=10_000))
    assert any("--x" in line and line.endswith("(lost)") for line in lines)
    assert any("--x" in line and line.endswith("(cut)") for line in lines)
    assert any("crash" in line for line in lines)
    assert any("decides block" in line for line in lines)


def test_nothing_in_a_name_is_taken_for_mermaid_s_own():
    assert escaped('a;b#c<d>"e"\nend %%') == "a#59;b#35;c#lt;d#gt;#quot;e#quot; end #37;#37;"
    assert escaped("") == "#nbsp;"


def test_without_a_trace_a_diagram_shows_the_exchange_that_explains_most(troubled_run, tmp_path):
    bare = shutil.copytree(troubled_run, tmp_path / "bare")
    (bare / "events.jsonl.gz").unlink()
    files = RunFiles(bare)
    first, *lines = mermaid_lines(files, scope_of(files))
    assert first == "sequenceDiagram"
    assert all(STATEMENT.fullmatch(line) for line in lines)
    assert any("raft.request-vote" in line for line in lines)
    assert "exchanges.jsonl" in partial(files)
    with pytest.raises(ExtractError, match="no message"):
        list(mermaid_lines(files, scope_of(files, window="900s..901s")))
    (bare / "exchanges.jsonl").unlink()
    with pytest.raises(ExtractError, match="--trace"):
        list(mermaid_lines(files, scope_of(files)))


def test_a_diagram_of_nothing_is_refused(told):
    with pytest.raises(ExtractError, match="no message"):
        list(mermaid_lines(told, scope_of(told, window="900s..901s")))


# Scopes


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"window": "5s"}, r"--window: .*is no range"),
        ({"window": "5s..2s"}, r"--window: "),
        ({"nodes": ["bureu"]}, r"no node 'bureu'; did you mean `bureau`"),
    ],
)
def test_what_is_no_scope_is_told(told, asked, message):
    with pytest.raises(ExtractError, match=message):
        scope_of(told, **asked)
