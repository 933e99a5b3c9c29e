"""What every account must come to, worked out from what was drawn, by none of the contracts' code."""

from __future__ import annotations

from collections.abc import Mapping

from node.contracts.accounts import Account, account
from node.ledger.state_tree import StateTree


class Books:
    """Sums by account, debits positive, and what each owner pays out in all."""

    def __init__(self, opening: Mapping[str, int]) -> None:
        self._opening = dict(opening)
        self._due: dict[str, int] = {account(owner, "cash"): fen for owner, fen in opening.items()}
        self._spent: dict[str, int] = {}

    def move(self, payer: str, payee: str, fen: int, *, expense: str = "", income: str = "") -> None:
        """Money goes from one to the other; with the kinds of account that say what for."""
        self._add(account(payer, "cash"), -fen)
        self._add(account(payee, "cash"), fen)
        if expense:
            self._add(account(payer, expense), fen)
        if income:
            self._add(account(payee, income), -fen)
        self._spent[payer] = self._spent.get(payer, 0) + fen

    def short(self) -> str | None:
        """Who might run out of money if all that it pays came before all that it gets."""
        return next((who for who, fen in self._spent.items() if fen > self._opening.get(who, 0)), None)

    def spent(self, who: str) -> int:
        """All that somebody pays, in fen."""
        return self._spent.get(who, 0)

    def differences(self, tree: StateTree) -> tuple[str, ...]:
        """Accounts that hold something else, one line each."""
        lines = []
        for name, due in self._due.items():
            found: Account | None = tree.get(Account.namespace, name)
            held = 0 if found is None else found.balance_fen
            if held != due:
                lines.append(f"{name} holds {held} fen, should be {due}")
        return tuple(lines)

    def _add(self, name: str, fen: int) -> None:
        self._due[name] = self._due.get(name, 0) + fen
