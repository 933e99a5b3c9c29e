"""The page as text: it says what the files say, says what there is not, and lets nobody's words become markup."""

import json
import re
from html.parser import HTMLParser

import pytest

from scenarios.results import RunFolder
from scenarios.results.manifest import ManifestError
from scenarios.results.report import BYTES_MAX, ReportError, read_facts, write_report

pytestmark = pytest.mark.xdist_group("report")  # the run is made once

SECTIONS = [
    "verdict", "time", "latency", "messages", "exchanges", "funnel", "clocks", "figures", "money", "accounts",
    "incidents", "misbehaviour", "leakage", "assumptions", "manifest",
]  # fmt: skip
HOSTILE = "</style></svg><script>alert(1)</script><img src=https://example.org/x onerror=alert(2)>\u202e &quot;"


class Outline(HTMLParser):
    """Elements in order with their attributes, and the text of the page."""

    def __init__(self, page):
        super().__init__()
        self.elements = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(folder):
    return write_report(folder).read_text(encoding="utf-8")


def edited(path, change):
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value), encoding="utf-8")


def test_a_run_leaves_its_report_and_the_command_draws_the_very_same(eventful):
    drawn = (eventful / "report.html").read_bytes()
    assert write_report(eventful, eventful / "again.html").read_bytes() == drawn
    assert len(drawn) < BYTES_MAX


def test_every_section_is_there_in_order(eventful):
    outline = Outline(page_of(eventful))
    assert [attributes["id"] for attributes in outline.named("section")] == SECTIONS
    assert {attributes["href"] for attributes in outline.named("a")} == {f"#{id_}" for id_ in SECTIONS}


def test_numbers_are_those_of_the_files(eventful):
    outline = Outline(page_of(eventful))
    metrics = json.loads((eventful / "metrics.json").read_text())
    manifest = json.loads((eventful / "manifest.json").read_text())
    for measure in ("sent.pbft.commit", "heard.pbft.commit"):
        assert f"{metrics[measure]['count']:,} {measure.partition('.')[0]}" in outline.text
    for expectation in manifest["expectations"]:
        assert expectation["detail"] in outline.text
    assert manifest["business_root"] in outline.text
    assert "3,112.90 CNY" in outline.text  # what the insurer paid, by the story


def test_it_is_self_contained_and_runs_nothing(eventful):
    page = page_of(eventful)
    outline = Outline(page)
    assert not {"script", "img", "link", "iframe", "object", "embed", "base", "form"} & {
        tag for tag, _ in outline.elements
    }
    wanted = {"src", "href", "xlink:href", "action", "style", "srcset", "data"}
    found = [value for _, attributes in outline.elements for key, value in attributes.items() if key in wanted]
    assert all(value.startswith("#") for value in found)
    assert not [key for _, attributes in outline.elements for key in attributes if key.startswith("on")]
    assert "url(" not in page.replace("url(#tip", "")
    policy = next(a["content"] for a in outline.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "@media print" in page


def test_every_picture_has_a_name_and_a_table(eventful):
    outline = Outline(page_of(eventful))
    pictures = outline.named("svg")
    assert pictures
    assert all(picture.get("role") == "img" and picture.get("aria-label") for picture in pictures)
    captions = outline.text
    for table in ("Throughput", "Faults", "Messages by kind", "Cases by flow and stage", "Money between owners"):
        assert f"Table: {table}" in captions
    assert all("tabindex" in a and "aria-label" in a for a in outline.named("div") if a.get("role") == "region")


def test_nobodys_words_become_markup(eventful):
    def spoil(manifest):
        manifest["scenario"] = HOSTILE
        manifest["bus"] = HOSTILE
        manifest["expectations"][0]["name"] = HOSTILE
        manifest["expectations"][0]["detail"] = HOSTILE

    clean = Outline(page_of(eventful))
    edited(eventful / "manifest.json", spoil)
    edited(eventful / "funnel.json", lambda stages: stages[0].update(flow=HOSTILE, stage=HOSTILE))
    edited(eventful / "leakage.json", lambda found: found["rows"][0].update(path=HOSTILE, step=HOSTILE))
    for name, key in (("course.jsonl", "node"), ("course.jsonl", "line"), ("exchanges.jsonl", "node")):
        path = eventful / name
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(rf'"{key}":"[^"]*"', lambda _: f'"{key}":{json.dumps(HOSTILE)}', text), encoding="utf-8")  # noqa: B023
    path = eventful / "scenario.yaml"
    reason = "a usual reinsurance commission; the source gives none"
    path.write_text(path.read_text().replace(reason, json.dumps(HOSTILE)), encoding="utf-8")
    assert HOSTILE in [entry["reason"] for entry in read_facts(RunFolder(eventful)).assumptions]
    page = page_of(eventful)
    outline = Outline(page)
    assert {tag for tag, _ in outline.elements} == {tag for tag, _ in clean.elements}
    assert len(outline.named("style")) == 1
    assert "\u202e" not in page
    assert "<script>alert(1)</script>" in outline.text, "it is shown, as text"


def test_what_a_run_does_not_have_is_said(folder):
    for name in ("course.jsonl", "exchanges.jsonl", "funnel.json", "leakage.json", "state/business.jsonl"):
        (folder / name).unlink()
    text = Outline(page_of(folder)).text
    for words in (
        "Faults: not in this run's files.",
        "Not in this run: its files have none.",
        "Not in this run: its files have no funnel.",
        "Not in this run: nothing was shared, so nobody could learn it.",
        "Not in this run: the nodes agree on no business state, so there is no file of it.",
    ):
        assert words in text


def test_a_run_without_a_single_answer_has_a_report(folder):
    (folder / "history.jsonl").write_bytes(b"")
    (folder / "metrics.json").write_text("{}")
    (folder / "metrics.csv").write_text("time_ns,measure,count,mean,p50,p99,max\n")
    text = Outline(page_of(folder)).text
    assert "No operation was answered in this run." in text
    assert "Not in this run: no operation was answered." in text
    assert "Not in this run: no message was counted." in text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("history.jsonl", b'{"op":"read"}\n', r"history\.jsonl:1: .*missing required field"),
        ("course.jsonl", b'{"what":"flood","at_ns":1}\n', r"course\.jsonl:1: Invalid value 'flood'"),
        ("exchanges.jsonl", b"\xff\n", r"exchanges\.jsonl:1: "),
        ("metrics.json", b"[]", r"metrics\.json: Expected `object`"),
        ("metrics.csv", b"time_ns\nsoon\n", r"metrics\.csv: 'soon' is no whole number"),
        ("metrics.csv", b"measure,time_ns\nblocks\n", r"metrics\.csv: '' is no whole number"),
        (
            "metrics.json",
            b'{"blocks":{"unit":"ns","count":1,"p50":%d}}' % (10**400),
            r"metrics\.json: Expected `int` <= ",
        ),
        (
            "course.jsonl",
            b'{"what":"fault","at_ns":%d,"line":"x"}\n' % (10**400),
            r"course\.jsonl:1: Expected `int` <= ",
        ),
        (
            "history.jsonl",
            b'{"op":"read","call":-1,"return":2,"status":"ok"}\n',
            r"history\.jsonl:1: Expected `int` >= 0",
        ),
        (
            "leakage.json",
            b'{"places":["a"],"rows":[{"record":"r","step":"s","data_class":"d","mode":"m","path":"p","cells":{}}]}',
            r"leakage\.json: the field p of r has not one cell for each place",
        ),
        ("funnel.json", b"[[[", r"funnel\.json: "),
        ("leakage.json", b"{}", r"leakage\.json: .*missing required field"),
        ("state/business.jsonl", b'["postings","p",{"lines":3}]\n', r"business\.jsonl: the posting p has no lines"),
        ("state/business.jsonl", b'["postings","p",{"lines":[["a/cash",1.5]]}]\n', r"the posting p has no lines"),
        ("scenario.yaml", b"- 1\n", r"scenario\.yaml: is no scenario"),
        ("scenario.yaml", b"a: [", r"scenario\.yaml:1"),
    ],
)
def test_a_spoiled_file_is_named_with_its_place(eventful, name, content, message):
    (eventful / name).write_bytes(content)
    drawn = (eventful / "report.html").read_bytes()
    with pytest.raises(ReportError, match=message):
        write_report(eventful)
    assert (eventful / "report.html").read_bytes() == drawn


def test_no_manifest_no_report(tmp_path):
    with pytest.raises(ManifestError, match="there is no manifest"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_exchanges_make_room_where_the_page_would_be_too_large(eventful):
    path = eventful / "exchanges.jsonl"
    path.write_bytes(path.read_bytes() * 8)
    page = page_of(eventful)
    assert len(page.encode()) < BYTES_MAX
    assert re.search(r"[1-9]\d* more in exchanges\.jsonl found no room on this page", page)


def test_exchanges_may_lie_before_the_run_began(eventful):
    """Real processes elect their first leader before the run's clock begins."""
    path = eventful / "exchanges.jsonl"
    path.write_bytes(re.sub(rb'"at_ns":\d+', b'"at_ns":-2000000000', path.read_bytes(), count=1))
    assert '"at_ns":-2000000000' in path.read_text()
    assert "</html>" in page_of(eventful)
