"""Economics of joining: what a network costs and saves each member, by who has joined; and what it takes to get there.

``adoption`` is the arithmetic, exact and without a run; ``measuring`` puts it beside what a run measured of the chain
(bytes on disks), as measures that expectations bound and sweeps vary, and as tables of the report.
"""

from scenarios.economics.adoption import Costed, Network, Year
from scenarios.economics.measuring import costed, economic_figures, measure_economics

__all__ = ["Costed", "Network", "Year", "costed", "economic_figures", "measure_economics"]
