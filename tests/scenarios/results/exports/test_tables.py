"""Tables: what they hold is what the run's files say, in both formats, and nothing is made up."""

import contextlib
import csv
import gzip
import json
import random
import shutil

import pytest

from scenarios.results.exports import BUSINESS_TABLES, RUN_TABLES, TABLES, ExtractError, RunFiles, frame, write_tables
from scenarios.results.exports.traffic import MESSAGES

pytestmark = pytest.mark.xdist_group("exports")  # one worker makes the runs


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def tables(told, tmp_path_factory):
    folder = tmp_path_factory.mktemp("csv")
    written = write_tables(told, folder, "csv")
    return {item.table: read(item.path) for item in written if item.path}


def test_names_of_tables_and_columns_are_unique_and_plain():
    assert len(TABLES) == len(RUN_TABLES) + len(BUSINESS_TABLES)
    for table in TABLES.values():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), table.name
        assert all(name.replace("_", "").isalnum() and name.islower() for name in [table.name, *names])
        assert table.meaning, table.name


def test_a_run_with_a_trace_has_every_table(tables):
    assert {table.name for table in RUN_TABLES} <= set(tables)
    assert {"claims", "policies", "accounts", "posting_lines"} <= set(tables)


def test_every_row_has_a_value_of_its_column_s_kind_or_none(told):
    kinds = {"integer": int, "text": str, "truth": bool}
    for table in TABLES.values():
        for row in table.rows(told):
            assert len(row) == len(table.columns), table.name
            for value, column in zip(row, table.columns, strict=True):
                assert value is None or type(value) is kinds[column.kind], (table.name, column.name, value)


def test_the_chain_s_tables_agree_with_manifest_and_history(told, tables):
    assert max(int(row["height"]) for row in tables["blocks"]) == max(told.manifest.height.values())
    assert sum(int(row["transactions"]) for row in tables["blocks"]) == len(tables["transactions"])
    executed = {row["transaction"]: (row["code"], row["height"]) for row in tables["transactions"]}
    heard = [row for row in tables["operations"] if row["operation"] == "transact" and row["returned_ns"]]
    assert len(heard) > 50
    for row in heard:
        assert executed[row["transaction"]] == (row["code"], row["height"])
    assert any(code != "ok" for code, _ in executed.values())


def test_signatures_are_those_that_blocks_count(tables):
    counts = {}
    for row in tables["signatures"]:
        counts[row["height"]] = counts.get(row["height"], 0) + 1
    stated = {
        row["height"]: int(row["certificate_signatures"]) for row in tables["blocks"] if row["certificate_signatures"]
    }
    assert counts == stated


def test_money_in_the_journal_is_the_accounts_money(tables):
    assert sum(int(row["amount_fen"]) for row in tables["posting_lines"]) == 0
    sums = {}
    for row in tables["posting_lines"]:
        sums[row["account"]] = sums.get(row["account"], 0) + int(row["amount_fen"])
    assert sums == {row["key"]: int(row["balance_fen"]) for row in tables["accounts"]}


def test_decisions_and_operations_lie_on_one_clock(tables):
    first = {}
    for row in tables["decisions"]:
        first[row["height"]] = min(int(row["decided_ns"]), first.get(row["height"], 1 << 62))
    for row in tables["operations"]:
        if row["returned_ns"] and row["operation"] == "transact":
            assert int(row["called_ns"]) < first[row["height"]] < int(row["returned_ns"])


def test_messages_are_counted_once_each_whatever_became_of_them(troubled):
    fates = {}
    for row in MESSAGES.rows(troubled):
        sent_ns, received_ns, transit_ns, _, _, _, fate, *_ = row
        fates[fate] = fates.get(fate, 0) + 1
        assert (received_ns is None) == (fate != "received")
        assert received_ns is None or transit_ns == received_ns - sent_ns > 0
    assert {"received", "lost", "cut", "vanished"} <= set(fates)
    summary = json.loads(troubled.folder.metrics_summary.read_bytes())
    assert fates["received"] == summary["network.delivered"]["count"]
    assert fates["lost"] == summary["network.lost"]["count"]
    assert fates["cut"] == summary["network.cut"]["count"]
    assert fates["vanished"] == summary["network.vanished"]["count"]


def test_machines_words_tell_of_elections(troubled):
    roles = [
        (node, *json.loads(detail)) for _, node, kind, detail in TABLES["told"].rows(troubled) if kind == "raft.role"
    ]
    leaders = {(role, term) for _, role, term in roles if role == "leader"}
    assert len(leaders) >= 2  # whoever led was killed


def test_faults_and_standings_are_those_of_the_course(troubled):
    faults = list(TABLES["faults"].rows(troubled))
    assert [at for at, _, _ in faults][:2] == [1_000_000_000, 2_000_000_000]
    conditions = {condition for _, _, condition, *_ in TABLES["standings"].rows(troubled)}
    assert {"up", "down", "cut off"} <= conditions


def test_parquet_holds_the_same_rows_with_types_and_units(told, tables, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    for item in write_tables(told, tmp_path, "parquet"):
        if item.path is None:
            continue
        table = parquet.read_table(item.path)
        rows = [
            {
                name: ""
                if value is None
                else str(value).lower()
                if value in (True, False) and isinstance(value, bool)
                else str(value)
                for name, value in row.items()
            }
            for row in table.to_pylist()
        ]
        assert rows == tables[item.table]
    policies = parquet.read_schema(tmp_path / "policies.parquet")
    assert policies.field("premium_fen").metadata[b"unit"].startswith(b"fen")
    assert str(policies.field("premium_fen").type) == "int64"


def test_a_frame_is_the_table_with_types_that_know_nulls(told_run):
    pytest.importorskip("pandas")
    claims = frame(told_run, "claims")
    assert str(claims["payable_fen"].dtype) == "Int64"
    assert claims["payable_fen"].isna().any()
    assert claims.set_index("key").loc["hospital-1/1", "payable_fen"] == 311_290


def test_what_was_not_recorded_is_said_to_be_missing(told_run, tmp_path):
    bare = shutil.copytree(told_run, tmp_path / "bare")
    (bare / "events.jsonl.gz").unlink()
    written = {item.table: item for item in write_tables(RunFiles(bare), tmp_path / "out", "csv")}
    assert "--trace" in written["messages"].absent
    assert not (tmp_path / "out" / "messages.csv").exists()
    manifest = json.loads((bare / "manifest.json").read_text())
    (bare / "manifest.json").write_text(
        json.dumps(manifest | {"mode": "processes", "bus": "embedded", "virtual_ns": None})
    )
    written = {item.table: item for item in write_tables(RunFiles(bare), tmp_path / "out", "csv", ["messages"])}
    assert "real processes" in written["messages"].absent
    with pytest.raises(ExtractError, match="has no table messages"):
        frame(bare, "messages")


@pytest.mark.parametrize(
    ("file", "content", "table", "place"),
    [
        ("history.jsonl", b'{"call":1}\n', "operations", r"history\.jsonl:1: .*required field"),
        ("history.jsonl", b"[1]\n", "operations", r"history\.jsonl:1: Expected `object`"),
        ("history.jsonl", b"{", "operations", r"history\.jsonl:1: Input data was truncated"),
        (
            "metrics.csv",
            b"time_ns,measure,count,mean,p50,p99,max\n0,nobody,1,,,,\n",
            "metrics_over_time",
            r"metrics\.csv:2",
        ),
        ("metrics.csv", b"a,b\n", "metrics_over_time", r"metrics\.csv:1: has the columns"),
        ("metrics.json", b"[]", "metrics", r"metrics\.json"),
        ("events.jsonl.gz", b"no gzip", "messages", r"events\.jsonl\.gz: cannot be read"),
        (
            "state/business.jsonl",
            b'["accounts","a/cash",{"owner":"a","kind":"cash","balance_fen":1.5}]\n',
            "accounts",
            r"accounts, row 1: balance_fen is 1\.5, no integer",
        ),
        (
            "state/business.jsonl",
            b'["accounts","a/cash",{"owner":"a","kind":"cash","balance_fen":9223372036854775808}]\n',
            "accounts",
            r"accounts, row 1: balance_fen is 9223372036854775808",
        ),
        ("state/business.jsonl", b'["postings","p",{"lines":[1]}]\n', "posting_lines", r"the posting p: "),
        ("state/business.jsonl", b'["accounts",3,{}]\n', "accounts", r"business\.jsonl:1: is no entry"),
        ("ledger/insurer-1.jsonl", b"{}\n", "blocks", r"ledger/[a-z0-9-]+\.jsonl:1"),
        ("leakage.json", b"{}", "leakage", r"leakage\.json"),
        ("course.jsonl", b'{"what":"fault"}\n', "faults", r"course\.jsonl:1: .*required field"),
    ],
)
def test_damaged_files_are_named_with_the_place_and_nothing_half_is_left(  # noqa: PLR0917
    told_run, tmp_path, file, content, table, place
):
    run = shutil.copytree(told_run, tmp_path / "run")
    for ledger in (run / "ledger").iterdir() if file.startswith("ledger") else ():
        ledger.write_bytes(content)
    (run / file).write_bytes(content)
    with pytest.raises(ExtractError, match=place):
        write_tables(RunFiles(run), tmp_path / "out", "csv", [table])
    assert not list((tmp_path / "out").glob("*"))


def mutated(raw, draw):
    """``raw`` with one piece of it lost, replaced or added."""
    place, junk = (
        draw.randrange(len(raw)),
        draw.choice([b"null", b"-1", b"[", b"{}", b"9" * 30, b"1.5", b"\xff", b"\n"]),
    )
    kept = draw.choice([place, place + 1, place + draw.randrange(40), len(raw)])
    return raw[:place] + draw.choice([junk, b""]) + raw[kept:]


@pytest.mark.parametrize(
    ("file", "tables"),
    [
        ("manifest.json", ["run", "expectations"]),
        ("history.jsonl", ["operations"]),
        ("metrics.csv", ["metrics_over_time"]),
        ("metrics.json", ["metrics", "metrics_over_time"]),
        ("course.jsonl", ["faults", "standings"]),
        ("state/business.jsonl", ["accounts", "postings", "posting_lines"]),
        ("ledger/bureau.jsonl", ["blocks", "signatures"]),
        ("events.jsonl.gz", ["messages", "decisions"]),
    ],
)
def test_whatever_is_done_to_a_file_is_answered_in_words(troubled_run, tmp_path, file, tables):
    draw = random.Random(file)
    run = shutil.copytree(troubled_run, tmp_path / "run")
    whole = (run / file).read_bytes()
    text = gzip.decompress(whole) if file.endswith(".gz") else whole
    for _ in range(6):
        changed = mutated(text, draw)
        (run / file).write_bytes(gzip.compress(changed, 1) if file.endswith(".gz") else changed)
        with contextlib.suppress(ExtractError):  # nothing else may be raised
            write_tables(RunFiles(run), tmp_path / "out", "csv", tables)


def test_no_run_s_folder_and_no_such_table_are_told(told, tmp_path):
    with pytest.raises(ExtractError, match="did the run end"):
        RunFiles(tmp_path)
    with pytest.raises(ExtractError, match=r"did you mean `blocks`"):
        write_tables(told, tmp_path, "csv", ["block"])
