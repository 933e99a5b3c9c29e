"""Settings are checked when a core is built."""

from __future__ import annotations

import msgspec
import pytest

from consensus.pbft import Options
from consensus.pbft.options import options_of


def test_defaults_and_mappings():
    assert options_of(None) == Options()
    assert options_of({"window": 8}).heights_kept == 32
    assert options_of(Options(window=2)).heights_kept == 32
    assert Options(window=2, log_size=2, checkpoint_interval=1).heights_kept == 2


@pytest.mark.parametrize(
    "given", [{"windows": 8}, {"window": 0}, {"window": "4"}, {"window": 20, "log_size": 10}, {"log_size": 31}]
)
def test_what_makes_no_sense_is_refused(given):
    with pytest.raises((msgspec.ValidationError, ValueError)):
        options_of(given)
