from __future__ import annotations

import json

import pytest

from scenarios.results import Operation, history_lines


def operation(client: str, called: int, status: str = "ok", key: str = "k") -> Operation:
    returned = None if status == "info" else called + 5
    return Operation(client=client, key=key, called=called, returned=returned, status=status, output={"height": 3})


def test_lines_carry_exactly_the_agreed_keys_in_order_of_call() -> None:
    lines = [json.loads(line) for line in history_lines([operation("b", 20), operation("a", 10, "fail")])]
    assert lines[0] == {
        "client": 0,
        "op": "transact",
        "key": "k",
        "in": None,
        "out": {"height": 3},
        "call": 10,
        "return": 15,
        "status": "fail",
    }
    assert [line["client"] for line in lines] == [0, 1]


def test_a_number_is_never_used_again_after_info() -> None:
    found = [operation("a", 1), operation("a", 2, "info"), operation("b", 3), operation("a", 4), operation("a", 5)]
    assert [json.loads(line)["client"] for line in history_lines(found)] == [0, 0, 1, 2, 2]


def test_info_has_no_return_and_nothing_else_lacks_one() -> None:
    odd = Operation(client="a", key="k", called=1, returned=2, status="info")
    with pytest.raises(ValueError, match="no return exactly when"):
        list(history_lines([odd]))
