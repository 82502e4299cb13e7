"""What keeps a file from being imported as a whole."""

from __future__ import annotations

from collections.abc import Sequence

ERRORS: dict[str, str] = {
    "empty_file": "The file is empty.",
    "no_rows": "The file has no rows with contacts.",
    "unsupported_format": (
        "This is not a file with contacts. Save it as CSV or XLSX and upload it again."
    ),
    "old_spreadsheet": (
        "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without "
        "a password."
    ),
    "unknown_encoding": "The chosen character encoding is not known.",
    "unknown_sheet": "The workbook has no sheet of the chosen name.",
    "no_phone_column": "No column is chosen for phone 1.",
    "line_too_long": (
        "The file has a line of more than a million characters; it is not a list of contacts."
    ),
    "too_many_columns": (
        "The file has more than a thousand columns; it is not a list of contacts."
    ),
    "damaged": "The file is damaged or was cut off. Pack it or send it again.",
    "encrypted": "The file is protected by a password. Upload it without one.",
    "several_files": "The archive holds several files. Pack the one to import by itself.",
    "unpacked_too_large": "Unpacked, the file is far larger than a list of contacts can be.",
}


class UnreadableFile(Exception):
    """The file cannot be imported as a whole. ``code`` is a key of `ERRORS`; ``warnings`` say what
    may be wrong with how it was read, where that is known.
    """

    def __init__(self, code: str, warnings: Sequence[str] = ()) -> None:
        super().__init__(ERRORS[code])
        self.code = code
        self.warnings = tuple(warnings)
        self.message = ERRORS[code]
