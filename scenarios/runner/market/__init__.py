"""The flows of a market under load (``scenarios.language.models.market``): payments, underwriting, claims, reinsurance.

``cast`` finds the parties, ``payments``, ``covers``, ``layers`` and ``claims`` make drafts of transactions, ``books``
works out from the same draws what every account must come to, and ``market`` puts them together: all flows of this kind
are built at once, because claims are made under covers that another flow binds, and parties take part in several.
"""

from scenarios.runner.market.market import build, differences, openings, require_cast

__all__ = ["build", "differences", "openings", "require_cast"]
