"""``history.jsonl``: what every client asked and heard, one operation a line, for checkers of consistency.

``ok`` took effect, ``fail`` can never take effect, ``info`` may or may not have: its client does not know. A client's
number is never used again after ``info``, as such an operation stays open for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

Status = Literal["ok", "fail", "info"]

_encode = msgspec.json.Encoder(order="sorted").encode


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the client named ``client``. Times are nanoseconds of one clock; ``returned`` None: never."""

    client: str
    op: Literal["read", "write", "cas", "transact"] = "transact"
    key: str
    input: Any = None
    output: Any = None
    called: int
    returned: int | None
    status: Status


class _Line(msgspec.Struct, frozen=True, kw_only=True, rename={"in_": "in", "return_": "return"}):
    client: int
    op: str
    key: str
    in_: Any
    out: Any
    call: int
    return_: int | None
    status: Status


def history_lines(operations: Iterable[Operation]) -> Iterator[bytes]:
    """The file's lines in order of call; numbers are given to clients as they first appear."""
    numbers: dict[str, int] = {}
    upcoming = 0
    for operation in sorted(operations, key=lambda item: (item.called, item.client, item.key)):
        if (operation.returned is None) != (operation.status == "info"):
            raise ValueError(f"{operation.client}: an operation has no return exactly when its status is info")
        if operation.client not in numbers:
            numbers[operation.client] = upcoming
            upcoming += 1
        yield _encode(
            _Line(
                client=numbers[operation.client],
                op=operation.op,
                key=operation.key,
                in_=operation.input,
                out=operation.output,
                call=operation.called,
                return_=operation.returned,
                status=operation.status,
            )
        )
        if operation.status == "info":
            del numbers[operation.client]
