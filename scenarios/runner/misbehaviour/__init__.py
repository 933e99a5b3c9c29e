"""Misbehaviour of people 人的不端: lies told on purpose, and how well they are caught.

:mod:`telling` lets liars change the story and :mod:`bills` a flow's claims, before anything is signed; which steps were
lies is kept apart. :mod:`watching` is what an honest party sees, :mod:`detectors` go by it alone, and :mod:`scoring`
puts what they say beside the truth.
"""

from scenarios.runner.misbehaviour.bills import billed_fen, raised_bills
from scenarios.runner.misbehaviour.scoring import judged, scores_of
from scenarios.runner.misbehaviour.telling import Lie, with_lies
from scenarios.runner.misbehaviour.watching import Watched, watched

__all__ = ["Lie", "Watched", "billed_fen", "judged", "raised_bills", "scores_of", "watched", "with_lies"]
