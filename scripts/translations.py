"""The suite's languages: `<module>/i18n/<language>.po` follow the module's template, see `scripts.pot`."""

from pathlib import Path

import polib

from . import paths

LANGUAGES = ("ar", "de", "fr")


def follow(templates: dict[str, Path]) -> None:
    """Bring the languages of modules to the terms of their templates: what is new takes the words
    of another module for the same term, or waits for a translator; what is gone goes.

    :param templates: by module
    """
    for language in LANGUAGES:
        known = _collect_known(language)
        for module, template in templates.items():
            file = po_file(module, language)
            _write(file, language, polib.pofile(str(template)), known | _read_words(file))


def count_lacking(module: str, template: Path) -> dict[str, int]:
    """Per language, how many terms of the template have no words; complete ones are left out."""
    terms = {entry.msgid for entry in polib.pofile(str(template))}
    lacking = {}
    for language in LANGUAGES:
        missing = terms.difference(_read_words(po_file(module, language)))
        if missing:
            lacking[language] = len(missing)
    return lacking


def po_file(module: str, language: str) -> Path:
    """Where a module keeps a language."""
    return paths.ROOT / module / "i18n" / f"{language}.po"


def _collect_known(language: str) -> dict[str, str]:
    known: dict[str, str] = {}
    for module in paths.modules():
        known |= _read_words(po_file(module, language))
    return known


def _read_words(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(file)) if entry.msgstr}


def _write(file: Path, language: str, wanted: polib.POFile, known: dict[str, str]) -> None:
    translated = polib.POFile(wrapwidth=78)
    translated.header = wanted.header
    # Dates would make each run a change.
    dates = ("POT-Creation-Date", "PO-Revision-Date")
    metadata = {name: text for name, text in wanted.metadata.items() if name not in dates}
    translated.metadata = metadata | {"Language": language}
    for entry in wanted:
        words = known.get(entry.msgid, "")
        translated.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgstr=words,
                comment=entry.comment,
                tcomment=entry.tcomment,
                occurrences=entry.occurrences,
            )
        )
    translated.save(str(file))
