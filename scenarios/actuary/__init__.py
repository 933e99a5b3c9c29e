"""The actuary's room 精算: triangles from what runs left, reserves, prices of layers, what late notice does (row 11).

``triangles`` reads what became known of losses, and when, from a run's folder or a table. ``chainladder`` is the
estimate by the package of that name; the chain's own is :mod:`node.contracts.reserving`. ``severity``, ``aggregate``,
``features`` and ``pricing`` price layers, numerically and by simulation with its error. ``delays`` runs the actuarial
loop over delays and seeds, ``picture`` draws it, ``command`` is ``consortium actuary``. What takes numpy, scipy or
matplotlib is imported where it is used: those come with the extras ``actuary`` and ``analysis``.
"""

from scenarios.actuary.triangles import ActuaryError, Movement, Triangle, movements_of, triangle_of

__all__ = ["ActuaryError", "Movement", "Triangle", "movements_of", "triangle_of"]
