"""``manifest.json``: what was run, what came out, and what the run's other files must agree with.

Written last, so a folder without one is a run that was cut off. ``height``, ``head`` and ``state_root`` fix where
every exported ledger ends.
"""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from scenarios.results.numbers import Natural
from scenarios.results.run_folder import write_atomically

FORMAT_VERSION = 1
MANIFEST_BYTES_MAX = 16 << 20

Verdict = Literal["pass", "fail", "inconclusive"]
Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]

_LIBRARIES = ("msgspec", "pynacl", "aiomqtt", "pydantic", "ruamel.yaml")


class ManifestError(Exception):
    """A manifest is not there or says nothing usable; the message says why."""


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that had to hold, and whether it did."""

    name: str
    verdict: Literal["pass", "fail", "warn", "inconclusive"]
    detail: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Times of day are UTC in ISO 8601; hashes and roots are lower-case hex; maps go by the node's name."""

    format: int = FORMAT_VERSION
    scenario: str
    scenario_sha256: Hex32  # of the folder's scenario.yaml
    protocol: str
    seed: int
    mode: Literal["virtual", "processes"]
    bus: str | None  # None in virtual mode
    argv: tuple[str, ...]
    versions: dict[str, str]
    git: str | None
    started: str
    finished: str
    virtual_ns: Natural | None  # run time at the end; None in processes mode
    run_ns: Natural | None = None  # the same in either mode, on the runner's clock; None: written by an older version
    verdict: Verdict
    expectations: tuple[Expectation, ...] = ()
    event_sha256: Hex32 | None = None  # virtual mode: over every delivered event
    height: dict[str, Natural]
    head: dict[str, Hex32]
    state_root: dict[str, Hex32]
    business_root: Hex32 | None  # None where the nodes do not agree on one


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write it whole or not at all."""
    text = msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=2)
    write_atomically(path, text + b"\n")


def read_manifest(path: Path) -> Manifest:
    """The manifest at ``path``; ManifestError where it is missing or malformed."""
    try:
        if path.stat().st_size > MANIFEST_BYTES_MAX:
            raise ManifestError(f"{path}: larger than {MANIFEST_BYTES_MAX >> 20} MiB")
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ManifestError(f"{path}: there is no manifest; is this a run's folder, and did the run end?") from None
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(f"{path}: is no manifest: {error}") from None
    if manifest.format != FORMAT_VERSION:
        raise ManifestError(f"{path}: has format {manifest.format}; this program reads {FORMAT_VERSION}")
    return manifest


def versions() -> dict[str, str]:
    """The versions of this program, of Python, and of the libraries that results depend on."""
    found = {"python": platform.python_version()}
    for name in ("consortium-sim", *_LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def git_commit(folder: Path) -> str | None:
    """The checkout's commit, "-dirty" behind it where files differ; None outside a checkout or without git."""
    try:
        run = subprocess.run(  # noqa: S603 -- fixed arguments
            ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip() or None if run.returncode == 0 else None
