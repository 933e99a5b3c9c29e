"""What a search keeps of a violation: a file that plays again, event for event."""

from __future__ import annotations

from pathlib import Path

import msgspec

from network.virtual.faults import Fault
from scenarios.adversary.play import Broken, play
from scenarios.adversary.trial import Trial

FORMAT_VERSION = 2


class FailureError(Exception):
    """The file is no failure that can be replayed; the message says why."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trial, the property that it breaks, and the rolling hash over every event up to the violation.

    ``found`` is the trial as it was drawn, before it was made small.
    """

    format: int = FORMAT_VERSION
    broken: Broken
    event_sha256: str
    trial: Trial
    found: Trial

    @property
    def name(self) -> str:
        """What the file is called, without its ending."""
        planted = f"-{self.trial.bug}" if self.trial.bug else ""
        return f"{self.trial.case.protocol}-{self.trial.case.seed}{planted}"


def failure_of(trial: Trial, found: Trial | None = None) -> Failure | None:
    """Play ``trial`` with every event hashed; what it breaks, or None."""
    played = play(trial, hashing=True)
    if played.broken is None:
        return None
    sha = played.event_sha256 or ""
    return Failure(broken=played.broken, event_sha256=sha, trial=trial, found=found or trial)


def keep(failure: Failure, folder: Path) -> Path:
    """Write the failure to a file of its own in ``folder``; where it lies."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{failure.name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(failure), indent=1) + b"\n")
    return path


def read_failure(path: Path) -> Failure:
    """The failure kept at ``path``; FailureError where there is none."""
    try:
        failure = msgspec.json.decode(path.read_bytes(), type=Failure)
    except OSError as error:
        raise FailureError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise FailureError(f"{path}: is no failure file: {error}") from None
    if failure.format != FORMAT_VERSION:
        raise FailureError(f"{path}: has format {failure.format}; this program reads {FORMAT_VERSION}")
    return failure


def told(fault: Fault) -> str:
    """One item of a plan in one line."""
    fields = {name: getattr(fault, name) for name in fault.__struct_fields__ if name != "at_ns"}
    shown = ", ".join(
        f"{name} {value}"
        for name, value in fields.items()
        if value is not None and value is not False and value not in ((), "")
    )
    return f"{fault.at_ns / 1e6:>12.3f} ms  {type(fault).__name__.lower():<10} {shown}"
