"""Sweeps 参数扫描: one scenario many times over, by seed and by what is set otherwise, into one table.

``planning`` makes the points of a scenario's ``sweep:``, ``playing`` runs one of them in virtual time, ``executing``
and ``dask`` run all of them: in this process, in several, or on a cluster. ``keeping`` writes each finished run down,
so that a sweep that was cut off goes on; ``table`` and ``summary`` make the tables, which are the same bytes whichever
way; ``sweeping`` is all of it together.
"""
