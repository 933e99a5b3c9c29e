"""What must hold of any story, beside what its steps say: reads are logged, strangers opened nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from node.contracts.consent import AccessEntry, Query
from node.contracts.vouchers import Voucher
from node.ledger.state_tree import StateTree
from node.privacy.envelope import Envelope, Open, Sealed
from node.privacy.vault import VaultRecord
from scenarios.results import Expectation
from scenarios.runner.words import counted


def reads_logged(tree: StateTree) -> Expectation:
    """Every field that an answer handed over has its entry in the access log, and no entry is without one (row 39).

    Nor is any without a voucher that lets this reader see that field of that person, for as long as it ran (row 1).
    """
    granted = sorted(f"{key}/{field}" for key, query in tree.items(Query.namespace) for field in query.granted)
    logged = [key for key, _ in tree.items(AccessEntry.namespace)]
    detail = f"{counted(len(granted), 'field')} read, {counted(len(logged), 'log entry', 'log entries')}"
    vouchers = dict(tree.items(Voucher.namespace))
    bare = [key for key, entry in tree.items(AccessEntry.namespace) if not _covered(vouchers, entry)]
    if bare:
        return Expectation("reads_logged", "fail", f"{detail}, {len(bare)} without a voucher, the first {bare[0]}")
    return Expectation("reads_logged", "pass" if granted == logged else "fail", detail)


def _covered(vouchers: Mapping[str, Voucher], entry: AccessEntry) -> bool:
    voucher = vouchers.get(entry.voucher)
    return (
        voucher is not None
        and (voucher.audience, voucher.subject) == (entry.reader, entry.subject)
        and entry.field in voucher.fields
        and entry.time_ms < voucher.expires_ms
    )


def opened_by_parties_only(envelopes: Iterable[Envelope], vaults: Mapping[str, Iterable[VaultRecord]]) -> Expectation:
    """Each vault holds exactly what was enclosed for its owner (rows 13, 21). ``vaults`` by the owner's name."""
    sealed = [(e.record, e.version, e.recipients) for e in envelopes if isinstance(e, Sealed | Open)]
    for name, vault in sorted(vaults.items()):
        due = sorted((record, version) for record, version, recipients in sealed if name in recipients)
        held = sorted((record.record, record.version) for record in vault)
        if due != held:
            odd = sorted(set(due) ^ set(held))
            return Expectation("sealed_to_parties", "fail", f"{name}: {len(odd)} differ, the first {odd[0]}")
    return Expectation(
        "sealed_to_parties", "pass", f"{counted(len(sealed), 'envelope')}, each opened by its parties alone"
    )
