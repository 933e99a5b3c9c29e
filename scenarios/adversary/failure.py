"""What a search keeps of a violation: a file that plays again, event for event."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from network.virtual.faults import Fault
from scenarios.adversary.play import Broken, play
from scenarios.adversary.trial import Trial
from scenarios.failures import FailureError

__all__ = ["FORMAT_VERSION", "Failure", "FailureError", "failure_of", "keep", "read_failure", "told", "unchanged"]

FORMAT_VERSION = 3


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trial, the property that it breaks, and the rolling hash over every event up to the violation.

    ``found`` is the trial as it was drawn, before it was made small. ``sha256`` is that of the rest of the file as it
    was kept (:func:`unchanged`); empty in a failure that lies in no file.
    """

    format: int = FORMAT_VERSION
    broken: Broken
    event_sha256: str
    trial: Trial
    found: Trial
    sha256: str = ""

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
    return Failure(broken=played.broken, event_sha256=played.event_sha256 or "", trial=trial, found=found or trial)


def keep(failure: Failure, folder: Path) -> Path:
    """Write the failure to a file of its own in ``folder``; where it lies."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{failure.name}.json"
    sealed = msgspec.structs.replace(failure, sha256=_sha256_of(msgspec.to_builtins(failure)))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(sealed), indent=1) + b"\n")
    return path


def unchanged(path: Path) -> bool:
    """Is the failure at ``path``, which can be read, word for word as it was kept?"""
    content = json.loads(path.read_bytes())
    return bool(content.get("sha256") == _sha256_of(content))


def _sha256_of(content: dict[str, Any]) -> str:
    rest = {key: value for key, value in content.items() if key != "sha256"}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


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
    return msgspec.structs.replace(failure, sha256="")


def told(fault: Fault) -> str:
    """One item of a plan in one line."""
    fields = {name: getattr(fault, name) for name in fault.__struct_fields__ if name not in ("at_ns", "for_ns")}
    shown = [_told_field(name, value) for name, value in fields.items() if value not in (None, False, (), "", 0)]
    if "node" in fields:
        shown.insert(0, f"node {fields['node']}")
    if (lasting := getattr(fault, "for_ns", None)) is not None:
        shown.append(f"for {_ms(lasting)}")
    return f"{fault.at_ns / 1e6:>12.3f} ms  {type(fault).__name__.lower():<10} {', '.join(filter(None, shown))}"


def _told_field(name: str, value: Any) -> str:
    """A field of a fault for people: times in milliseconds, shares in percent."""
    if name == "node":
        return ""
    if name.endswith("_ns"):
        return f"{name.removesuffix('_ns')} {_ms(value)}"
    if name.endswith("ppm"):
        return f"{name.removesuffix('ppm').removesuffix('_')} {value / 10_000:g} %".strip()
    if value is True:
        return name.replace("_", " ")
    if isinstance(value, tuple):
        return f"{_WORDS.get(name, name)} {', '.join(map(str, value))}"
    return f"{name.replace('_', ' ')} {value}"


_WORDS = {
    "one": "nodes",
    "other": "from nodes",
    "sources": "from nodes",
    "targets": "to nodes",
    "order": "around nodes",
}


def _ms(ns: int) -> str:
    return f"{ns / 1e6:g} ms"
