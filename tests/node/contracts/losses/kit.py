"""Sealed treaties without the road that leads there, and their losses."""

from __future__ import annotations

from hashlib import sha256

from node.contracts.accounts import Opening
from node.contracts.accounts import Settings as Accounts
from node.contracts.bordereaux import Original, original_key
from node.contracts.losses import Settings, TreatyLoss
from node.contracts.losses.calls import PayArgs
from node.contracts.losses.notices import NoticeArgs
from node.contracts.losses.records import AmountArgs
from node.contracts.losses.reserves import CloseArgs, ReportArgs
from node.contracts.treaty import Treaty
from node.privacy.sums import blind_from, hide, sum_of_blinds
from tests.node.contracts.network import Network
from tests.node.contracts.parties import sealed
from tests.node.contracts.policy.kit import blank

HOUR = 3_600_000
CEDENT, REINSURER = "insurer-1", "reinsurer"
TREATY = "insurer-1/900"
LOSS = "no-0001"


def blind(number):
    return blind_from(sha256(str(number).encode()).hexdigest())


class Table:
    """One treaty, one claim that happened at time 0, and whoever deals with it; numbers count up per party."""

    def __init__(self, within_ms=72 * HOUR):
        cash = Accounts((Opening(REINSURER, 1_000_000), Opening(CEDENT, 0)))
        self.network = Network(settings=(("accounts", cash), ("losses", Settings(pay_within_ms=10 * HOUR))))
        self.numbers = {}
        self.treaty(TREATY, CEDENT, REINSURER, within_ms)
        self.happened(LOSS, 0)

    def treaty(self, key, cedent, taker, within_ms=72 * HOUR):
        record = blank(Treaty, state="SIGNED", cedent=cedent, reinsurer=taker, notice_within_ms=within_ms)
        self.network.tree = self.network.tree.update({("treaties", key): record})

    def happened(self, reference, at):
        original = Original(witness="hospital-1", digest="aa" * 32, time_ms=at)
        key = (Original.namespace, original_key(CEDENT, reference))
        self.network.tree = self.network.tree.update({key: original})

    def do(self, who, action, arguments, **options):
        self.numbers[who] = self.numbers.get(who, 0) + 1
        return self.network.do(who, f"losses.{action}", arguments, number=self.numbers[who], **options)

    def tell(self, who=CEDENT, treaty=TREATY, reference=LOSS, inward=None, at=0):
        return self.do(who, "notice", NoticeArgs(treaty, reference, inward), at=at)

    def amount(self, who, fen, number, action="move", **options):
        """A movement, or a call, of ``fen`` blinded by the ``number``-th blind."""
        kind = options.pop("kind", "change")
        parties = options.pop("parties", (CEDENT, REINSURER))
        record = f"{who}/{self.numbers.get(who, 0) + 1}"
        change = options.pop("change", None) or hide(fen, blind(number))
        envelope = sealed(record, {"change_fen": fen}, parties)
        signed = options.pop("cosigners", (REINSURER if who == CEDENT else CEDENT,))
        arguments = AmountArgs(TREATY, options.pop("reference", LOSS), change, kind, envelope)
        return self.do(who, action, arguments, cosigners=signed, **options)

    def close(self, *numbers, **options):
        total = sum_of_blinds(blind(number) for number in numbers)
        options.setdefault("cosigners", (REINSURER,))
        return self.do(CEDENT, "close", CloseArgs(TREATY, LOSS, total), **options)

    def report(self, fen, *numbers, **options):
        return self.do(REINSURER, "report", ReportArgs(fen, sum_of_blinds(map(blind, numbers))), **options)

    def pay(self, call, fen, number, **options):
        return self.do(REINSURER, "pay", PayArgs(call, fen, blind(number)), **options)

    def loss(self, treaty=TREATY, reference=LOSS) -> TreatyLoss:
        return self.network.tree.get(TreatyLoss.namespace, f"{treaty}|{reference}")
