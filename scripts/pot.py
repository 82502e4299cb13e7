"""Translation templates: `make pot` writes `<module>/i18n/<module>.pot` the way Odoo exports it, has
the languages follow, and `make release-check` says what they lack. They are written for a release,
not with each change.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import cluster, databases, paths, templates, translations
from .console import SetupError, fail, say

_DATES = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date):.*\n', re.MULTILINE)
_TERM = re.compile(r'^msgid (".*"\n)+', re.MULTILINE)
_QUOTED = re.compile(r'"(.*)"\n')


def update() -> list[str]:
    """Write the templates whose terms changed, and have the languages follow; the names of those
    modules.
    """
    changed, templates_of = [], {}
    for module, content in _export_all():
        file = pot_file(module)
        # The export writes its date into every file: that alone is no change.
        if not _has_terms(file, content):
            file.parent.mkdir(exist_ok=True)
            file.write_text(content)
            changed.append(module)
        templates_of[module] = file
    translations.follow(templates_of)
    return changed


def missing_terms() -> dict[str, list[str]]:
    """Per module, the terms of the code that its template lacks; complete ones are left out."""
    missing = {}
    for module, content in _export_all():
        file = pot_file(module)
        known = terms(file.read_text()) if file.is_file() else set()
        lacking = terms(content) - known
        if lacking:
            missing[module] = sorted(lacking)
    return missing


def terms(content: str) -> set[str]:
    """The texts to translate (`msgid`) of a template, as they are written there."""
    texts = set()
    for term in _TERM.finditer(content):
        # A long text stands in several quoted lines.
        lines = _QUOTED.findall(term.group())
        texts.add("".join(lines))
    # The template's own header has no text.
    return texts - {""}


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
    if not file.is_file():
        return False
    known = file.read_text()
    return _DATES.sub("", known) == _DATES.sub("", content)


@contextmanager
def _fresh_database() -> Iterator[str]:
    database = f"ecm_pot_{os.getpid()}"
    templates.new_database(database, demo=False)
    try:
        yield database
    finally:
        databases.drop(database)


def _update() -> None:
    changed = update()
    say(f"Changed: {', '.join(changed) or 'nothing'}")


def _check() -> None:
    missing = missing_terms()
    for module, texts in missing.items():
        name = pot_file(module).relative_to(paths.ROOT)
        say(f"{name} lacks {len(texts)} terms: run make pot")
        for text in texts:
            say(f"  {text}")
    untranslated = _say_untranslated()
    if missing or untranslated:
        raise SystemExit(1)
    say("The translation templates hold all terms, and each language has words for them.")


def _say_untranslated() -> bool:
    """:return: whether a language lacks words for a template's terms"""
    found = False
    for module in paths.modules():
        for language, count in translations.count_lacking(module, pot_file(module)).items():
            name = translations.po_file(module, language).relative_to(paths.ROOT)
            say(f"{name}: {count} terms are not translated")
            found = True
    return found


def main() -> None:
    """Command line: `--check` writes nothing."""
    try:
        cluster.ensure_running()
        _check() if sys.argv[1:] == ["--check"] else _update()
    except SetupError as error:
        fail(str(error))


if __name__ == "__main__":
    main()
