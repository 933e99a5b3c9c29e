"""Bordereaux 业务明细表: two books of one account, compared line by line as they are kept (rows 13, 14).

Of each line the chain holds commitments and nothing else: the cedent's, the reinsurer's and, where somebody outside the
treaty saw the claim, that witness's. All three are made with one salt a line, which the cedent hands to whom it deals
with, so equal figures have equal commitments and nobody else can try figures out. A line on which they differ is a
break; a bordereau with a break cannot be confirmed. ``records`` is what is kept, ``originals`` the witnesses' part,
``books`` the two books, ``breaks`` what becomes of what does not match.
"""

from node.contracts.bordereaux import books, breaks, originals  # noqa: F401 - each adds its actions to the contract
from node.contracts.bordereaux.records import (
    BATCH_MAX,
    LINES_MAX,
    BookLine,
    Bordereau,
    Kind,
    Original,
    contract,
    line_key,
    line_path,
    original_key,
)

__all__ = [
    "BATCH_MAX",
    "LINES_MAX",
    "BookLine",
    "Bordereau",
    "Kind",
    "Original",
    "contract",
    "line_key",
    "line_path",
    "original_key",
]
