"""The parts of a scenario, one file each; ``scenarios.language.schema`` puts them together."""
