"""What the protocol did: over time, how long it took, which messages it took, and a few exchanges of them."""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.results.exchanges import Exchange
from scenarios.results.metrics import Summary
from scenarios.results.report import latency as curves
from scenarios.results.report import spacetime, timeline
from scenarios.results.report.bars import Bar, bars
from scenarios.results.report.facts import Facts
from scenarios.results.report.parts import Figure, Fold, Section, Table, figure
from scenarios.results.report.words import count, duration, moment, share, value

_ROUND = {"raft": "term", "pbft": "view"}
_BEFALLEN = "network."
_RECALLED = (
    " With real processes this is what the nodes recalled of what they heard and did: when a message left is not "
    "known, nor what was lost."
)


def round_word(protocol: str) -> str:
    """What ``protocol`` calls a round."""
    return _ROUND.get(protocol, "round")


def over_time(facts: Facts) -> Section:
    """Throughput, faults and where nodes stood, with one axis."""
    end, word = facts.end_ns, round_word(facts.manifest.protocol)
    done = timeline.throughput_of(facts.history, end)
    figures: list[Figure] = []
    tables: list[Table] = []
    if done.bins:
        figures.append(
            figure(
                f"Throughput: operations answered a second, in stretches of {duration(done.bin_ns)}",
                lambda width: timeline.throughput(done, end, width),
                [("c0", "transactions"), *([("c1", "reads")] if any(reads for _, _, reads in done.bins) else [])],
            )
        )
        tables.append(_throughput_table(done))
    if facts.faults:
        drawn = min(len(facts.faults), timeline.FAULTS_MAX)
        some = "" if drawn == len(facts.faults) else f", the first {drawn} of {count(len(facts.faults))}"
        figures.append(
            figure(
                f"Faults{some}: from when to when, as far as that is known",
                lambda width: timeline.faults(facts.faults, end, width),
                [("fault", "lasts"), ("faultmark", "begins, or is over at once")],
            )
        )
        rows = [(moment(f.at_ns), "–" if f.until_ns is None else moment(f.until_ns), f.line) for f in facts.faults]
        tables.append(Table(caption="Faults", head=("from", "to", "what"), rows=rows, folded=True))
    by_node = timeline.stretches(facts.standings, end)
    if by_node:
        figures.append(_standings(facts, by_node, word))
        stood = [
            (moment(one.at_ns), one.node, one.condition, one.duty or "–", count(one.round))
            for own in by_node.values()
            for one in own
        ]
        head = ("from", "node", "condition", "duty", word)
        tables.append(
            Table(caption=f"Nodes, their duty and {word}", head=head, rows=stood, numbers=frozenset({4}), folded=True)
        )
    lead = (
        []
        if facts.faults
        else ["There was no fault in this run." if facts.course else "Faults: not in this run's files."]
    )
    if not done.bins:
        lead.append("No operation was answered in this run.")
    return Section(id="time", title="Over time", lead=" ".join(lead), figures=figures, tables=tables)


def _standings(facts: Facts, by_node: dict[str, list[timeline.Stretch]], word: str) -> Figure:
    drawn = min(len(by_node), timeline.NODES_MAX)
    some = "" if drawn == len(by_node) else f", the first {drawn} of {len(by_node)}"
    seen = (
        "looked at every 100 ms of virtual time"
        if facts.manifest.mode == "virtual"
        else "as they told, several times a second"
    )
    least_ns = timeline.shortest_drawn(by_node)
    if least_ns:
        seen += f"; stretches shorter than {duration(least_ns)} are not drawn"
    return figure(
        f"Nodes{some}: duty, and the number of the {word}; {seen}",
        lambda width: timeline.rounds(by_node, facts.end_ns, width, word),
        [
            ("leads", "leader or primary"),
            ("follows", "follower, backup or observer"),
            ("turning", "candidate"),
            ("troubled", "slow or cut off"),
            ("down", "down"),
        ],
    )


def _throughput_table(done: timeline.Throughput) -> Table:
    rows = [
        (moment(place * done.bin_ns), moment((place + 1) * done.bin_ns), count(writes), count(reads))
        for place, writes, reads in done.bins
    ]
    head = ("from", "to", "transactions answered", "reads answered")
    return Table(caption="Throughput", head=head, rows=rows, numbers=frozenset({2, 3}), folded=True)


def latency(facts: Facts) -> Section:
    """How long answers took."""
    by_kind = curves.latencies(facts.history)
    if not by_kind:
        return Section(id="latency", title="Latency", absent="no operation was answered")
    open_ = sum(asked.return_ is None for asked in facts.history)
    lead = "From a client's first submission to enough equal signed answers."
    if open_:
        lead += f" {count(open_)} operations were never answered and are not in the curves."
    measured = [(name, found) for name, found in facts.metrics.items() if found.unit == "ns"]
    rows = [
        (
            name,
            count(found.count),
            *(value(number, "ns") for number in (found.mean, found.p50, found.p90, found.p99, found.max)),
        )
        for name, found in measured
    ]
    return Section(
        id="latency",
        title="Latency",
        lead=lead,
        figures=[
            figure(
                "Share of operations that took no longer than a time (logarithmic axis)",
                lambda width: curves.curves(by_kind, width),
                [
                    (f"s{number}", f"{kind}, {count(len(found))}")
                    for number, (kind, found) in enumerate(by_kind.items())
                ],
            )
        ],
        tables=[
            Table(
                caption="Measured times",
                head=("measure", "samples", "mean", "50 of 100", "90 of 100", "99 of 100", "longest"),
                rows=rows,
                numbers=frozenset(range(1, 7)),
            )
        ],
    )


def messages(facts: Facts) -> Section:
    """How many of each kind."""
    kinds = _kinds(facts.metrics)
    befallen = [(name, found.count) for name, found in facts.metrics.items() if name.startswith(_BEFALLEN)]
    if not kinds:
        return Section(id="messages", title="Messages", absent="no message was counted")
    heard = sum(found[1] for found in kinds.values())
    tables = [
        Table(
            caption="Messages by kind",
            head=("kind", "sent", "heard", "share of what was heard"),
            rows=[(kind, count(sent), count(got), share(got, heard)) for kind, (sent, got) in kinds.items()],
            numbers=frozenset({1, 2, 3}),
            folded=True,
        )
    ]
    if befallen:
        rows = [(name.removeprefix(_BEFALLEN).replace("_", " "), count(number)) for name, number in befallen]
        tables.append(
            Table(
                caption="What happened on the way",
                head=("what", "how often"),
                rows=rows,
                numbers=frozenset({1}),
                folded=True,
            )
        )
    where = (
        ""
        if facts.manifest.mode == "virtual"
        else " Nodes counted; wallets did not, nor is there what a killed node had not told yet."
    )
    return Section(
        id="messages",
        title="Messages",
        lead=f"A message to everyone counts once as it is sent and once at each who hears it.{where}",
        figures=[
            figure(
                "Messages heard, by kind",
                lambda width: bars(
                    [
                        Bar(kind, got, got, f"{count(got)} heard, {count(sent)} sent")
                        for kind, (sent, got) in kinds.items()
                    ],
                    width,
                    label="Messages heard, by kind",
                ),
            )
        ],
        tables=tables,
    )


def _kinds(metrics: Mapping[str, Summary]) -> dict[str, tuple[int, int]]:
    """Kind -> (sent, heard), the most heard first."""
    found: dict[str, list[int]] = {}
    for name, summary in metrics.items():
        way, _, kind = name.partition(".")
        if way in {"sent", "heard"} and kind:
            found.setdefault(kind, [0, 0])[way == "heard"] = summary.count
    ordered = sorted(found.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
    return {kind: (sent, heard) for kind, (sent, heard) in ordered}


def exchanges(facts: Facts) -> Section:
    """Space-time diagrams of those that explain most."""
    title, id_ = "Exchanges of messages", "exchanges"
    if facts.exchanges is None:
        return Section(id=id_, title=title, absent="its files have none")
    if not facts.exchanges:
        return Section(id=id_, title=title, absent="no block with transactions was decided, and nobody turned to lead")
    word = round_word(facts.manifest.protocol)
    return Section(
        id=id_,
        title=title,
        lead="Time runs downwards, a row a happening. The one that explains most stands first: a change of "
        f"{word} after a fault, else any, else the first full round. Choose another by its title."
        + ("" if facts.manifest.mode == "virtual" else _RECALLED),
        folds=[_exchange(exchange, number, word) for number, exchange in enumerate(facts.exchanges)],
    )


def _exchange(exchange: Exchange, number: int, word: str) -> Fold:
    title = spacetime.title_of(exchange, word)
    picture = Figure(
        caption=f"Messages of {title}",
        wide=spacetime.diagram(exchange, f"Space-time diagram of {title}", number),
        scrolls=True,
        legend=spacetime.legend(exchange, word),
    )
    rows = [
        (
            moment(happening.at_ns),
            "–" if happening.sent_ns is None else moment(happening.sent_ns),
            spacetime.told(happening),
        )
        for happening in exchange.happenings
    ]
    table = Table(
        caption=f"Happenings of {title}",
        head=("at", "sent at", "what"),
        rows=rows,
        folded=True,
        note=spacetime.left_out(exchange),
    )
    return Fold(
        title=title[0].upper() + title[1:], group="exchange", open=number == 0, figures=[picture], tables=[table]
    )
