"""What a flow that is a story adds to a scenario: steps, and who and what they are about."""

from __future__ import annotations

from typing import NamedTuple

from scenarios.language.models.business import Story
from scenarios.language.models.world import Person, Stay


class Told(NamedTuple):
    """Steps come after the story's own; people and stays are known by names of the flow's."""

    steps: tuple[Story, ...]
    people: dict[str, Person]
    stays: dict[str, Stay]
