"""Scenarios 场景: what users see: the language, the roles, the runner, results, dashboard and command line.

A scenario (:mod:`scenarios.language`) becomes signed steps (:mod:`scenarios.roles`, :mod:`scenarios.runner`), which run
in virtual time or on real processes; what they leave is judged and written to a run's folder
(:mod:`scenarios.results`), while :mod:`scenarios.dashboard` shows it. The shipped scenarios lie in ``library/``.
"""
