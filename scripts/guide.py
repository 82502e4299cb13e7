"""`make guide`: write the pages of the guide that Odoo shows (ecm_campaign/guide/pages), from the
documents that are read on the web. Odoo has no library for Markdown in production, and a module
has no folder docs.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from . import paths
from .console import say

PAGES = paths.GUIDE / "pages"
PICTURES = paths.GUIDE / "images"
# Where Odoo serves them.
ADDRESS = "/ecm/guide"
# The guide, and what it leads to.
DOCUMENTS = {
    "agent": "guide/agent.md",
    "supervisor": "guide/supervisor.md",
    "administrator": "guide/administrator.md",
    "glossary": "guide/glossary.md",
    "agent-desktop": "agent-desktop.md",
    "api": "api.md",
    "bi": "bi.md",
    "callbacks": "callbacks.md",
    "cce": "cce.md",
    "crm": "crm.md",
    "developer": "guide/developer.md",
    "email": "email.md",
    "guidance": "guidance.md",
    "privacy": "privacy.md",
    "rpc": "rpc.md",
    "sms": "sms.md",
    "uccx": "uccx.md",
    "write-back": "write-back.md",
    "operations": "operations/README.md",
    "operations-install": "operations/install.md",
    "operations-monitoring": "operations/monitoring.md",
}
SOURCES = {name: paths.ROOT / "docs" / path for name, path in DOCUMENTS.items()}
_NAMES = {source: name for name, source in SOURCES.items()}
_EXTERNAL = re.compile(r"https?://|mailto:")


def render(name: str) -> str:
    """One page as HTML, without what stands around it.

    :param name: of `DOCUMENTS`
    :raise ValueError: it shows a picture that Odoo does not have
    """
    source = SOURCES[name]
    # HTML in a document is shown as text.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(source.read_text(encoding="utf-8"))
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(tokens[place + 1].content))
        if token.children:
            token.children = list(_lead(source, token.children))
    return str(parser.renderer.render(tokens, parser.options, {}))


def slug(heading: str) -> str:
    """The address of a heading, as GitHub makes it.

    >>> slug("In Odoo: *Campaigns › Dialers*")
    'in-odoo-campaigns--dialers'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _lead(source: Path, tokens: list[Token]) -> Iterator[Token]:
    """Links and pictures lead to where Odoo has them; a link to what it does not have is text."""
    is_open = False
    for token in tokens:
        if token.type == "image":
            token.attrSet("src", _find_picture(source, str(token.attrGet("src"))))
        if token.type == "link_open":
            target = _find_page(source, str(token.attrGet("href")))
            is_open = bool(target)
            token.attrSet("href", target)
        if is_open or not token.type.startswith("link_"):
            yield token


def _find_page(source: Path, target: str) -> str:
    """:return: empty where Odoo has no such page"""
    if _EXTERNAL.match(target) or target.startswith("#"):
        return target
    path, mark, heading = target.partition("#")
    name = _NAMES.get((source.parent / path).resolve())
    return f"{ADDRESS}/{name}{mark}{heading}" if name else ""


def _find_picture(source: Path, target: str) -> str:
    file = (source.parent / target).resolve()
    if file.parent != PICTURES or not file.is_file():
        raise ValueError(f"{source.name}: {target} is not in {PICTURES}")
    return f"{ADDRESS}/picture/{file.name}"


def main() -> None:
    """Write every page, and remove those that are no more."""
    PAGES.mkdir(parents=True, exist_ok=True)
    for file in PAGES.glob("*.html"):
        if file.stem not in DOCUMENTS:
            file.unlink()
    for name in DOCUMENTS:
        (PAGES / f"{name}.html").write_text(render(name), encoding="utf-8")
    say(f"{len(DOCUMENTS)} pages: {PAGES}")


if __name__ == "__main__":
    main()
