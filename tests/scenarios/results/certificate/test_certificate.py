"""The certificate of a policy: a page that verifies itself, and shows red as soon as a letter of it is another."""

import re

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.results.certificate import CertificateError, gather, render
from scenarios.results.certificate.ornament import seal
from scenarios.runner import run
from scenarios.shipped import shipped
from tests.scenarios.results.report.browser import Browser

STORY = "changed_in_mid_term"
CHECKS = ("document", "particulars", "policy", "record", "genesis", "headers", "signatures")
STATES = "Object.fromEntries([...document.querySelectorAll('#checks li')].map(one => [one.id.slice(6), one.className]))"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A run's folder by protocol."""
    out = tmp_path_factory.mktemp("runs")
    found = {}
    for protocol in ("raft", "pbft"):
        scenario = load_scenario(shipped()[STORY])
        result = run(scenario, view=NoView(), out=out / protocol, mode="virtual", protocol=protocol)
        assert result.verdict == "pass"
        found[protocol] = out / protocol / STORY / "latest"
    return found


@pytest.fixture(scope="module")
def pages(folders):
    return {protocol: render(gather(folder, "bind")) for protocol, folder in folders.items()}


def test_it_needs_nothing_else_and_holds_the_newest_document(pages, folders):
    facts = gather(folders["raft"], "bind")
    assert facts.document.value == "without the rider 附加险"
    assert facts.document.digest == facts.policy.fingerprint
    page = pages["raft"]
    assert "without the rider 附加险" in page
    assert re.findall(r"(?: src=|href=|url\(|@import)", page) == []
    assert "default-src 'none'" in page


def test_a_policy_goes_by_its_id_as_by_its_step(folders):
    facts = gather(folders["raft"], "bind")
    assert gather(folders["raft"], facts.policy_id) == facts


@pytest.mark.parametrize(
    ("policy", "message"),
    [("renew", "not on record"), ("apply", "no policy `apply`"), ("../x", "no policy"), ("", "no policy")],
)
def test_what_is_no_notarised_policy_has_none(folders, policy, message):
    with pytest.raises(CertificateError, match=message):
        gather(folders["raft"], policy)


def test_a_ledger_that_was_cut_or_edited_proves_nothing(folders, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("manifest.json", "scenario.yaml"):
        (folder / name).write_bytes((folders["raft"] / name).read_bytes())
    (folder / "ledger").mkdir()
    for source in (folders["raft"] / "ledger").iterdir():
        lines = source.read_bytes().splitlines(keepends=True)
        lines[-1] = re.sub(rb'"state":"[0-9a-f]{2}', b'"state":"00', lines[-1])
        (folder / "ledger" / source.name).write_bytes(b"".join(lines))
    with pytest.raises(CertificateError, match="the stated hash is not the header's"):
        gather(folder, "bind")


def test_a_ledger_of_another_programs_contracts_is_told_apart(folders, monkeypatch):
    monkeypatch.setattr("node.contracts.policy.issuing.sum_insured_fen", lambda _: 1)
    with pytest.raises(CertificateError, match="states another root than executing the ledger gives"):
        gather(folders["raft"], "bind")


def test_two_policies_have_two_seals():
    drawn = {seal(f"{number:064x}"[::-1]) for number in range(50)}
    assert len(drawn) == 50


class Reader:
    """Opens a page, as it is or with something of it changed, and tells what it says of itself."""

    def __init__(self, browser, folder):
        self._browser = browser
        self._path = folder / "certificate.html"

    def read(self, page, *, width=1200):
        self._path.write_text(page, encoding="utf-8")
        self._browser.open(self._path.as_uri(), width=width)
        return self._browser.value(
            "new Promise(done => { const look = () => document.documentElement.dataset.verdict"
            f" ? done([document.documentElement.dataset.verdict, {STATES}]) : setTimeout(look, 5); look(); }})"
        )


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def reader(browser, tmp_path):
    return Reader(browser, tmp_path)


@pytest.mark.chromium
@pytest.mark.xdist_group("report")
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_the_page_verifies_itself(browser, reader, pages, protocol):
    for width in (400, 1200):
        verdict, states = reader.read(pages[protocol], width=width)
        assert states == dict.fromkeys(CHECKS, "good")
        assert verdict == "good"
        assert browser.value("document.documentElement.scrollWidth") == width
    assert len(browser.requests) == 1
    assert browser.complaints == []


CHANGES = {
    "a letter of the document": ("without the rider", "without a rider", {"document"}),
    "a fen of the premium": (">120.00<", ">120.01<", {"particulars"}),
    "the holder": ('data-field="holder">patient-1', 'data-field="holder">patient-2', {"particulars"}),
    "the policy's id": ("<h1>insurer-1/", "<h1>insurer-2/", {"particulars"}),
    "a digit of the unique number": (r'id="unique">(.)', r'id="unique">x', {"record"}),
    "the record": (
        r'"namespace":"policies","key":"([^"]*)","value":"(..)',
        r'"namespace":"policies","key":"\1","value":"00',
        None,
    ),
    "a step of the proof": (r'"siblings":\["..', r'"siblings":["00', {"policy"}),
    "a signature": (r'"signatures":\[\[(\d+),"..', r'"signatures":[[\1,"00', {"signatures"}),
    "a voter's key": (r'"voters":\[\[0,"insurer-1","..', r'"voters":[[0,"insurer-1","00', None),
    "the genesis hash": (r'id="genesis">(..)', 'id="genesis">xx', {"genesis"}),
    "another genesis": (r'"genesis":"(..)', '"genesis":"00', {"genesis"}),
    "the quorum": (r'"quorum":3', r'"quorum":2', None),
}


@pytest.mark.chromium
@pytest.mark.xdist_group("report")
@pytest.mark.parametrize("change", CHANGES)
def test_one_changed_letter_shows_red(reader, pages, change):
    pattern, other, wrong = CHANGES[change]
    changed, count = re.subn(pattern, other, pages["pbft"], count=1)
    assert count == 1
    assert changed != pages["pbft"]
    verdict, states = reader.read(changed)
    assert verdict == "bad"
    if wrong is not None:
        assert {name for name, state in states.items() if state == "bad"} == wrong


@pytest.mark.chromium
@pytest.mark.xdist_group("report")
def test_on_paper_and_without_scripts_it_claims_nothing(browser, pages, tmp_path):
    path = tmp_path / "certificate.html"
    path.write_text(pages["raft"], encoding="utf-8")
    browser.open(path.as_uri(), width=1200, scripts=False)
    assert "Not checked: scripts are off" in browser.value("document.body.innerText")
    assert browser.paper().startswith(b"%PDF")
