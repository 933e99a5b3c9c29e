"""The flow "zero-perception": claims that pay themselves after a discharge 零感知理赔, many at once (rows 20, 38, 39).

A story that is drawn and not written: ``arguments`` is what a scenario says of it, ``cast`` who takes part,
``people`` who is insured where and whose bill it is, on real spending, ``opening`` how insurers and policies come onto
the platform, ``course`` the steps of one claim. ``model`` works out what is paid another way, from the data alone.
"""

from scenarios.runner.zero_perception.arguments import FLOW, ZeroPerception
from scenarios.runner.zero_perception.cast import cast_of
from scenarios.runner.zero_perception.model import differences
from scenarios.runner.zero_perception.telling import openings, tell

__all__ = ["FLOW", "ZeroPerception", "cast_of", "differences", "openings", "tell"]
