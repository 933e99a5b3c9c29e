"""Bugs of PBFT's three phases, view changes and certificates."""
