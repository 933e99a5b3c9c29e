"""Published results, repeated in the virtual world: a file says what is measured, a command prints ours and theirs.

Each is a YAML file in this folder, played by the module that its ``kind`` names: ``consortium experiment NAME``. The
pages under ``docs/fidelity`` are what these commands wrote.
"""

from scenarios.experiments.elections import Elections, Measured, load_elections
from scenarios.experiments.running import measure

__all__ = ["Elections", "Measured", "load_elections", "measure"]
