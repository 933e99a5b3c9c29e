"""Planting a bug in every module of a room that uses a name."""

from __future__ import annotations

import sys


def plant(monkeypatch, room, name, instead):
    """Replace ``name`` wherever a module of ``room`` has it; fails where none does."""
    places = [module for title, module in list(sys.modules.items()) if title.startswith(room) and hasattr(module, name)]
    assert places, f"{name} is nowhere in {room}"
    for module in places:
        monkeypatch.setattr(module, name, instead)
