"""``costs``: what a node's processor needs for its work in the virtual world; real ones need what they need."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from scenarios.language.models.base import Nanoseconds, Part


class Costs(Part):
    """Durations of single pieces of work on one core; `consortium calibrate` measures them."""

    input: Nanoseconds
    """Any message: to take it in, without its size and signatures."""
    encode: Nanoseconds
    """A kilobyte (1,000 bytes) encoded or decoded."""
    hash: Nanoseconds
    """A kilobyte hashed."""
    sign: Nanoseconds
    """One signature made."""
    verify: Nanoseconds
    """One signature checked: each message's, and of what it holds those that the node has not checked before."""
    transaction: Nanoseconds
    """One transaction executed."""


def _unread(value: Any) -> Any:
    """Names of files are gone by now: whoever reads a scenario puts their contents in their place."""
    if isinstance(value, str):
        raise ValueError("a name stands for a file; give the six durations")  # noqa: TRY004 (told as a problem)
    return value


CostsOrName = Annotated[Costs, BeforeValidator(_unread, json_schema_input_type=Costs | str)]
