"""The rules of the scenarios on supervision, and what breaks them."""

from node.contracts.oversight import RULES as LIVE
from tests.scenarios.rules import Replaced


def _asleep(name):
    """As if nobody looked for that kind of breach."""
    awake = {**LIVE, name: LIVE[name]._replace(judge=lambda *_: None)}
    return Replaced("node.contracts.oversight.watching:RULES", awake)  # a table takes the table's place


PUBLIC = Replaced("node.queries:may_read", lambda *_, **__: True)
"""As if everybody might read everything."""

OPEN_TO_ALL = Replaced("node.contracts.contract:Action.is_open_to", lambda *_: True)
"""As if every action were open to every role."""

UNASKED = Replaced("node.contracts.endorsement:_OfRole.missing", lambda *_: "")
"""As if no role's signature were needed."""

BLIND = Replaced("scenarios.runner.closings:_breaks", lambda *_: iter(()))
"""As if nobody audited signed books."""

RULES = {
    "books_closed": (
        PUBLIC,
        *("account_left_out", "balance_differs", "closed_already", "does_not_add_up", "entry_differs"),
        *("entry_unknown", "out_of_order", "totals_unordered", "unknown_kind", BLIND),
    ),
    "frozen": (
        *("council_short", "funds_frozen", "illegal_transition", "institution_frozen", "matter_frozen"),
        *("unknown_institution", OPEN_TO_ALL, UNASKED),
    ),
    "scope_of_view": (Replaced("node.contracts.supervision:field_names", lambda _: ("diagnosis",)),),
    "three_ends": (PUBLIC, _asleep("accumulation")),
    "live_rules": tuple(map(_asleep, LIVE)),
    "seen_in_part": ("out_of_scope", "wrong_recipients", OPEN_TO_ALL),
}

BROKEN = {
    "books_closed": ("books.breaks == 1", "story.april.edited=1 CNY", "story.april.of=cash", "story.april.both=true"),
    "frozen": ("steps", "settings.oversight.needed=2"),
    "live_rules": ("records.oversight_alerts == 7", "settings.oversight.rules=[solvency]"),
    "nobody_waits": ("drained", "faults=[{at: 1 ms, crash: hospital}, {at: 1 ms, crash: bureau}]", "run.duration=12s"),
    "scope_of_view": ("steps", "story.lin-3.starts_ms=2023-04-01"),
    "three_ends": ("records.oversight_alerts == 1", "settings.oversight.accumulation_fen=200_000 CNY"),
    "seen_in_part": ("steps", "world.regulator_scope.policy=[policyholder, product, starts, ends, state, premium_fen]"),
}
