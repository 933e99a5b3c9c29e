"""Reinsurance messages: what is written is read back, sums are judged, and a run's messages say what it agreed on."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from node.contracts.money import format_fen, parse_fen
from scenarios.cli import app
from scenarios.dashboard import NoView
from scenarios.edges.reinsurance import (
    Acknowledgement,
    Bordereau,
    ClaimMovement,
    Item,
    Line,
    MessageError,
    TechnicalAccount,
    from_json,
    messages_of,
    read_edifact,
    to_json,
    write_edifact,
)
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import shipped

# what the syntax separates by, and what lies beyond it
names = st.text(st.sampled_from("abz019-.|/+:?'\n 保险"), min_size=1, max_size=12)
amounts = st.integers(-(10**12), 10**12)
heads = st.fixed_dictionaries(
    {"reference": names, "sender": names, "receiver": names, "contract": names, "period": names},
    optional={"currency": st.just("CNY")},
).map(lambda head: head | {"day": "20230504"})
entries = st.sampled_from(["premium", "commission", "loss", "cash-loss", "reserve"])


@st.composite
def accounts(draw):
    items = draw(st.lists(st.tuples(entries, amounts), min_size=1, max_size=9))
    told = tuple(Item(entry, format_fen(fen)) for entry, fen in items)
    return TechnicalAccount(**draw(heads), items=told, balance=format_fen(sum(fen for _, fen in items)))


@st.composite
def bordereaux(draw):
    lines = draw(st.lists(st.tuples(names, amounts, st.booleans()), max_size=9))
    told = tuple(Line(name, format_fen(fen), matched) for name, fen, matched in lines)
    kind = draw(st.sampled_from(["premium", "claims"]))
    return Bordereau(**draw(heads), kind=kind, lines=told, total=format_fen(sum(fen for _, fen, _ in lines)))


@settings(max_examples=60, deadline=None)
@given(accounts() | bordereaux(), st.integers(1, 999_999))
def test_what_is_written_is_read_back(message, number):
    assert read_edifact(write_edifact(message, number)) == message
    assert from_json(to_json(message)) == message


ACCOUNT = TechnicalAccount(
    reference="insurer-1/12",
    sender="insurer-1",
    receiver="reinsurer",
    day="20230504",
    contract="insurer-1/3",
    period="2023-04",
    items=(Item("premium", "290.40"), Item("commission", "-87.12"), Item("loss", "-1245.16")),
    balance="-1041.88",
)
TEXT = """\
UNH+000001+RETACC:D:13B:UN'
GEI+ORIGINAL'
NAD+SENDER+insurer-1'
NAD+RECEIVER+reinsurer'
DTM+MESSAGE:20230504:102'
DTM+PERIOD:2023-04'
CUX+STATEMENT:CNY'
RFF+CONTRACT:insurer-1/3'
RFF+ACCOUNT:insurer-1/12'
MOA+PREMIUM:290.40'
MOA+COMMISSION:-87.12'
MOA+LOSS:-1245.16'
MOA+BALANCE:-1041.88'
UNT+14+000001'
"""


def test_an_account_segment_by_segment():
    assert write_edifact(ACCOUNT, 1) == TEXT
    assert read_edifact(TEXT.replace("\n", "\r\n")) == ACCOUNT


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        ("UNT+14+", "UNT+13+", "UNT: says 13 segments"),
        ("UNT+14+000001", "UNT+14+000002", "of message 000002"),
        ("BALANCE:-1041.88", "BALANCE:-1041.87", "its parts come to -1041.88"),
        ("LOSS:-1245.16", "LOSS:-1245.165", "RETACC: Expected"),
        ("LOSS:-1245.16", "LOSS:", "RETACC: Expected"),
        ("MOA+LOSS", "MOA+WHATEVER", r"`MOA\+premium"),
        ("RETACC", "ORDERS", "neither RETACC nor REBORD"),
        ("RETACC", "REBORD", r"`ARD\+PREMIUM|CLAIMS` must stand"),
        ("NAD+RECEIVER+reinsurer'\n", "FTX+AAI'\n", r"`NAD\+RECEIVER` must stand where `FTX\+AAI` does"),
        ("20230504:102", "4.5.2023:102", "RETACC: Expected"),
        ("UNH+", "UNB+", "between UNH and UNT"),
        ("UNT+14+000001'", "UNT+14+000001", "last segment does not end"),
        ("UNT+14+000001'\n", "UNT+14+000001?", "release character"),
        ("CNY", "EUR", "RETACC: "),
    ],
)
def test_what_is_no_account_is_told_where(written, instead, says):
    with pytest.raises(MessageError, match=says.replace("premium", "PREMIUM")):
        read_edifact(TEXT.replace(written, instead))


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"message": "Order"}', b"\xff", b"[1]"])
def test_what_is_no_message_in_json(raw):
    with pytest.raises(MessageError):
        from_json(raw)


def test_json_is_judged_by_its_sums_as_well():
    with pytest.raises(MessageError, match="and its parts come to -1041"):
        from_json(to_json(ACCOUNT).replace(b'"balance": "-1041.88"', b'"balance": "1.00"'))


@dataclass
class Played:
    folder: object
    messages: list


@pytest.fixture(scope="module")
def one_fen(tmp_path_factory):
    result = run(
        load_scenario(shipped()["one_fen"]), view=NoView(), out=tmp_path_factory.mktemp("runs"), mode="virtual"
    )
    return Played(result.folder, messages_of(result.folder))


def test_a_bordereau_has_every_line_and_queries_what_was_told_otherwise(one_fen):
    bordereau, answer = one_fen.messages
    assert len(bordereau.lines) == 1_000
    assert [line.reference for line in bordereau.lines if not line.matched] == ["no-0907"]
    assert parse_fen(bordereau.total) == sum(parse_fen(line.amount) for line in bordereau.lines)
    assert isinstance(answer, Acknowledgement)
    assert (answer.sender, answer.status, answer.answers) == ("reinsurer", "agreed", bordereau.reference)


def test_the_command_writes_what_it_reads(one_fen, tmp_path):
    done = CliRunner().invoke(app, ["reinsurance", "export", str(one_fen.folder), "-o", str(tmp_path)])
    assert (done.exit_code, done.output) == (0, f"1 Acknowledgement, 1 Bordereau: {tmp_path}\n")
    read = CliRunner().invoke(app, ["reinsurance", "import", str(tmp_path / "0001-Bordereau.edi")])
    assert read.exit_code == 0
    assert read.output.encode() == (tmp_path / "0001-Bordereau.json").read_bytes()


def test_a_loss_is_told_movement_by_movement(tmp_path):
    result = run(load_scenario(shipped()["reserves_in_time"]), view=NoView(), out=tmp_path, mode="virtual")
    moved = [message for message in messages_of(result.folder) if isinstance(message, ClaimMovement)]
    assert [(step.step, step.change, step.outstanding) for step in moved if step.claim == "no-0001"] == [
        ("notice", "0.00", "0.00"),
        ("change", "1200.00", "1200.00"),
        ("change", "345.67", "1545.67"),
        ("change", "-45.67", "1500.00"),
        ("recovery", "-1500.00", "0.00"),
    ]
    assert [step.step for step in moved if step.claim == "no-0002"] == ["notice", "change", "cash"]


def test_what_is_no_run_is_told(tmp_path):
    done = CliRunner().invoke(app, ["reinsurance", "export", str(tmp_path)])
    assert done.exit_code == 2
    assert "is no run's folder" in done.output
    absent = CliRunner().invoke(app, ["reinsurance", "import", str(tmp_path / "absent.edi")])
    assert absent.exit_code == 2
