"""What every part of the story writes its steps with."""

from __future__ import annotations

from typing import Any

from scenarios.language.models.business import Story


def step(who: str, do: str, id_: str, **rest: Any) -> Story:
    """A step. ``time_ms`` is its moment; keys of steps go by their names, what else there is are the act's arguments.

    A trailing underscore is left out, as in ``for_``.
    """
    given = {name.rstrip("_"): value for name, value in rest.items()}
    if "time_ms" in given:
        given["at"] = given.pop("time_ms")
    return Story.model_construct(id=id_, who=who, do=do, **given)
