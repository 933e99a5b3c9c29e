"""Insurance products: ``products list``, ``products check``, ``products price`` and ``products schema``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from scenarios.failures import EXIT_INVALID, say
from scenarios.language.problems import ScenarioInvalid

app = typer.Typer()
products = typer.Typer(no_args_is_help=True, help="Insurance products: list, check, price, and their JSON Schema.")
app.add_typer(products, name="products")


class Kind(StrEnum):
    """Which spending counts."""

    INPATIENT = "inpatient"
    MEDICAL = "medical"


@products.command("list")
def list_() -> None:
    """List the products that come with the program."""
    from scenarios.products.command import list_products  # noqa: PLC0415 -- loads contracts

    raise typer.Exit(list_products())


@products.command(epilog="\b\nExample:\n  consortium products check my-product.yaml")
def check(
    given: Annotated[list[str], typer.Argument(metavar="NAME|FILE...", help="Shipped products, or files.")],
) -> None:
    """Say what is wrong with products, line by line, and whether premiums are what their tables give."""
    from scenarios.products.command import check_products  # noqa: PLC0415 -- loads contracts

    raise typer.Exit(check_products(given))


@products.command(
    epilog="\b\nExamples:\n  consortium products price term-life\n  consortium products price my-product.yaml --write\n"
    "  consortium products price gig-care --from-data --target 80"
)
def price(  # noqa: PLR0913 -- one parameter an option
    given: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped product, or a file.")],
    *,
    write: Annotated[bool, typer.Option("--write", help="Put the premiums into the file.")] = False,
    from_data: Annotated[
        bool, typer.Option("--from-data", help="From real spending instead of the file's tables: see its loss ratio.")
    ] = False,
    kind: Annotated[Kind, typer.Option("--spending", help="Which spending the benefit is for.")] = Kind.INPATIENT,
    yuan_per_dollar: Annotated[
        int, typer.Option("--yuan-per-dollar", metavar="N", min=1, max=1000, help="What a dollar of the data is.")
    ] = 1,
    target: Annotated[
        int, typer.Option("--target", metavar="PERCENT", min=1, max=100, help="The loss ratio that is wanted.")
    ] = 80,
) -> None:
    """Work out premiums: by age from a mortality or morbidity table, or from what people really spent.

    A table's name, the interest and the loading stand in the file, under the benefit's `pricing`; tables need the
    extra `tables`. What is written are whole fen, so that no run needs the table.
    """
    from scenarios.products.command import price_by_experience, price_by_table  # noqa: PLC0415 -- loads contracts
    from scenarios.products.experience import Spending  # noqa: PLC0415

    try:
        if from_data:
            if write:
                raise typer.BadParameter("--write goes with tables, not with --from-data")
            spending = Spending(kind=kind.value, yuan_per_dollar=yuan_per_dollar)
            raise typer.Exit(price_by_experience(given, spending, target * 10_000))
        raise typer.Exit(price_by_table(given, write=write))
    except ScenarioInvalid as invalid:
        say(str(invalid))
        raise typer.Exit(EXIT_INVALID) from None


@products.command()
def schema() -> None:
    """Print the JSON Schema of product files."""
    from scenarios.language.products import product_schema_text  # noqa: PLC0415 -- loads the language

    typer.echo(product_schema_text(), nl=False)
