"""A run's folder held against the controls: what speaks for each, and how far it goes.

A verdict is "met" where the run itself bears it out and nothing that the control asks is left over, "partly" where it
goes some of the way, "failed" where the run speaks against it, "unseen" where the run had no occasion, and "out of
scope" where an operator and not a program answers for it. What is left over is said beside each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from node.ledger import decode_transaction
from scenarios.results.checklist.controls import CONTROLS, Control
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.manifest import ManifestError
from scenarios.results.verify import verify_run

Verdict = Literal["met", "partly", "failed", "unseen", "out of scope"]


class ChecklistError(Exception):
    """The folder is no run's; the message says what is wrong."""


class Judged(NamedTuple):
    """One control, how far the run meets it, and the evidence."""

    control: Control
    verdict: Verdict
    evidence: str


class Facts(NamedTuple):
    """What a run's files say: expectations by name, receipts by code, records by namespace, signatures, the audit."""

    files: RunFiles
    expectations: Mapping[str, str]
    codes: Counter[str]
    records: Counter[str]
    signed: int
    sound: bool
    unsound: str


Judge = Callable[[Facts], tuple[Verdict, str]]

_OPERATOR = "an operator's, of buildings, staff, contracts or daily work"


def check(folder: Path) -> tuple[Judged, ...]:
    """All controls, in the standard's order. ChecklistError where the folder is no run's."""
    facts = _read(folder)
    judged = []
    for control in CONTROLS:
        judge = _JUDGES.get(control.clause)
        verdict, evidence = judge(facts) if judge is not None else ("out of scope", _OPERATOR)
        judged.append(Judged(control, verdict, evidence))
    return tuple(judged)


def _read(folder: Path) -> Facts:
    try:
        files = RunFiles(folder)
        report = verify_run(folder)
        codes: Counter[str] = Counter()
        for operation in files.json_lines(files.folder.history, dict[str, Any]):
            out = operation.get("out")
            if isinstance(out, dict):
                codes[str(out.get("code"))] += 1
        signed = sum(
            len(decode_transaction(raw).signatures)
            for height, (block, *_) in enumerate(files.chain())
            if height
            for raw in block.transactions
        )
        records = Counter({name: len(found) for name, found in files.business.items()})
    except (ExtractError, ManifestError) as error:
        raise ChecklistError(str(error)) from None
    expectations = {one.name: one.verdict for one in files.manifest.expectations}
    unsound = "; ".join(found.text for found in report.findings if not found.sound)
    return Facts(files, expectations, codes, records, signed, report.sound, unsound)


def _expected(facts: Facts, names: tuple[str, ...], said: str) -> tuple[Verdict, str]:
    """By expectations of the run: all must have passed."""
    asked = [name for name in names if name in facts.expectations]
    wrong = [name for name in asked if facts.expectations[name] not in {"pass", "warn"}]
    if wrong:
        return "failed", f"the run's {', '.join(wrong)} did not pass"
    if not asked:
        return "unseen", f"the run asks for none of {', '.join(names)}"
    return "met", f"{said} ({', '.join(asked)} passed)"


def _in_part(judge: Judge, rest: str) -> Judge:
    """The same evidence, where the control asks for more: ``rest`` says what for."""

    def judged(facts: Facts) -> tuple[Verdict, str]:
        verdict, evidence = judge(facts)
        return ("partly", f"{evidence}; {rest}") if verdict == "met" else (verdict, evidence)

    return judged


def _network(_: Facts) -> tuple[Verdict, str]:
    return "partly", "several voters without a single point of failure; redundant lines and devices are the operator's"


def _transmission(facts: Facts) -> tuple[Verdict, str]:
    if facts.files.manifest.mode == "virtual":
        return "partly", "frames are not encoded in virtual time; with processes each is signed by its sender"
    return "partly", "each frame is signed and counts once; TLS is the broker's, and `consortium init` sets it up"


def _boundary(facts: Facts) -> tuple[Verdict, str]:
    names = len(facts.files.nodes)
    return "partly", f"{names} certified nodes; frames of anybody else are dropped. Firewalls are the operator's"


def _identity(facts: Facts) -> tuple[Verdict, str]:
    if not facts.sound:
        return "failed", facts.unsound
    return "partly", (
        f"{facts.signed:,} Ed25519 signatures verified anew, by keys that the consortium certified;"
        " a second factor, as the control asks, is the wallet's"
    )


def _access(facts: Facts) -> tuple[Verdict, str]:
    refused = facts.codes["role_not_allowed"] + facts.codes["signature_missing"] + facts.codes["not_public"]
    named = "by role, by name and by signatures, for every action"
    if not refused:
        return "unseen", f"{named}; nobody tried what they may not"
    return "met", f"{named}; {refused:,} attempts of others were refused in this run"


def _audit(facts: Facts) -> tuple[Verdict, str]:
    if not facts.sound:
        return "failed", facts.unsound
    reads, views = facts.records["access_log"], facts.records["supervision_reports"]
    return "met", (
        f"every transaction stands in a chained ledger that verifies; {reads:,} reads of personal data and"
        f" {views:,} reports to supervisors have entries, which no action removes"
    )


def _intrusion(facts: Facts) -> tuple[Verdict, str]:
    refused = sum(count for code, count in facts.codes.items() if code != "ok")
    found = facts.records["oversight_alerts"]
    return "partly", f"{refused:,} requests refused and {found:,} alerts raised; hosts are the operator's to watch"


def _integrity(facts: Facts) -> tuple[Verdict, str]:
    if not facts.sound:
        return "failed", facts.unsound
    return "met", "hashes, certificates and state roots of all ledgers hold, executed again (`consortium verify`)"


def _confidentiality(facts: Facts) -> tuple[Verdict, str]:
    named = ("privacy", "sealed_to_parties", "leakage")
    return _expected(facts, named, "payloads are open to their parties alone")


def _recovery(facts: Facts) -> tuple[Verdict, str]:
    return _expected(facts, ("durability", "agreement"), "what was acknowledged is in every ledger")


def _residue(facts: Facts) -> tuple[Verdict, str]:
    if not facts.records["deposits"]:
        return "unseen", "what lies in collections is overwritten when purged; this run kept nothing there"
    return "partly", "payloads in collections are overwritten when purged; ciphertext on the chain stays"


def _personal(facts: Facts) -> tuple[Verdict, str]:
    verdict, evidence = _expected(facts, ("reads_logged",), "nobody reads without a voucher and an entry")
    people = facts.records["subjects"]
    return verdict, f"{evidence}; {people:,} people known by pseudonyms" if verdict == "met" else evidence


def _trusted(_: Facts) -> tuple[Verdict, str]:
    return "out of scope", "of boot chains and hardware; the program runs where it is put"


def _administration(facts: Facts) -> tuple[Verdict, str]:
    return "partly", (
        "members, keys and versions of rules change by votes on the ledger alone;"
        f" {facts.codes['council_short'] + facts.codes['approvals_too_few']:,} attempts by too few were refused"
    )


def _monitoring(_: Facts) -> tuple[Verdict, str]:
    return "partly", "a run's measures and a watcher on the bus; collecting hosts' logs is the operator's"


def _software(_: Facts) -> tuple[Verdict, str]:
    return "partly", "version control, tests that can fail, type checks and import rules; a code audit is another's"


def _cryptography(_: Facts) -> tuple[Verdict, str]:
    return (
        "partly",
        "Ed25519, X25519, XChaCha20-Poly1305, SHA-256; the control asks for approved 国密 algorithms (SM2-4)",
    )


def _changes(_: Facts) -> tuple[Verdict, str]:
    return "partly", "versions of rules take effect by a council's signatures, never in the past; the rest is a process"


_JUDGES: dict[str, Judge] = {
    "8.1.2.1": _network,
    "8.1.2.2": _transmission,
    "8.1.2.3": _trusted,
    "8.1.3.1": _boundary,
    "8.1.3.2": _in_part(_access, "filters on the network are the broker's list and the operator's"),
    "8.1.3.3": _intrusion,
    "8.1.3.5": _in_part(_audit, "traffic at the boundary is the operator's to log"),
    "8.1.3.6": _trusted,
    "8.1.4.1": _identity,
    "8.1.4.2": _access,
    "8.1.4.3": _audit,
    "8.1.4.4": _intrusion,
    "8.1.4.6": _trusted,
    "8.1.4.7": _integrity,
    "8.1.4.8": _in_part(_confidentiality, "databases are not encrypted"),
    "8.1.4.9": _in_part(_recovery, "copies at another site are the operator's"),
    "8.1.4.10": _residue,
    "8.1.4.11": _in_part(_personal, "what lies on the chain, if only sealed, cannot be erased"),
    "8.1.5.1": _administration,
    "8.1.5.2": _in_part(_audit, "who administers audits is the operator's"),
    "8.1.5.4": _monitoring,
    "8.1.9.4": _software,
    "8.1.10.9": _cryptography,
    "8.1.10.10": _changes,
}
"""By clause; all others are out of a program's scope."""
