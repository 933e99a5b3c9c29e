"""What is shipped: found by name, in folders by theme, listed as wide as asked."""

import textwrap

from scenarios.listing import listing
from scenarios.shipped import library, shipped, themes


def test_every_scenario_has_one_theme_and_a_name_of_its_own():
    told = [name for theme in themes() for name in theme.scenarios]
    assert sorted(told) == list(shipped())
    assert len(list(library().rglob("[!_]*.yaml"))) == len(told)


def test_every_theme_is_described():
    assert all(theme.description and theme.scenarios for theme in themes())


def test_the_listing_keeps_to_its_width():
    for width in (40, 80, 200):
        assert max(map(len, listing(width).splitlines())) <= min(width, 120)


def test_the_listing_hangs_descriptions_under_themselves():
    (block,) = [part for part in listing(72).split("\n\n") if part.startswith("reads: ")]
    _, first, second, *_ = block.splitlines()
    assert first.index("Five") == len(second) - len(second.lstrip())
    assert textwrap.dedent(second) == second.strip()
