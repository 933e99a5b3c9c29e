"""The ornaments of a certificate, as inline SVG: a guilloche border 团花边框 and a seal that follows from its hash.

Two policies have two seals: what is drawn is made of the hash's bytes, so that a copy of another certificate shows at
a glance. The proof is in the hashes, not in the picture.
"""

from __future__ import annotations

import math

from markupsafe import Markup

_SEAL_RINGS = 3
_POINTS = 96


def border(width: int = 1000, height: int = 44, waves: int = 40) -> Markup:
    """A band of woven sines, as banknotes have them."""
    strands = []
    for phase in range(6):
        points = []
        for step in range(waves * 8 + 1):
            x = width * step / (waves * 8)
            y = height / 2 + (height / 2 - 4) * math.sin(step * math.pi / 8 + phase * math.pi / 6)
            points.append(f"{x:.1f},{y:.1f}")
        strands.append(f'<polyline points="{" ".join(points)}"/>')
    inside = "".join(strands)
    return Markup(  # noqa: S704 - numbers alone
        f'<svg class="border" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f"{inside}</svg>"
    )


def seal(digest: str, size: int = 240) -> Markup:
    """A rosette of the bytes of ``digest`` (hex): each ring's petals bend as its bytes say."""
    data = bytes.fromhex(digest)
    middle = size / 2
    rings = []
    for ring in range(_SEAL_RINGS):
        part = data[ring * 10 : ring * 10 + 10]
        petals = 5 + part[0] % 8
        depth = 0.12 + part[1] / 255 * 0.22
        turn = part[2] / 255 * 2 * math.pi
        radius = middle * (0.92 - 0.26 * ring)
        points = []
        for step in range(_POINTS * 2):
            angle = step * math.pi / _POINTS
            bend = 1 - depth * (0.5 + 0.5 * math.cos(petals * angle + turn))
            points.append(
                f"{middle + radius * bend * math.cos(angle):.1f},{middle + radius * bend * math.sin(angle):.1f}"
            )
        rings.append(f'<polygon class="ring{ring}" points="{" ".join(points)}"/>')
    cells = []
    for index, byte in enumerate(data[:25]):
        row, column = divmod(index, 5)
        for mirrored in {column, 8 - column}:
            if byte & 1:
                x, y = middle - 22.5 + mirrored * 5, middle - 12.5 + row * 5
                cells.append((y, x))
    squares = "".join(f'<rect x="{x:.1f}" y="{y:.1f}" width="5" height="5"/>' for y, x in sorted(cells))
    return Markup(  # noqa: S704 - numbers alone
        f'<svg class="seal" viewBox="0 0 {size} {size}" role="img" aria-label="seal made of the hash {digest[:16]}">'
        f"{''.join(rings)}<circle cx='{middle}' cy='{middle}' r='{middle * 0.27:.1f}'/>{squares}</svg>"
    )
