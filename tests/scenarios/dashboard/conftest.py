"""A scripted run for every view: one claim on eight nodes, with a crash. ``python conftest.py`` plays it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from scenarios.runner.view import NodeView

SECOND = 1_000_000_000
ORGANISATIONS = ("insurer-1", "insurer-2", "hospital-1", "hospital-2", "bureau", "reinsurer", "broker", "regulator")
LINES = [
    "PASS         agreement: 14 heights at 8 nodes",
    "WARN         two_clocks: 2 links of 18 that the patient notices; on the chain 3 min 2 s, on paper 9 to 13 days",
    "a line of its own",
]
STORY = (
    ("insurer-1", "files which 5 fields it wants, and why 机构备案", "ok"),
    ("bureau", "reviews the filing and approves it 医保局审核", "ok"),
    ("insurer-1", "asks for the history of an applicant", "ok"),
    ("patient-zhu", "authorises 3 of the 5 fields with a voucher 授权凭证", "ok"),
    ("bureau", "answers with 3 fields, countersigned; each read is logged", "ok"),
    ("insurer-1", "scores the application and accepts it 自动核保", "ok"),
    ("insurer-2", "finds a second application of the same person by the duplicate query", "duplicate_cover"),
    ("patient-zhu", "has the policy notarised and gets its hash 保单存证", "ok"),
    ("reinsurer", "signs the quota share of 40 % with insurer-1", "ok"),
    ("hospital-1", "reports a discharge; the chain reports the claim by itself 零感知理赔", "ok"),
    ("insurer-1", "audits 3,255.00 CNY and pays 3,112.90 CNY within 8 minutes", "ok"),
    ("insurer-2", "refuses the same e-invoice a second time", "invoice_reused"),
    ("reinsurer", "recovers 1,245.16 CNY to insurer-1 赔款摊回", "ok"),
    ("regulator", "sees the scoped part and nothing else", "ok"),
)


def nodes(height: int = 0, **changes: Any) -> list[NodeView]:
    listed = []
    for number, name in enumerate(ORGANISATIONS):
        votes = name not in {"broker", "regulator"}
        duty = "observer" if not votes else "primary" if number == 0 else "backup"
        node = NodeView(
            name=name,
            role=name.split("-")[0],
            votes=votes,
            condition="up",
            duty=duty,
            height=height,
            last_block=f"{height * 2654435761 % 2**32:08x}",
        )
        listed.append(msgspec.structs.replace(node, **changes.get(name.replace("-", "_"), {})))
    return listed


def play(view: Any, pause: Callable[[float], None] = lambda _: None, steps: int = len(STORY)) -> None:
    """The first ``steps`` lines of the story; with all of them, to the end and the verdict."""
    view.started("one-claim", "processes", "embedded", "pbft", "n = 6, f = 1, quorum 4", nodes())
    for number, (actor, line, outcome) in enumerate(STORY[:steps]):
        now = (number + 1) * SECOND * 7 // 10
        pause(0.35)
        for node in nodes(number + 1, **_trouble(number)):
            view.node(now, node)
        if number == 4:
            view.fault(now, "hospital-2 is killed, back in 3 s")
        view.story(now, actor, line, outcome)
        view.progress(now, number + 1, len(STORY))
        if number >= 9:
            view.clocks(now, f"claim paid after {number - 7} min", "day 9 of 7 to 15, 18 steps")
    if steps == len(STORY):
        view.finished("pass", LINES, "runs/one-claim/x")


def _trouble(number: int) -> dict[str, Any]:
    if 4 <= number < 7:
        return {"hospital_2": {"condition": "down", "height": 4}}
    if 7 <= number < 9:
        return {"hospital_2": {"condition": "catching up", "height": number - 1}, "insurer_1": {"mempool": 12}}
    return {}


@pytest.fixture
def scripted() -> Iterator[Callable[..., None]]:
    return play


if __name__ == "__main__":
    from scenarios.dashboard import view_for

    shown = view_for(sys.argv[1] if len(sys.argv) > 1 else None)
    try:
        play(shown, time.sleep)
    finally:
        shown.close()
