"""Texts measured in terminal cells: a Chinese character takes two."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"


def fit(text: str, width: int, *, clip: bool = True, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells: padded, and cut with "…" where it is longer (unless ``clip`` is off).

    A double-width character that would be cut in half is left out whole.
    """
    size = cell_len(text)
    if size > width:
        if not clip:
            return text
        if width <= 0:
            return ""
        kept = set_cell_size(text, width - 1).rstrip(" ")
        return kept + ELLIPSIS + " " * (width - 1 - cell_len(kept))
    pad = " " * (width - size)
    return pad + text if right else text + pad
