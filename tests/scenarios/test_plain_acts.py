"""Plain acts: a story's step asks any contract, with its arguments written as people write them."""

from typing import Annotated

import pytest
from msgspec import Meta, Struct

from node.contracts.fields import Arguments, Digest, Fen, Label, Millis, Name, ObjectId, Ppm
from scenarios.dashboard import NoView
from scenarios.language import ScenarioInvalid
from scenarios.language.loader import parse_scenario
from scenarios.roles.arguments import ArgumentError, References, arguments_of
from scenarios.runner import run
from scenarios.runner.plan import make_plan

STORY = """
version: 1
name: plain
run: {mode: virtual, clock: {start: 2023-03-01, scale: 1 day = 250 ms}}
members: {insurer: {count: 2}, hospital: , bureau: }
world: {cash: {insurer-1: 100 CNY}}
story:
  - {id: pays, who: insurer-1, do: transfers.send, payee: insurer-2, amount_fen: 99.99 CNY,
     output: {paid_fen: 99.99 CNY}}
  - {id: passes-on, who: insurer-2, do: transfers.send, after: [pays],
     with: {payee: hospital, amount_fen: {from: pays, take: paid_fen}}}
  - {id: pays-more, who: insurer-1, do: transfers.send, payee: hospital, amount_fen: 2 fen, expect: insufficient_funds}
"""


class Part(Struct, frozen=True, array_like=True):
    share: Ppm
    what: Label = "rest"


class Everything(Arguments, frozen=True):
    amount: Fen
    since: Millis
    who: Digest
    made: ObjectId
    parts: Annotated[tuple[Part, ...], Meta(max_length=3)]
    pair: tuple[Name, Fen]
    count: Annotated[int, Meta(ge=0, le=9)] = 1
    perhaps: Fen | None = None


GIVEN = {
    "amount": "3.05 CNY",
    "since": "2023-04-18 14:05",
    "who": "zhu",
    "made": "first",
    "parts": ({"share": "40%"}, ("60%", "main")),
    "pair": ("insurer-1", "7 fen"),
}


class Known(References):
    """One step and one person."""

    def object(self, _key, step):
        return {"first": "insurer-1/1"}[step]

    def pseudonym(self, _key, person):
        return {"zhu": "ab" * 32}[person]


def test_every_kind_of_argument_is_read_with_its_unit():
    assert arguments_of(Everything, GIVEN, Known()) == Everything(
        amount=305,
        since=1_681_826_700_000,
        who="ab" * 32,
        made="insurer-1/1",
        parts=(Part(share=400_000), Part(share=600_000, what="main")),
        pair=("insurer-1", 7),
    )


def test_a_length_of_time_an_object_and_a_digest_may_be_written_out():
    written = GIVEN | {"since": "20 min", "made": "insurer-2/7", "who": {"hash": "abc"}, "perhaps": 0}
    read = arguments_of(Everything, written, Known())
    assert (read.since, read.made, read.perhaps) == (1_200_000, "insurer-2/7", 0)
    assert read.who == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("amount", 3, "`3` has no unit"),
        ("amount", "0.001 CNY", "not a whole number of fen"),
        ("amount", True, "must be a whole number"),
        ("since", "2023-13-18", "is no moment"),
        ("who", {"secret": "x"}, "is a person's name, 64 hex digits"),
        ("parts", ({"share": "120%"},), "<= 1000000"),
        ("parts", ({"shares": "20%"},), "did you mean `share`"),
        ("parts", ({},), "`share` is missing"),
        ("parts", (("1%", "a", "b"),), "and no more"),
        ("pair", ("insurer-1",), "must be a list of 2"),
        ("count", 10, "<= 9"),
        ("counts", 1, "did you mean `count`"),
    ],
)
def test_what_cannot_be_read_is_named(key, value, said):
    with pytest.raises(ArgumentError) as raised:
        arguments_of(Everything, GIVEN | {key: value}, Known())
    assert said in str(raised.value)
    assert raised.value.key.split(".")[0] == key


def test_a_story_asks_contracts_by_name_under_either_protocol():
    for protocol in ("raft", "pbft"):
        result = run(parse_scenario(STORY), view=NoView(), out=None, mode="virtual", protocol=protocol)
        assert result.verdict == "pass", result.lines


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("transfers.send, payee: insurer-2", "transfer.send, payee: insurer-2", "did you mean `transfers`?"),
        ("transfers.send, payee: insurer-2", "transfers.sent, payee: insurer-2", "did you mean `send`?"),
        ("from: pays,", "from: paid,", "no step `paid`"),
        ("take: paid_fen", "take: paid", "did you mean `paid_fen`?"),
        ("payee: insurer-2", "payees: insurer-2", "did you mean `payee`?"),
    ],
)
def test_a_mistake_names_the_step_and_the_remedy(old, new, said):
    assert old in STORY
    with pytest.raises(ScenarioInvalid) as raised:
        make_plan(parse_scenario(STORY.replace(old, new, 1)))
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("{rik: {}}", "did you mean `risk`?"),
        ("{transfers: {}}", "`transfers` takes no settings"),
        ("{risk: {cap_fen: 3}}", "has no unit"),
        ("{accounts: {openings: []}}", "`world.cash`"),
    ],
)
def test_settings_of_contracts_are_read_alike(settings, said):
    with pytest.raises(ScenarioInvalid) as raised:
        make_plan(parse_scenario(f"{STORY}settings: {settings}\n"))
    assert said in str(raised.value)
    make_plan(parse_scenario(f"{STORY}settings: {{risk: {{cap_fen: 3 CNY}}}}\n"))
