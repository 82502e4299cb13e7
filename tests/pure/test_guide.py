"""What Odoo shows as its guide is what stands in docs, and leads nowhere but to what it has."""

import re

import pytest

from scripts import guide, paths, screenshots

ALL = list(guide.DOCUMENTS)


def read(name):
    return (guide.PAGES / f"{name}.html").read_text(encoding="utf-8")


def headings(name):
    return set(re.findall(r'<h\d id="([^"]+)"', guide.render(name)))


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_its_document(name):
    assert read(name) == guide.render(name), "run make guide"


def test_no_page_is_left_of_a_document_that_is_gone():
    assert {file.stem for file in guide.PAGES.iterdir()} == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_links_lead_to_pages_and_headings(name):
    for target in re.findall(r'href="([^"]+)"', guide.render(name)):
        if target.startswith("https://"):
            continue
        address, _mark, heading = target.partition("#")
        page = address.removeprefix(f"{guide.ADDRESS}/") or name
        assert page in ALL, target
        assert not heading or heading in headings(page), target


def test_a_link_to_what_odoo_does_not_have_is_text():
    assert "simulators/uccx" in guide.SOURCES["administrator"].read_text()
    page = guide.render("administrator")
    assert "simulators/uccx" in page
    assert "README.md" not in page


@pytest.mark.parametrize("name", ALL)
def test_a_page_runs_nothing(name):
    page = guide.render(name)
    assert not re.search(r"<(script|iframe|object|style|form|link)\b|\son\w+=|javascript:", page)


def test_html_in_a_document_is_text(tmp_path, monkeypatch):
    document = tmp_path / "page.md"
    document.write_text(
        '<script>alert(1)</script>\n\n[x](javascript:alert(1)) <b onclick="x">b</b>'
    )
    monkeypatch.setitem(guide.SOURCES, "agent", document)
    assert "<script" not in guide.render("agent")
    assert "<b" not in guide.render("agent")
    assert "href" not in guide.render("agent")


def test_every_picture_is_shown_and_taken():
    taken = {screen.name for screen in (*screenshots.SCREENS, *screenshots.AGENT_SCREENS)}
    shown = set()
    for name in ALL:
        shown.update(re.findall(r"/picture/([\w-]+)\.png", guide.render(name)))
    stored = {file.stem for file in guide.PICTURES.iterdir()}
    assert shown == stored
    assert stored == taken | {"gadget", "dialer-steps"}


def test_chapters_that_screens_lead_to_exist():
    chapters = set()
    for file in paths.ROOT.glob("ecm_*/models/**/ecm_guide.py"):
        chapters.update(re.findall(r'"([a-z-]+#[\w-]+)"', file.read_text()))
    assert chapters
    for chapter in chapters:
        name, _mark, heading = chapter.partition("#")
        assert heading in headings(name), chapter
