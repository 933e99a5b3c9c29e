"""Custodians 托管机构: they keep policies for others, and compare what they keep with the chain (row 23)."""

from __future__ import annotations

from scenarios.roles import broker
from scenarios.roles.desk import Verbs

verb = Verbs("custodian")
verb("compare")(broker.compare)
