"""Rebuild ``configs/data/rand_hie.csv.gz`` from the study's own table.

    python tests/configs/rand_hie_extract.py randhie.csv            # compare with what is shipped
    python tests/configs/rand_hie_extract.py randhie.csv --write    # write it anew

``randhie.csv`` is the 45-column table that lies in the ``statsmodels`` distribution (0.15.0 and before) as
``statsmodels/datasets/randhie/src/randhie.csv``; ``configs/data/README.md`` tells more. Amounts are rounded half
to even from the text's decimals, never through binary floats.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "configs" / "data" / "rand_hie.csv.gz"
SOURCE_SHA256 = "fe64f3c8e987779daa6052dd756d9ce277e025330f5549126c7c2f6a3c9c5541"
HEADER = "person,year,plan,coinsurance,age,female,visits,admissions,inpatient_cents,medical_cents"


def cents(dollars: str) -> int:
    return int((Decimal(dollars) * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def extract(table: str) -> str:
    """The shipped CSV's text from the source's text: ten of its columns, its order of rows kept."""
    lines = [HEADER]
    for row in csv.DictReader(io.StringIO(table)):
        fields = (
            row["zper"],
            row["year"],
            row["plan"],
            row["coins"],
            str(int(Decimal(row["xage"]))),
            row["female"],
            row["mdvis"],
            row["totadm"],
            str(cents(row["inpdol"])),
            str(cents(row["meddol"])),
        )
        lines.append(",".join(fields))
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    raw = Path(arguments[0]).read_bytes()
    if sha256(raw).hexdigest() != SOURCE_SHA256:
        print("warning: not the file that the shipped extract was made from")  # noqa: T201
    text = extract(raw.decode("ascii"))
    if "--write" in arguments:
        SHIPPED.write_bytes(gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0))
    same = gzip.decompress(SHIPPED.read_bytes()) == text.encode("ascii")
    print(f"{len(text)} bytes, sha256 {sha256(text.encode('ascii')).hexdigest()}, equal to the shipped: {same}")  # noqa: T201
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
