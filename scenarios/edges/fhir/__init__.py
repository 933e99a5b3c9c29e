"""FHIR at the edge (R4B and R5): claims of a run as bundles, and bills of other systems as a scenario's stays.

FHIR's models put money through binary floats: 300000000000000.07 comes back as ...06. So texts are read and written
here as exact decimals (``exact``), amounts are whole fen at once (``amounts``), and the models of ``fhir.resources``,
an extra, only judge (``models``). ``bills`` is a stay as a ``Claim`` and back; ``resources`` are ``Coverage``,
``Consent``, ``ClaimResponse`` and ``ExplanationOfBenefit``, which ``answers`` reads back; ``runs`` reads a run's
folder; ``command`` is ``consortium fhir``.
"""

from scenarios.edges.fhir.amounts import fen_of, money_of
from scenarios.edges.fhir.answers import Answer, Cover, Permission, answer_of, cover_of, permission_of
from scenarios.edges.fhir.bills import claim_of, stay_of
from scenarios.edges.fhir.errors import FhirError
from scenarios.edges.fhir.exact import read_json, write_json
from scenarios.edges.fhir.models import VERSIONS, Version, judge

__all__ = [
    "VERSIONS",
    "Answer",
    "Cover",
    "FhirError",
    "Permission",
    "Version",
    "answer_of",
    "claim_of",
    "cover_of",
    "fen_of",
    "judge",
    "money_of",
    "permission_of",
    "read_json",
    "stay_of",
    "write_json",
]
