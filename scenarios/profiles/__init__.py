"""Platform profiles: what other chains have published, beside what comes out here: ``consortium profile NAME``.

A profile is a YAML file under ``configs/profiles``: what is taken over as published (``given``), what was fitted and to
which figure (``fitted``), runs of shipped scenarios (``plays``) and published figures with their sources (``figures``).
A figure is measured in a run, or calculated by one of :data:`~scenarios.profiles.formulas.FORMULAS`; the error is
printed as it is. Nothing is tuned here: a profile states its values, and what something was fitted to is called so.
"""

from scenarios.profiles.model import Figure, Profile, load_profile
from scenarios.profiles.reproducing import Reproduced, reproduce

__all__ = ["Figure", "Profile", "Reproduced", "load_profile", "reproduce"]
