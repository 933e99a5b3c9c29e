"""People who lie 人的不端: what each lie came to, who was suspected wrongly, and what other thresholds would do."""

from __future__ import annotations

from functools import partial

from markupsafe import Markup

from scenarios.results.accounts.telling import moment
from scenarios.results.detection import FATES, MILLION, Rate, Score, Told, auc_ppm
from scenarios.results.report.facts import Facts
from scenarios.results.report.markup import at, box, drawing, line, path, text
from scenarios.results.report.parts import Cell, Figure, Section, Table, figure
from scenarios.results.report.words import count, duration

_HIGH, _TOP, _LEFT = 220, 12, 52
_STYLES = {"prevented": "verdict pass", "detected": "verdict pass", "missed": "verdict fail"}
_MS = 1_000_000


def misbehaviour(facts: Facts) -> Section:
    """How well lies were caught."""
    id_, title = "misbehaviour", "People who lie 人的不端"
    if not facts.scores:
        return Section(id=id_, title=title, absent="its scenario asks for no detection of misbehaviour")
    return Section(
        id=id_,
        title=title,
        lead="Lies of people, not of nodes. What a contract refused is prevented, what an honest party found on the"
        " ledger is detected; the detectors never saw who lies. Times are of business, from the lie to its discovery.",
        figures=[_curve(score) for score in facts.scores if score.rates],
        tables=[
            _scores(facts.scores),
            _lies(facts.scores),
            *([_suspected(facts.scores)] if any(score.false_alarms for score in facts.scores) else []),
            *(_rates(score) for score in facts.scores if score.rates),
        ],
    )


def _scores(scores: tuple[Score, ...]) -> Table:
    rows = [
        (
            score.kind,
            count(len(score.lies)),
            *(count(score.count(fate)) for fate in FATES),
            count(len(score.false_alarms)),
            _percent(score.recall_ppm),
            _percent(score.precision_ppm),
            _lasting(score.delays_ms[(len(score.delays_ms) - 1) // 2] if score.delays_ms else None),
            _lasting(score.delays_ms[-1] if score.delays_ms else None),
        )
        for score in scores
    ]
    head = ("kind", "lies", *FATES, "false alarms", "recall", "precision", "caught after, half", "at most")
    return Table(caption="Scores of detection", head=head, rows=rows, numbers=frozenset(range(1, len(head))))


def _lies(scores: tuple[Score, ...]) -> Table:
    rows = [
        (
            score.kind,
            lie.by,
            lie.step,
            lie.subject,
            moment(lie.told_ms),
            Cell(lie.fate, _STYLES[lie.fate]),
            _lasting(_delay(lie)),
            lie.why or "–",
        )
        for score in scores
        for lie in score.lies
    ]
    head = ("kind", "who lied", "step", "about", "when", "fate", "caught after", "what gave it away")
    return Table(caption="Every lie, and what became of it", head=head, rows=rows, folded=len(rows) > 12)


def _suspected(scores: tuple[Score, ...]) -> Table:
    rows = [
        (score.kind, alarm.subject, moment(alarm.at_ms), alarm.why) for score in scores for alarm in score.false_alarms
    ]
    return Table(
        caption="Honest acts that were taken for lies", head=("kind", "about", "when", "why"), rows=rows, folded=True
    )


def _rates(score: Score) -> Table:
    rows = [
        (
            Cell(count(rate.threshold), "number verdict pass")
            if rate.threshold == score.threshold
            else count(rate.threshold),
            f"{count(rate.caught)} of {count(rate.lies)}",
            _percent(rate.caught * MILLION // rate.lies if rate.lies else None),
            f"{count(rate.false_alarms)} of {count(rate.honest)}",
            _percent(rate.false_alarms * MILLION // rate.honest if rate.honest else None),
        )
        for rate in score.rates
    ]
    return Table(
        caption=f"What other thresholds of {score.kind} would come to",
        head=("threshold", "lies caught", "recall", "honest suspected", "of all honest"),
        rows=rows,
        numbers=frozenset({0, 1, 2, 3, 4}),
        note="The threshold in force is marked.",
    )


def _curve(score: Score) -> Figure:
    area = auc_ppm(score.rates)
    told = "" if area is None else f"; the area below is {area / MILLION:.3f}, where guessing has 0.5"
    caption = f"{score.kind}: lies caught over honest acts suspected, threshold by threshold{told}"
    return figure(caption, partial(roc, score), [("s0", "thresholds"), ("s1", "guessing")])


def roc(score: Score, width: int) -> Markup:
    """The receiver operating characteristic: a step for each threshold, the one in force marked."""
    right, foot = min(width - 12, _LEFT + 2 * _HIGH), _TOP + _HIGH
    parts: list[Markup] = []
    for percent in (0, 25, 50, 75, 100):
        x, y = _LEFT + (right - _LEFT) * percent / 100, foot - _HIGH * percent / 100
        parts += [line(_LEFT, y, right, y, "grid"), text(_LEFT - 8, y + 4, f"{percent} %", text_anchor="end")]
        parts.append(text(x, foot + 18, f"{percent} %", text_anchor="middle", class_="quiet"))
    parts.append(path(("M", at(_LEFT, foot), "L", at(right, _TOP)), "curve s1", "guessing"))
    corners = sorted({(0, 0), (1, 1), *(_point(rate) for rate in score.rates)})
    places = [(_LEFT + (right - _LEFT) * x, foot - _HIGH * y) for x, y in corners]
    parts.append(path(("M", *(at(x, y) for x, y in places)), "curve s0", score.kind))
    for rate in score.rates:
        if rate.threshold == score.threshold:
            x, y = _point(rate)
            where = (_LEFT + (right - _LEFT) * x - 4, foot - _HIGH * y - 4)
            parts.append(box(*where, 8, 8, "dot", f"threshold {rate.threshold}"))
    parts.append(line(_LEFT, foot, right, foot, "axis"))
    return drawing(width, foot + 26, parts, label=f"{score.kind}: share of lies caught over share of honest suspected")


def _point(rate: Rate) -> tuple[float, float]:
    return rate.false_alarms / max(1, rate.honest), rate.caught / max(1, rate.lies)


def _delay(lie: Told) -> int | None:
    return None if lie.caught_ms is None else lie.caught_ms - lie.told_ms


def _lasting(ms: int | None) -> str:
    return "–" if ms is None else duration(ms * _MS)


def _percent(ppm: int | None) -> str:
    """Rounded down, as the verdict has it: 100 % is all."""
    return "–" if ppm is None else f"{ppm // 10_000}.{ppm // 1_000 % 10} %"
