"""Filing a product with what its price rests on (row 43): worked out on the shipped spending data, off the chain."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.resources import files

from node.contracts.filings import FileArgs
from node.contracts.products import Product
from scenarios.roles.desk import Act, Desk, Request
from scenarios.roles.insurer import verb

DATA = "rand_hie.csv.gz"


@verb("file-product")
def file_product(desk: Desk, act: Act) -> Request:
    """Arguments: product, spending (inpatient or medical), yuan_per_dollar. The bureau has the data, and signs."""
    from scenarios.products.experience import Spending, experience_of  # noqa: PLC0415 - loads what loads this

    name, kind, scale = act.text("product"), act.text("spending", "inpatient"), act.take("yuan_per_dollar", 1)
    if kind not in {"inpatient", "medical"}:
        raise act.error("spending", f"must be `inpatient` or `medical`, not `{kind}`")
    if isinstance(scale, bool) or not isinstance(scale, int) or not 0 < scale <= 1_000:
        raise act.error("yuan_per_dollar", f"must be a whole number from 1 to 1000, not {scale!r}")
    product = desk.tree.get(Product.namespace, name)
    if not isinstance(product, Product):
        raise act.error("product", f"no product is called `{name}`")
    spending = Spending(kind="inpatient" if kind == "inpatient" else "medical", yuan_per_dollar=scale)
    try:
        found = experience_of(product.main, spending, (product.age_from, product.age_to))
    except ValueError as error:
        raise act.error("product", str(error)) from None
    arguments = FileArgs(
        product=name,
        heads=found.heads,
        paid_fen=found.paid_fen,
        premium_fen=found.premium_fen,
        low_ppm=found.low_ppm,
        high_ppm=found.high_ppm,
        data=_digest(kind, scale),
    )
    cosigners = (desk.of_role(act, "bureau"),)
    return Request(contract="filings", action="file", arguments=arguments, cosigners=cosigners)


def _digest(kind: str, scale: int) -> str:
    """SHA-256, in hex, of which data it is and how it counts."""
    data = sha256(files("configs").joinpath("data", DATA).read_bytes()).hexdigest()
    return sha256(json.dumps([data, kind, scale]).encode()).hexdigest()
