"""Keeps a broker's password out of what a run writes and shows."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(mqtts?://)[^/@\s]+@")


def redacted(text: str) -> str:
    """``text`` with user and password of any broker's address struck out."""
    return _USERINFO.sub(r"\1***@", text)
