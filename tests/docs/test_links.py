import re
import unicodedata

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")


def _anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    for line in _FENCE.sub("", text).splitlines():
        if re.match(r"#{1,6} ", line):
            title = line.lstrip("#").strip().lower().replace("`", "")
            kept = "".join(c for c in title if c in " -_" or unicodedata.category(c)[0] in "LN")
            found.add(kept.replace(" ", "-"))
    return found


def _links(page):
    return _LINK.findall(_CODE.sub("``", _FENCE.sub("", page.read_text())))


def test_every_link_leads_to_a_file_and_a_heading(page, root):
    broken = []
    for link in _links(page):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        found = target.is_relative_to(root) and target.exists()
        if not found or (anchor and anchor not in _anchors(target.read_text())):
            broken.append(link)
    assert not broken


def test_a_page_of_the_docs_is_linked_from_somewhere(page, root):
    if not page.is_relative_to(root / "docs"):
        return
    others = [*(root / "docs").rglob("*.md"), root / "README.md", root / "CONTRIBUTING.md"]
    targets = {
        (other.parent / link.partition("#")[0]).resolve()
        for other in others
        if other != page
        for link in _links(other)
        if not link.startswith("http")
    }
    assert page in targets
