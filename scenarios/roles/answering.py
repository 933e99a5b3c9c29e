"""What every holder of records does before it answers: hand over nothing that is not authorised (rows 1, 39).

The contract refuses an answer without a good voucher; but what lies on the chain, lies there, so an honest holder
seals nothing in the first place.
"""

from __future__ import annotations

from node.contracts.consent import Query, granted_fields
from node.contracts.vouchers import Voucher, is_live
from scenarios.roles.desk import Act, Desk


def to_hand_over(desk: Desk, act: Act, query_id: str, voucher_id: str) -> tuple[str, tuple[str, ...]]:
    """The reader, and the fields that may go to it: none where the voucher is not good for the query."""
    query = desk.find(act, Query, query_id)
    voucher = desk.find(act, Voucher, voucher_id)
    good = is_live(voucher, act.time_ms) and (voucher.subject, voucher.audience, voucher.purpose, voucher.matter) == (
        query.subject,
        query.reader,
        query.purpose,
        query.matter,
    )
    return query.reader, granted_fields(query.fields, voucher.fields, query.fields) if good else ()
