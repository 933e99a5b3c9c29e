"""Estimation on pooled data 链上测算, 大数据实验室 (rows 11, 45): rates from sums, and no summand shown.

The bureau approves a model by its digest. Insurers pool: each masks what it has (:mod:`node.privacy.masking`) and seals
the share to the platform and the bureau, who learn the sums and no insurer's part; the chain holds the model's digest,
that shares were given, and what was published. ``pooling`` is who may estimate what, ``studies`` what may be known of
it: cells large enough, however many tables are subtracted from each other.
"""

from node.contracts.estimation.pooling import JoinArgs
from node.contracts.estimation.records import (
    AGE_END,
    Edge,
    Model,
    Pool,
    PoolKey,
    Rate,
    Rates,
    Study,
    StudyShare,
    contract,
)
from node.contracts.estimation.studies import BandSum, PublishArgs, SupplyArgs

__all__ = [
    "AGE_END",
    "BandSum",
    "Edge",
    "JoinArgs",
    "Model",
    "Pool",
    "PoolKey",
    "PublishArgs",
    "Rate",
    "Rates",
    "Study",
    "StudyShare",
    "SupplyArgs",
    "contract",
]
