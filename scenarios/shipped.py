"""The scenarios that come with the program: found by name from any folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from scenarios.language.problems import Mark, Problem, ScenarioInvalid, did_you_mean
from scenarios.language.reading import read_file


def library() -> Path:
    """The folder of shipped scenarios."""
    return Path(str(files("scenarios"))) / "library"


class Theme(NamedTuple):
    """A folder of shipped scenarios that belong together."""

    name: str
    description: str  # one paragraph: what its README.md says below its heading
    scenarios: dict[str, Path]  # name -> file, in order of name


def themes() -> tuple[Theme, ...]:
    """The shipped scenarios, theme by theme, in order of name."""
    found = []
    for page in sorted(library().glob("*/README.md")):
        _, _, text = page.read_text(encoding="utf-8").partition("\n")
        members = {name: path for name, path in shipped().items() if path.parent == page.parent}
        found.append(Theme(page.parent.name, " ".join(text.split()), members))
    return tuple(found)


def shipped() -> dict[str, Path]:
    """Name -> file of every shipped scenario, in order of name; what only others extend begins with "_"."""
    found = sorted(library().rglob("[!_]*.yaml"), key=lambda path: path.stem)
    return {path.stem: path for path in found}


def systems_table() -> dict[int, str]:
    """The table of systems, configs/systems.yaml: number -> name. Scenarios name rows of it under `source:`."""
    root = read_file(Path(str(files("configs"))) / "systems.yaml").root
    return {int(number): str(name) for number, name in root.items()}


def profiles() -> dict[str, Path]:
    """Name -> file of every platform profile, in order of name."""
    folder = Path(str(files("configs"))) / "profiles"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_profile(given: str) -> Path:
    """The file that ``given`` means: a path or a shipped profile's name; ScenarioInvalid where it is neither."""
    path, known = Path(given), profiles()
    if path.is_file():
        return path
    if given in known:
        return known[given]
    message = f"is no file and no shipped profile{did_you_mean(given, known)}; shipped are {', '.join(known)}"
    raise ScenarioInvalid([Problem(Mark(given, -1, 0), (), message)])


def experiments() -> dict[str, Path]:
    """Name -> file of every experiment, in order of name."""
    return {path.stem: path for path in sorted((library().parent / "experiments").glob("*.yaml"))}


def find_experiment(given: str) -> Path:
    """The file that ``given`` means: a path or a shipped experiment's name; ScenarioInvalid where it is neither."""
    path, known = Path(given), experiments()
    if path.is_file():
        return path
    if given in known:
        return known[given]
    message = f"is no file and no shipped experiment{did_you_mean(given, known)}; shipped are {', '.join(known)}"
    raise ScenarioInvalid([Problem(Mark(given, -1, 0), (), message)])


def find_scenario(given: str) -> Path:
    """The file that ``given`` means: a path, or the name of a shipped scenario with or without ".yaml".

    A file that exists wins; a folder (of runs, say) does not hide a shipped scenario. ScenarioInvalid where
    ``given`` is neither.
    """
    path = Path(given)
    if path.is_file():
        return path
    known = shipped()
    name = given.removesuffix(".yaml").removesuffix(".yml")
    if "/" not in given and "\\" not in given:
        if name in known:
            return known[name]
        if not path.exists() and path.suffix not in {".yaml", ".yml"}:
            near = did_you_mean(name, known)
            listed = f"; shipped are {', '.join(known)}" if known and not near else ""
            message = f"is no file and no shipped scenario{near}{listed}"
            raise ScenarioInvalid([Problem(Mark(given, -1, 0), (), message)])
    return path
