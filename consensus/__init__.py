"""Consensus 共识: protocol state machines that order one chain of blocks.

Everything here is pure ("sans-IO"). A core is handed inputs (a message, a timer that fired, a block to
propose), each with ``now`` in integer nanoseconds, and returns an ordered list of effects for a driver to
carry out. No clock, no randomness of its own, no disk, no network, no asyncio: an import contract in
``pyproject.toml`` enforces it. The same core therefore runs in the virtual world and in a real process.

Start with :mod:`consensus.vocabulary` (inputs and effects), :mod:`consensus.chain` (what is ordered),
:mod:`consensus.protocols` (the interface and the registry) and :mod:`consensus.solo`, the smallest
protocol and the worked example of adding one.
"""
