"""The report in a real browser, as a reader on a phone, at a desk, in the dark, on paper and with a keyboard has it."""

import pytest

from tests.scenarios.results.report.browser import Browser

pytestmark = [pytest.mark.chromium, pytest.mark.xdist_group("report")]

OVERFLOWS = """
[...document.querySelectorAll('body *')].filter(
  found => found.getBoundingClientRect().right > innerWidth + 1 && !found.closest('.scroll')
).map(found => found.outerHTML.slice(0, 80))
"""
SMALLEST_TEXT = """
Math.min(...[...document.querySelectorAll('svg text')].filter(found => found.getBoundingClientRect().height > 0).map(
  found => parseFloat(getComputedStyle(found).fontSize) * found.ownerSVGElement.getBoundingClientRect().width
    / found.ownerSVGElement.viewBox.baseVal.width))
"""
CONTRAST = """
(() => {
  const light = colour => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const paper = light(getComputedStyle(document.querySelector('section')).backgroundColor);
  return Math.min(...['section p', '.quiet', 'section a, summary', 'td', 'th', '.verdict'].map(selector => {
    const found = document.querySelector(selector);
    const ink = light(getComputedStyle(found).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  }));
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_it_fits_reads_well_and_asks_nobody(browser, eventful_run, width, dark):
    address = (eventful_run / "report.html").as_uri()
    browser.open(address, width=width, dark=dark)
    assert browser.value("document.documentElement.scrollWidth") == width
    assert browser.value(OVERFLOWS) == []
    assert browser.requests == [address]
    assert browser.complaints == []
    assert browser.value(SMALLEST_TEXT) >= 9
    assert browser.value(CONTRAST) >= 4.5
    assert browser.picture().startswith(b"\x89PNG")


def test_it_is_whole_without_scripts(browser, eventful_run):
    def words():
        return browser.value("document.body.innerText")

    address = (eventful_run / "report.html").as_uri()
    browser.open(address, width=1400)
    with_scripts = words()
    browser.open(address, width=1400, scripts=False)
    assert words() == with_scripts


def test_a_keyboard_reaches_the_diagram_and_scrolls_it(browser, eventful_run):
    browser.open((eventful_run / "report.html").as_uri(), width=400)
    for _ in range(80):
        browser.press("Tab")
        if browser.value("document.activeElement.classList.contains('tall')"):
            break
    else:
        pytest.fail("no number of tabs reaches the diagram")
    assert browser.value("document.activeElement.scrollHeight > document.activeElement.clientHeight")
    assert browser.value("getComputedStyle(document.activeElement).overflowX") == "auto"


def test_another_exchange_is_chosen_by_its_title(browser, eventful_run):
    browser.open((eventful_run / "report.html").as_uri(), width=1400)
    opened = "[...document.querySelectorAll('details.fold')].map(fold => fold.open)"
    first = browser.value(opened)
    assert first.count(True) == 1
    assert first[0]
    browser.value("document.querySelectorAll('details.fold > summary')[1].click()")
    assert browser.value(opened) == [False, True, *[False] * (len(first) - 2)]


def test_paper_shows_it_whole(browser, eventful_run):
    browser.open((eventful_run / "report.html").as_uri(), width=1400)
    assert browser.paper().startswith(b"%PDF")
    browser.resize(700)
    browser.media("print")
    assert browser.value(OVERFLOWS.replace("!found.closest('.scroll')", "true")) == []
    assert browser.value("getComputedStyle(document.querySelector('.scroll.tall')).overflow") == "visible"
    assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    browser.media("")


def test_hostile_words_run_nothing(browser, eventful):
    path = eventful / "manifest.json"
    hostile = "<img src=x onerror='document.title=1'></style><script>document.title=1</script>"
    path.write_text(path.read_text().replace('"scenario": "partition_and_equivocation"', f'"scenario": "{hostile}"'))
    from scenarios.results.report import write_report  # noqa: PLC0415

    write_report(eventful)
    browser.open((eventful / "report.html").as_uri(), width=400)
    assert browser.value("document.title").startswith("<img")
    assert browser.complaints == []
    assert len(browser.requests) == 1
