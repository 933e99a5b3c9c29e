"""Campaigns of crashes: what a node says must survive whatever happens to its machine.

``python -m scenarios.crashes virtual`` plays whole networks in virtual time on disks that lose what was not synced and
tear what was being written; ``... kill`` ends real processes by ``kill -9``. Both are judged by accounts that share
nothing with the program's own oracles: :mod:`~scenarios.crashes.votes` holds every vote that was ever said or stored
against all others, :mod:`~scenarios.crashes.reckoning` looks for everything that was acknowledged in every ledger.
:mod:`~scenarios.crashes.planted` holds disks that break their word, which both must notice.
"""

from scenarios.crashes.campaign import Campaign, run_campaign
from scenarios.crashes.plans import draw_crashes
from scenarios.crashes.reckoning import Chain, Reckoning, reckon
from scenarios.crashes.run import Crashed, run_crashes
from scenarios.crashes.votes import Contradiction, Votes

__all__ = [
    "Campaign",
    "Chain",
    "Contradiction",
    "Crashed",
    "Reckoning",
    "Votes",
    "draw_crashes",
    "reckon",
    "run_campaign",
    "run_crashes",
]
