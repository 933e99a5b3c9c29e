"""``consortium products``: what is on sale, whether a file is in order, and what premiums come to."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import typer

from node.contracts.products import Benefit
from scenarios.edges import TableError
from scenarios.failures import EXIT_FAIL, EXIT_INVALID, EXIT_PASS, say
from scenarios.language.models.product import ProductFile
from scenarios.language.problems import Mark, Problem, ScenarioInvalid, did_you_mean
from scenarios.language.products import read_product
from scenarios.language.units import format_money, format_share
from scenarios.products.experience import MILLION, Experience, Spending, experience_of
from scenarios.products.writing import worked_out, write_premiums
from scenarios.results.amounts import aligned
from scenarios.roles.terms import product_arguments


def shipped_products() -> dict[str, Path]:
    """Name -> file of every shipped product, in order of name."""
    folder = Path(str(files("configs"))) / "products"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_product(given: str) -> Path:
    """The file of a shipped product, or the file of that name. ScenarioInvalid where there is neither."""
    known = shipped_products()
    if given in known:
        return known[given]
    if given.endswith(".yaml"):
        return Path(given)
    message = f"there is no such product{did_you_mean(given, known)}; there are {', '.join(known)}, and files (*.yaml)"
    raise ScenarioInvalid([Problem(Mark(given, -1, 0), (), message)])


def list_products() -> int:
    """Print every shipped product. The exit code."""
    rows = [("product", "", "benefits", "premium a year")]
    for name, path in shipped_products().items():
        product = read_product(path)
        benefits = (product.main, *product.riders)
        asked = [format_money(benefit.premium or 0) if not benefit.premiums else "by age" for benefit in benefits]
        rows.append((name, product.title, ", ".join(benefit.name for benefit in benefits), " + ".join(asked)))
    typer.echo("\n".join(aligned(rows)))
    return EXIT_PASS


def check_products(given: list[str]) -> int:
    """Judge product files, and that their premiums are what their tables give. The exit code."""
    code = EXIT_PASS
    for item in given:
        try:
            path = find_product(item)
            product = read_product(path)
            wrong = _not_as_priced(path, product)
        except ScenarioInvalid as invalid:
            say(str(invalid))
            code = EXIT_INVALID
            continue
        except TableError as missing:
            say(f"{path}: {missing}")
            code = EXIT_INVALID
            continue
        for line in wrong:
            say(f"{path}: {line}")
        code = code or (EXIT_FAIL if wrong else EXIT_PASS)
        if not wrong:
            typer.echo(f"{path}: {product.name} is in order")
    return code


def price_by_table(given: str, *, write: bool) -> int:
    """Work out the premiums that a product's `pricing` asks for, and print or write them. The exit code."""
    path = find_product(given)
    try:
        premiums = worked_out(path)
        if not premiums:
            say(f"{path}: no benefit has a `pricing`; see `consortium products price --help`")
            return EXIT_INVALID
        if write:
            write_premiums(path, premiums)
            typer.echo(f"{path}: premiums written")
            return EXIT_PASS
    except TableError as missing:
        say(f"{path}: {missing}")
        return EXIT_INVALID
    for name, ages in premiums.items():
        rows = [("age", name), *((str(age), format_money(fen)) for age, fen in ages.items())]
        typer.echo("\n".join(aligned(rows)))
    return EXIT_PASS


def price_by_experience(given: str, spending: Spending, target_ppm: int) -> int:
    """Print what the data says of a product's main benefit. The exit code."""
    product = read_product(find_product(given))
    main = _contract_benefit(product)
    try:
        found = experience_of(main, spending, (product.ages.low, product.ages.high))
    except ValueError as error:
        say(f"{product.name}: {error}")
        return EXIT_INVALID
    typer.echo("\n".join(_told(product, spending, found, target_ppm)))
    return EXIT_PASS


def _told(product: ProductFile, spending: Spending, found: Experience, target_ppm: int) -> list[str]:
    burning = round(found.burning_cost_fen)
    factor = found.adequate_ppm(target_ppm)
    mean = round(found.premium_fen / found.heads)
    return [
        f"{product.title}: {product.main.name}, on {spending.kind} spending at {spending.yuan_per_dollar} CNY a dollar",
        *aligned(
            [
                ("person-years", f"{found.heads:,}"),
                ("with a benefit", f"{found.claimants:,}"),
                ("burning cost", f"{format_money(burning)} a head and year"),
                ("premium asked", f"{format_money(mean)} a head and year"),
                ("loss ratio", _percent(found.loss_ratio_ppm)),
                ("95 % lie in", f"{_percent(found.low_ppm)} to {_percent(found.high_ppm)}"),
                (f"for {format_share(target_ppm)}", f"{format_money(mean * factor // MILLION)} a head and year"),
            ]
        ),
    ]


def _percent(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm % 10_000 // 100:02d} %"


def _not_as_priced(path: Path, product: ProductFile) -> list[str]:
    """Which premiums are not what their table gives."""
    wrong = []
    for benefit in (product.main, *product.riders):
        if benefit.pricing is None:
            continue
        written = {int(age): fen for age, fen in benefit.premiums.items()}
        for age, fen in worked_out(path)[benefit.name].items():
            if written.get(age) != fen:
                has = format_money(written[age]) if age in written else "nothing"
                wrong.append(f"{benefit.name} at {age}: {has} is written, the table gives {format_money(fen)}")
    return wrong


def _contract_benefit(product: ProductFile) -> Benefit:
    args = product_arguments(product).main
    return Benefit(*(getattr(args, name) for name in Benefit.__struct_fields__))
