"""A run's ledger of accounts: ``accounts``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.failures import EXIT_FAIL, EXIT_INVALID, say
from scenarios.language.problems import visible

if TYPE_CHECKING:
    from scenarios.results.accounts import Books
    from scenarios.results.accounts.telling import View

app = typer.Typer()


@app.command(
    epilog="\b\nExamples:\n  consortium accounts runs/one_claim/latest\n"
    "  consortium accounts runs/one_claim/latest --owner insurer-1 --as-of '2023-04-18 12:00'\n"
    "  consortium accounts runs/one_claim/latest --journal --kind claims-paid --csv\n"
    "  consortium accounts runs/one_claim/latest --owner insurer-1 --against book.csv"
)
def accounts(  # noqa: PLR0913 -- one parameter an option
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")],
    *,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="NAME", help="Whose: a statement of account, line by line.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only this kind, as cash.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="WHEN", help="After a height, or at a moment of business time.")
    ] = None,
    journal: Annotated[bool, typer.Option("--journal", help="The entries as they were posted.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values, in fen and milliseconds.")] = False,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="CSV", help="Hold this book of --owner's against the ledger."),
    ] = None,
) -> None:
    """Show a run's double-entry books: trial balance, a statement of account, or the journal."""
    from scenarios.results.accounts import AsOf, BooksError, parse_as_of, read_books  # noqa: PLC0415 -- loads contracts
    from scenarios.results.accounts.telling import as_csv, told  # noqa: PLC0415

    _require_kind(kind)
    try:
        books = read_books(folder, AsOf() if as_of is None else parse_as_of(as_of))
    except (BooksError, ValueError) as error:
        say(f"consortium: {error}")
        raise typer.Exit(EXIT_INVALID) from None
    if owner is not None and owner not in books.owners:
        say(f"consortium: {owner!r} has no account; there are those of {', '.join(books.owners) or 'nobody'}")
        raise typer.Exit(EXIT_INVALID)
    if against is not None:
        _hold_against(books, owner, against)
        return
    view: View = "journal" if journal else "trial-balance" if owner is None else "statement"
    write = as_csv if csv else told
    text = write(books, view, owner=owner, kind=kind).rstrip("\n")
    typer.echo(text if csv else "\n".join(map(visible, text.split("\n"))))


def _hold_against(books: Books, owner: str | None, path: Path) -> None:
    """Name every entry of a book that is another on the ledger; exit code 1 where there is one."""
    from scenarios.results.accounts import BooksError, held_against  # noqa: PLC0415 -- loads contracts

    if owner is None:
        say("consortium: --against needs --owner: whose book is it?")
        raise typer.Exit(EXIT_INVALID)
    try:
        different = list(held_against(books, owner, path))
    except BooksError as error:
        say(f"consortium: {error}")
        raise typer.Exit(EXIT_INVALID) from None
    for line in different:
        typer.echo(visible(line))
    if different:
        raise typer.Exit(EXIT_FAIL)
    typer.echo("the book is as on the ledger")


def _require_kind(kind: str | None) -> None:
    from node.contracts.accounts import KINDS  # noqa: PLC0415 -- loads contracts
    from scenarios.language.problems import did_you_mean  # noqa: PLC0415

    if kind is not None and kind not in KINDS:
        near = did_you_mean(kind, KINDS) or f"; there are: {', '.join(KINDS)}"
        say(f"consortium: there is no kind of account {kind!r}{near}")
        raise typer.Exit(EXIT_INVALID)
