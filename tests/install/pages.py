"""Commands as they stand in the pages that people read."""

import re

from scripts import paths


def commands(page: str, heading: str = "") -> list[str]:
    """The lines of the fenced blocks marked `sh`, in their order, without comments.

    :param page: path in the repository
    :param heading: only those below it, up to the next one of its level; of the whole page by default
    """
    found = []
    for block in blocks(page, "sh", heading):
        joined = block.replace("\\\n", " ")
        lines = [line.strip() for line in joined.splitlines()]
        found += [line for line in lines if line and not line.startswith("#")]
    return found


def blocks(page: str, kind: str, heading: str = "") -> list[str]:
    """Contents of the fenced blocks of a kind, such as `sql`."""
    text = (paths.ROOT / page).read_text()
    if heading:
        text = _section(text, heading)
    # A block in a list is indented as its item is.
    return re.findall(rf"^ *```{kind}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def _section(text: str, heading: str) -> str:
    """What stands below a heading, such as `## Install it`."""
    _before, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"no heading {heading!r}"
    level = heading.partition(" ")[0]
    # The next heading of the same level or a higher one.
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]
