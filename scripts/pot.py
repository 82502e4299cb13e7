"""Translation templates: `make pot` writes `<module>/i18n/<module>.pot` the way Odoo exports it."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import cluster, databases, paths, templates
from .console import SetupError, fail, say

_DATES = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date):.*\n', re.MULTILINE)


def update() -> list[str]:
    """Write the templates whose terms changed; the names of those modules."""
    changed = []
    for module, content in _export_all():
        file = pot_file(module)
        if not _has_terms(file, content):
            file.parent.mkdir(exist_ok=True)
            file.write_text(content)
            changed.append(module)
    return changed


def outdated() -> list[str]:
    """Modules whose template is missing or does not hold the terms of the code."""
    return [
        module for module, content in _export_all() if not _has_terms(pot_file(module), content)
    ]


def pot_file(module: str) -> Path:
    """Where a module keeps its template."""
    return paths.ROOT / module / "i18n" / f"{module}.pot"


def _export_all() -> Iterator[tuple[str, str]]:
    with _fresh_database() as database, tempfile.TemporaryDirectory() as folder:
        for module in paths.modules():
            target = Path(folder) / f"{module}.pot"
            label = f"Exporting the terms of {module}"
            log = paths.LOGS / "pot.log"
            templates.run_odoo(
                label, log, "i18n", "export", module, "-d", database, "-o", str(target)
            )
            yield module, target.read_text()


def _has_terms(file: Path, content: str) -> bool:
    """Whether the file says the same but for its dates."""
    return file.is_file() and _DATES.sub("", file.read_text()) == _DATES.sub("", content)


@contextmanager
def _fresh_database() -> Iterator[str]:
    database = f"ecm_pot_{os.getpid()}"
    templates.new_database(database, demo=False)
    try:
        yield database
    finally:
        databases.drop(database)


def main() -> None:
    """Command line."""
    try:
        cluster.ensure_running()
        changed = update()
    except SetupError as error:
        fail(str(error))
    say(f"Changed: {', '.join(changed) or 'nothing'}")


if __name__ == "__main__":
    main()
