"""The folder that an import rule of CCE looks into, through fsspec: a local one, SFTP, SMB."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import fsspec

from .exceptions import InDoubt, Unreachable

REMOTE = ("sftp", "smb")
# With a password in it, or anything else that a library repeats of an address.
_ACCOUNT = re.compile(r"//[^/@\s]*@")


def protocol_of(address: str) -> str:
    """
    >>> protocol_of("sftp://cce@logger/import"), protocol_of("/mnt/import")
    ('sftp', 'file')
    """
    protocol, separator, _rest = address.partition("://")
    return protocol.casefold() if separator else "file"


class Inbox:
    """A folder whose files appear as a whole.

    :param address: fsspec's, such as ``smb://user:password@host/share/folder``
    :param seconds: how long an SFTP or SMB server is waited for
    """

    def __init__(self, address: str, seconds: float = 30) -> None:
        self._address = address
        self._seconds = seconds

    def has(self, name: str) -> bool:
        """Whether a file of this name waits there.

        :raise Unreachable: the folder cannot be read
        """

        def look(system: Any, folder: str) -> bool:
            system.invalidate_cache()
            return name in {str(path).rpartition("/")[2] for path in _names(system, folder)}

        return bool(self._ask(look))

    def put(self, name: str, content: bytes) -> None:
        """Have a file of this name there, which nobody sees half: it is written under a name of
        its own, and renamed.

        :raise Unreachable: it is not there
        :raise InDoubt: it may be there
        """

        def write(system: Any, folder: str) -> None:
            draft, target = f"{folder}/.ecm-{uuid.uuid4().hex}", f"{folder}/{name}"
            try:
                with system.open(draft, "wb") as file:
                    file.write(content)
            except Exception:
                with suppress(Exception):  # what went wrong first is told
                    system.rm_file(draft)
                raise
            self._rename(system, draft, target)

        self._ask(write)

    def _rename(self, system: Any, draft: str, target: str) -> None:
        try:
            system.mv(draft, target)
        # File systems raise whatever their libraries do.
        except Exception as error:
            raise InDoubt(f"The answer of CCE's import folder was lost: {_text(error)}") from error

    def take_away(self, name: str) -> bool:
        """Remove a file that waits there.

        :return: whether it was there still
        :raise Unreachable: the folder cannot be written
        """

        def remove(system: Any, folder: str) -> bool:
            system.invalidate_cache()
            try:
                system.rm_file(f"{folder}/{name}")
            except FileNotFoundError:
                return False
            return True

        return bool(self._ask(remove))

    def _ask(self, work: Callable[[Any, str], Any]) -> Any:
        # Of no address fsspec makes the folder that this process happens to be in.
        if not self._address:
            raise Unreachable("No import folder of CCE is entered.")
        try:
            options = {"timeout": self._seconds} if protocol_of(self._address) != "file" else {}
            # One whose server went away would be kept for ever.
            system, folder = fsspec.url_to_fs(self._address, skip_instance_cache=True, **options)
            return work(system, folder.rstrip("/"))
        except InDoubt:
            raise
        except Exception as error:
            raise Unreachable(f"CCE's import folder cannot be reached: {_text(error)}") from error


def _names(system: Any, folder: str) -> list[str]:
    return list(system.ls(folder, detail=False))


def _text(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return _ACCOUNT.sub("//", text)[:300]
