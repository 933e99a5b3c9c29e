"""The commands 命令, one file a family; :mod:`scenarios.cli` puts them together.

Each file has an ``app`` of its own with its commands. They stay thin: options here, the work in the rooms, imported
where it is needed, since most of it is slow to import. ``options`` holds what several commands take, ``ending`` how
they end. A new family joins :data:`FAMILIES`, in the order in which help lists them.
"""

import typer

from scenarios.commands import (
    accounts,
    actuarial,
    checking,
    edges,
    experiments,
    extraction,
    ledgers,
    networks,
    results,
    running,
    selling,
    supervising,
    writing,
)

FAMILIES: tuple[typer.Typer, ...] = tuple(
    family.app
    for family in (
        running,
        writing,
        experiments,
        results,
        accounts,
        extraction,
        ledgers,
        supervising,
        selling,
        actuarial,
        edges,
        checking,
        networks,
    )
)

__all__ = ["FAMILIES"]
