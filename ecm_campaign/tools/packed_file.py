"""What a file is by its content: text, a workbook, or one of them packed by gzip or zip (L1).

Unpacked while it is read, never at once, and never more than a list of contacts can be: an archive
that unpacks to more than `MAX_UNPACKED` bytes, or beyond `FREE` bytes to more than `MAX_RATIO`
times its size, is given up on the way.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, cast

from .file_errors import UnreadableFile

TEXT, WORKBOOK = "text", "xlsx"

MAX_UNPACKED = 2 << 30
MAX_RATIO = 200
FREE = 64 << 20
MEMORY = 8 << 20
ENCRYPTED = 0x1

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CONTACT_FILES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm")
_DAMAGE = (EOFError, OSError, zlib.error, zipfile.BadZipFile)


def resolve(file: BinaryIO) -> tuple[str, BinaryIO]:
    """Tell what a file holds, and unpack it.

    :param file: seekable, opened for reading bytes
    :return: `TEXT` or `WORKBOOK`, and the stream to read it from: the file itself if it is not
    packed
    :raise UnreadableFile: ``old_spreadsheet``, ``damaged``, ``encrypted``, ``several_files``,
    ``unsupported_format``
    """
    file.seek(0)
    magic = file.read(4)
    file.seek(0)
    if magic == _OLD_OFFICE:
        raise UnreadableFile("old_spreadsheet")
    if magic.startswith(_GZIP):
        unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=file))
        # How much of it was read so far tells how well it is packed.
        return _resolve_content(_Guarded(unpacked, file.tell))
    if magic in _ZIP:
        return _resolve_archive(file)
    return TEXT, file


def _resolve_archive(file: BinaryIO) -> tuple[str, BinaryIO]:
    archive = open_archive(file)
    if is_workbook(archive):
        return WORKBOOK, file
    member = _get_member(archive)
    unpacked = cast(BinaryIO, archive.open(member))
    return _resolve_content(_Guarded(unpacked, lambda: member.compress_size))


def open_archive(file: BinaryIO) -> zipfile.ZipFile:
    """:raise UnreadableFile: ``damaged``, ``encrypted``, ``unsupported_format`` (a method of
    packing that is rare)
    """
    try:
        archive = zipfile.ZipFile(file)
    except (*_DAMAGE, ValueError, NotImplementedError):
        raise UnreadableFile("damaged") from None
    if any(member.flag_bits & ENCRYPTED for member in archive.infolist()):
        raise UnreadableFile("encrypted")
    if any(member.compress_type not in _METHODS for member in archive.infolist()):
        raise UnreadableFile("unsupported_format")
    return archive


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """:raise UnreadableFile: ``unsupported_format`` for the documents of other programs"""
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return True
    if names & {"[Content_Types].xml", "mimetype"}:
        raise UnreadableFile("unsupported_format")
    return False


def _get_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one file to import; what else an archive may hold (a note, a picture, what macOS adds) is
    passed over.
    """
    files = list(filter(_is_file, archive.infolist()))
    # A single file is taken whatever it is called.
    chosen = list(filter(_is_contact_file, files)) or files
    if not chosen:
        raise UnreadableFile("empty_file")
    if len(chosen) > 1:
        raise UnreadableFile("several_files")
    return chosen[0]


def _is_file(member: zipfile.ZipInfo) -> bool:
    folder, _slash, name = member.filename.rpartition("/")
    # What operating systems leave in folders, such as .DS_Store.
    is_hidden = name.startswith(".") or name.lower() in ("thumbs.db", "desktop.ini")
    return not member.is_dir() and not is_hidden and not folder.startswith("__MACOSX")


def _is_contact_file(member: zipfile.ZipInfo) -> bool:
    return member.filename.lower().endswith(_CONTACT_FILES)


def _resolve_content(guarded: _Guarded) -> tuple[str, BinaryIO]:
    content = io.BufferedReader(guarded, 1 << 16)
    magic = content.peek(4)[:4]
    if magic.startswith(_GZIP):
        return _resolve_twice_packed(guarded, content)
    if magic == _OLD_OFFICE:
        raise UnreadableFile("old_spreadsheet")
    if magic not in _ZIP:
        return TEXT, content
    # A workbook is read from several places: it needs a file.
    spool = cast(BinaryIO, tempfile.SpooledTemporaryFile(MEMORY))  # noqa: SIM115  goes with its last reader
    shutil.copyfileobj(content, spool)
    if not is_workbook(open_archive(spool)):
        raise UnreadableFile("unsupported_format")
    return WORKBOOK, spool


def _resolve_twice_packed(guarded: _Guarded, content: BinaryIO) -> tuple[str, BinaryIO]:
    """A gzip file within an archive; what is packed once more is none of a person."""
    if guarded.is_inner:
        raise UnreadableFile("unsupported_format")
    unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=content))
    return _resolve_content(_Guarded(unpacked, guarded.get_packed_size, is_inner=True))


class _Guarded(io.RawIOBase):
    """The bytes of an unpacking stream, as long as they are no more than they should be."""

    def __init__(
        self, unpacked: BinaryIO, get_packed_size: Callable[[], int], is_inner: bool = False
    ) -> None:
        self._unpacked = unpacked
        self.get_packed_size = get_packed_size
        self.is_inner = is_inner
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        try:
            data = self._unpacked.read(len(view))
        except _DAMAGE:
            raise UnreadableFile("damaged") from None
        self._size += len(data)
        most = max(FREE, MAX_RATIO * self.get_packed_size())
        if self._size > min(most, MAX_UNPACKED):
            raise UnreadableFile("unpacked_too_large")
        view[: len(data)] = data
        return len(data)


def size_of(file: BinaryIO) -> int:
    """Bytes of a seekable file, which is read from its beginning then."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size
