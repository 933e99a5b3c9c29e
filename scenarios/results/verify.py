"""``consortium verify``: audits a run's folder from its files alone.

Every exported ledger is checked line by line (``docs/ledger-format.md``) and executed again; what comes out must be
what the manifest says, the ledgers must be one chain, and the business state must be the one that execution gives.
All faults are told, each with its file and line.
"""

from __future__ import annotations

from hashlib import file_digest, sha256
from pathlib import Path

import msgspec

from node.ledger import Audit, AuditError, Genesis, LineError, audit_business, audit_ledger, decode_line
from scenarios.results.manifest import Manifest, ManifestError, read_manifest
from scenarios.results.replay import ContractMachine
from scenarios.results.run_folder import RunFolder

_SHOWN = 8  # hex digits of a hash, for people


class Finding(msgspec.Struct, frozen=True):
    """One line of the report."""

    sound: bool
    text: str


class Report(msgspec.Struct, frozen=True):
    """What an audit found, in order."""

    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        return all(finding.sound for finding in self.findings)


def verify_run(path: Path) -> Report:
    """Audit the run's folder at ``path``. FileNotFoundError where it is no run's folder at all."""
    folder = RunFolder(path)
    if not folder.manifest.is_file():
        raise FileNotFoundError(
            2, "there is no manifest: no run's folder, or the run was cut off", str(folder.manifest)
        )
    try:
        manifest = read_manifest(folder.manifest)
    except ManifestError as error:
        return Report((Finding(False, str(error)),))
    return Report(tuple(_Verifier(folder, manifest).findings()))


class _Verifier:
    """One audit.

    ``_machines`` holds, per head, the machine that executed the ledger which ends there; ``_same`` the audits of
    ledgers by the hash of their whole file, since equal bytes need no second look.
    """

    def __init__(self, folder: RunFolder, manifest: Manifest) -> None:
        self._folder = folder
        self._manifest = manifest
        self._machines: dict[bytes, ContractMachine] = {}
        self._roots: dict[bytes, bytes] = {}
        self._audits: dict[str, Audit] = {}
        self._same: dict[bytes, Audit] = {}

    def findings(self) -> list[Finding]:
        found = [self._ledger(name) for name in self._manifest.height]
        found += self._strangers()
        found += self._one_chain()
        found.append(self._business())
        found.append(self._scenario())
        return found

    def _ledger(self, name: str) -> Finding:
        path = self._folder.ledger(name)
        try:
            digest = _digest(path)
            audit = self._same.get(digest) or self._audited(path)
        except AuditError as error:
            return Finding(False, f"{name}: {error}")
        self._audits[name] = self._same[digest] = audit
        state = self._roots.setdefault(audit.head, audit.state_root)
        stated = self._manifest
        for what, found, said in (
            ("height", str(audit.height), str(stated.height[name])),
            ("head", audit.head.hex(), stated.head.get(name)),
            ("state root", state.hex(), stated.state_root.get(name)),
            ("protocol", audit.protocol, stated.protocol),
        ):
            if found != said:
                return Finding(False, f"{name}: {path}: {what} is {found}, the manifest says {said}")
        sums = f"{audit.blocks:,} blocks, {audit.transactions:,} transactions, {audit.certificates:,} certificates"
        return Finding(
            True,
            f"{name}: sound; {sums}, height {audit.height}, head {_short(audit.head)}, state root {_short(state)}",
        )

    def _audited(self, path: Path) -> Audit:
        """The audit of one ledger; only the first of those that end in one head is executed, as they are one chain."""
        try:
            claimed = bytes.fromhex(self._manifest.head.get(path.stem, ""))
        except ValueError:
            claimed = b""
        if claimed in self._machines:
            audit = audit_ledger(path)
            if audit.head == claimed:
                return audit
        machines: list[ContractMachine] = []

        def execute(genesis: Genesis) -> ContractMachine:
            machines.append(ContractMachine(genesis))
            return machines[-1]

        audit = audit_ledger(path, execute=execute)
        self._machines[audit.head] = machines[-1]
        return audit

    def _strangers(self) -> list[Finding]:
        known = {self._folder.ledger(name).name for name in self._manifest.height}
        try:
            lying = sorted(path.name for path in self._folder.ledgers.iterdir() if path.name not in known)
        except OSError:
            lying = []
        return [Finding(False, f"ledger/{name}: of a node that the manifest does not name") for name in lying]

    def _one_chain(self) -> list[Finding]:
        """Every ledger must be a beginning of the longest one."""
        if not self._audits:
            return []
        longest = max(self._audits, key=lambda name: self._audits[name].height)
        found = []
        for name, audit in self._audits.items():
            if audit.genesis != self._audits[longest].genesis:
                found.append(Finding(False, f"{name}: has another genesis than {longest}"))
            elif self._block_hash(longest, audit.height) != audit.head:
                found.append(Finding(False, f"{name}: its block {audit.height} is not the one of {longest}"))
        return found or [Finding(True, f"{len(self._audits)} ledgers are one chain")]

    def _block_hash(self, name: str, height: int) -> bytes | None:
        if height == self._audits[name].height:
            return self._audits[name].head
        try:
            with self._folder.ledger(name).open("rb") as file:
                for number, raw in enumerate(file):
                    if number == height:
                        return decode_line(raw).block.hash
        except (OSError, LineError):
            return None
        return None

    def _business(self) -> Finding:
        path, stated = self._folder.business, self._manifest.business_root
        if stated is None:
            return Finding(True, "business state: the manifest gives no root that all nodes share")
        try:
            root = audit_business(path)
        except AuditError as error:
            return Finding(False, f"business state: {error}")
        if root.hex() != stated:
            return Finding(False, f"business state: {path}: root is {root.hex()}, the manifest says {stated}")
        if self._audits:
            longest = max(self._audits, key=lambda name: self._audits[name].height)
            executed = self._machines[self._audits[longest].head].business_root()
            if executed != root:
                return Finding(
                    False, f"business state: {path}: executing the ledger of {longest} gives {executed.hex()}"
                )
        return Finding(True, f"business state: sound, root {_short(root)}")

    def _scenario(self) -> Finding:
        path = self._folder.scenario
        try:
            found = sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            return Finding(False, f"scenario: {path}: cannot be read: {error.strerror}")
        if found != self._manifest.scenario_sha256:
            return Finding(False, f"scenario: {path}: is not the one that was run (SHA-256 {found})")
        return Finding(True, f"scenario: the one that was run, {self._manifest.scenario}")


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").digest()
    except OSError as error:
        raise AuditError(path, 0, f"cannot be read: {error.strerror}") from None


def _short(value: bytes) -> str:
    return value.hex()[:_SHOWN]
