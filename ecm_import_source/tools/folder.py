"""A folder of a shared file system, seen through fsspec: what is in it, fetching a file, moving it
away.

Every failure is a ``FolderError``: file systems raise whatever their libraries do.
"""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

BLOCK = 1 << 20
# paramiko reads ahead with so many requests of 32 kB.
READ_AHEAD = 64
TEST_NAME = ".ecm-test"
TEST_TEXT = "The campaign manager tries whether it can write here.\n"
# smbprotocol reads it when it connects: after so many seconds of silence it asks whether the server
# lives, after as many more it gives up. By itself it waits for ten minutes.
SMB_PATIENCE = "SMB_EXPERIMENTAL_TRANSPORT_RECEIVE_TIMEOUT"
os.environ.setdefault(SMB_PATIENCE, "30")


class FolderError(Exception):
    """What a file system refuses.

    ``code``: ``missing``, ``denied``, ``full``, ``login``, ``too_large``, ``changed`` or ``other``
    """

    def __init__(self, code: str, path: str, text: str = "") -> None:
        super().__init__(f"{code}: {path} {text}".strip())
        self.code = code
        self.path = path
        self.text = text

    @property
    def is_about_one_file(self) -> bool:
        """Whether other files of the folder may well be readable."""
        return self.code in ("missing", "denied", "full", "too_large", "changed")


@dataclass(frozen=True)
class Entry:
    """One file as it was listed; the same signature means the same content."""

    name: str
    size: int
    changed: str

    @property
    def signature(self) -> str:
        """Size and time of the last change, in one text.

        >>> Entry("a.csv", 12, "2026-01-01").signature
        '12 2026-01-01'
        """
        return f"{self.size} {self.changed}"

    @property
    def is_text(self) -> bool:
        """Whether the name can be stored: on a disk, it may be any bytes.

        >>> Entry("ä.csv", 1, "").is_text, Entry("\\udce4.csv", 1, "").is_text
        (True, False)
        """
        return self.name.isprintable()


def limit_waiting(filesystem: Any, seconds: float) -> None:
    """Give an SFTP server up that no longer answers."""
    get_channel = getattr(getattr(filesystem, "ftp", None), "get_channel", None)
    if get_channel:
        get_channel().settimeout(seconds)


def matches(name: str, patterns: str) -> bool:
    """Whether a file is meant: patterns are separated by commas, upper and lower case are the same.

    >>> matches("June.CSV", "*.csv, *.xlsx"), matches("June.csv.part", "*.csv")
    (True, False)
    >>> matches(".hidden.csv", "*")
    False
    """
    # Programs write under such a name what is not complete yet.
    if name.startswith("."):
        return False
    words = re.split(r"\s*[,;]\s*", patterns.strip().casefold())
    wanted = list(filter(None, words)) or ["*"]
    return any(fnmatch.fnmatchcase(name.casefold(), word) for word in wanted)


def leads_out(path: str) -> bool:
    """Whether a path leads to a folder beside the one that it begins in.

    >>> leads_out("archive/../../etc"), leads_out("a..b/c"), leads_out("..\\\\x")
    (True, False, True)
    """
    return ".." in re.split(r"[/\\]", path)


class Folder:
    """A folder of an fsspec file system, with the folders that its files are moved to."""

    def __init__(self, filesystem: Any, directory: str, secrets: tuple[str, ...] = ()) -> None:
        """:param secrets: texts that must not appear in error messages"""
        self.filesystem = filesystem
        self.directory = directory.strip()
        self._secrets = tuple(secret for secret in secrets if secret)

    def path(self, name: str) -> str:
        """Path of a file or folder inside this one; what begins with / is one of its own.

        :raise FolderError: a part of it leads out of the folder
        """
        if leads_out(name) or leads_out(self.directory):
            raise FolderError("denied", name)
        if name.startswith("/") or self.directory in ("", "."):
            return name
        return f"{self.directory.rstrip('/')}/{name}"

    def list_entries(self, patterns: str) -> list[Entry]:
        """The files that match, in the order of their names.

        :raise FolderError: the folder cannot be read
        """
        with self._telling(self.directory or "."):
            self.filesystem.invalidate_cache()
            details = self._list_details()
        entries = []
        for detail in details:
            entry = _entry(detail)
            if detail.get("type") == "file" and matches(entry.name, patterns):
                entries.append(entry)
        return sorted(entries, key=lambda entry: entry.name)

    def _list_details(self) -> list[dict[str, Any]]:
        try:
            listed: list[dict[str, Any]] = self.filesystem.ls(self.directory, detail=True)
            if not listed:
                self._check_ftp_folder()
        except OSError as error:
            if not _is_missing(error):
                raise
            # The folder itself, or a file that went while the list was made.
            paths = self.filesystem.ls(self.directory, detail=False)
            listed = list(filter(None, map(self._info, paths)))
        return listed

    def _check_ftp_folder(self) -> None:
        """fsspec takes an FTP folder that cannot be read for an empty one: going there tells."""
        change = getattr(getattr(self.filesystem, "ftp", None), "cwd", None)
        if change:
            change(self.directory or "/")

    def _info(self, path: str) -> dict[str, Any] | None:
        try:
            info: dict[str, Any] = self.filesystem.info(path)
        except OSError as error:
            if not _is_missing(error):
                raise
            return None
        return info

    def find(self, name: str) -> Entry | None:
        """The file as it is now, None when it is not there.

        :raise FolderError: it cannot be asked
        """
        path = self.path(name)
        with self._telling(path):
            self.filesystem.invalidate_cache()
            info = self._info(path)
        return _entry({**info, "name": path}) if info else None

    def fetch(self, entry: Entry, target: BinaryIO, max_size: int) -> str:
        """Copy a file's content, and be sure that it is that of the entry.

        :return: SHA-256 of the content
        :raise FolderError: among others ``changed``, when it was replaced or goes on growing, and
        ``too_large``
        """
        path = self.path(entry.name)
        with self._telling(path), self.filesystem.open(path, "rb") as source:
            # SFTP waits for the answer to each request otherwise.
            if hasattr(source, "prefetch"):
                source.prefetch(entry.size, READ_AHEAD)
            size, digest = self._copy(source, target, max_size, path)
        # Asked again afterwards: it may have been written while it was copied.
        if size != entry.size or self.find(entry.name) != entry:
            raise FolderError("changed", path)
        return digest

    def _copy(
        self, source: BinaryIO, target: BinaryIO, max_size: int, path: str
    ) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        while block := source.read(BLOCK):
            size += len(block)
            if size > max_size:
                raise FolderError("too_large", path)
            digest.update(block)
            target.write(block)
        return size, digest.hexdigest()

    def make_folder(self, name: str) -> None:
        """Have a folder inside this one, or where its absolute path says."""
        path = self.path(name)
        with self._telling(path):
            # FTP's folder may have been made since it was listed.
            self.filesystem.invalidate_cache()
            if not self.filesystem.exists(path):
                self.filesystem.makedirs(path, exist_ok=True)

    def move(self, name: str, target: str) -> None:
        """Move a file; the target's folder is made when it is missing. A target that was left half
        is replaced.

        :param target: path inside this folder, or an absolute one
        """
        self.make_folder(target.rpartition("/")[0])
        source, destination = self.path(name), self.path(target)
        try:
            with self._telling(destination):
                # SFTP and SMB do not replace a file by moving another one over it.
                if self._info(destination):
                    self.filesystem.rm_file(destination)
                self.filesystem.mv(source, destination)
        except FolderError:
            self._remove_half(source, destination)
            raise

    def _remove_half(self, source: str, destination: str) -> None:
        """Where moving is copying, a full disk leaves a part of the file: take it away while the
        whole is there.
        """
        with suppress(Exception):  # the first failure is what is told
            if self._info(source) and self._info(destination):
                self.filesystem.rm_file(destination)

    def write_text(self, name: str, text: str) -> None:
        """Write a small file; its folder is made when it is missing."""
        folder, _slash, _name = name.rpartition("/")
        self.make_folder(folder)
        self._write(self.path(name), text)

    def _write(self, path: str, text: str) -> None:
        with self._telling(path), self.filesystem.open(path, "wb") as file:
            file.write(text.encode())

    def try_out(self, targets: list[str]) -> None:
        """Write a file, move it to each of these folders and remove it, as it is done with the
        files that come.

        :raise FolderError: something of it is not possible
        """
        for number, target in enumerate(targets):
            name = f"{TEST_NAME}-{number}"
            self._write(self.path(name), TEST_TEXT)
            try:
                moved = f"{target.rstrip('/')}/{name}"
                self.move(name, moved)
                self.remove(moved)
            except FolderError:
                self._remove_if_there(self.path(name))
                raise

    def remove(self, name: str) -> None:
        """Delete a file."""
        path = self.path(name)
        with self._telling(path):
            self.filesystem.rm_file(path)

    def _remove_if_there(self, path: str) -> None:
        with self._telling(path):
            if self._info(path):
                self.filesystem.rm_file(path)

    @contextmanager
    def _telling(self, path: str) -> Iterator[None]:
        with telling(path, self._secrets):
            yield


@contextmanager
def telling(path: str, secrets: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn what a file system raises into a ``FolderError`` without secrets."""
    try:
        yield
    except FolderError:
        raise
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        # Libraries repeat the address that they were given, with the password in it.
        for secret in secrets:
            text = text.replace(secret, "***")
        raise FolderError(_code(error), path, text[:300]) from error


def _is_missing(error: OSError) -> bool:
    # smbprotocol's errors are no FileNotFoundError; some of fsspec's have no number.
    return error.errno == errno.ENOENT or isinstance(error, FileNotFoundError)


def _code(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and _is_missing(error):
        return "missing"
    # Words before numbers: some libraries give a number that says less.
    text = f"{type(error).__name__} {error}"
    for code, words in _WORDS.items():
        if any(word in text for word in words):
            return code
    if isinstance(error, PermissionError) or number in (errno.EACCES, errno.EPERM):
        return "denied"
    return "full" if number in (errno.ENOSPC, errno.EDQUOT) else "other"


# What libraries say where they give no number of an error. Samba's sharing violation: somebody has
# the file open.
_WORDS = {
    "login": (
        "AuthenticationException",
        "LogonFailure",
        "SMBAuthenticationError",
        "BadAuthenticationType",
        "error_perm 530",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
    ),
    # FTP's server is asked for a part that a shorter file has no longer; S3's compares the content.
    "changed": ("STATUS_SHARING_VIOLATION", "error_perm 554 REST", "FileExpired"),
    "denied": (
        "AccessDenied",
        "STATUS_ACCESS_DENIED",
        "escapes the",
        "is not a subpath of",
        "error_perm 550 Permission denied",
        "error_perm 550 Not enough privileges",
    ),
    "full": (
        "error_perm 552",
        "DiskFull",
        "STATUS_DISK_FULL",
        "STATUS_QUOTA_EXCEEDED",
    ),
}


# The time of the last change, as file systems call it.
_TIMES = ("mtime", "LastModified", "modify", "last_modified")


def _entry(detail: dict[str, Any]) -> Entry:
    """A listed file. How its time is called and written differs; it is only ever compared with
    itself.
    """
    _folder, _slash, name = detail["name"].rstrip("/").rpartition("/")
    size = int(detail.get("size") or 0)
    times = filter(None, map(detail.get, _TIMES))
    return Entry(name, size, str(next(times, "")))
