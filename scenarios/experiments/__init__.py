"""Published experiments, repeated in the virtual world: a file says what is measured, a command prints ours and theirs.

Each is a YAML file in this folder, named like it, and a module that plays it: ``consortium experiment NAME``.
"""

from scenarios.experiments.elections import Elections, Measured, load_elections, measure, table

__all__ = ["Elections", "Measured", "load_elections", "measure", "table"]
