"""A folder that a server shares, and the account that the server works as."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from scripts import processes, system


class FileServer:
    """A server that shares `folder`. Root shares as an unprivileged account, so that rights mean
    something.
    """

    program = ""

    def __init__(self) -> None:
        self.port = processes.free_port()
        self.account = system.unprivileged_account() or getpass.getuser()
        # Outside the checkout, which the account may not be able to reach.
        self.home = Path(tempfile.mkdtemp(prefix="ecm-share-", dir="/tmp"))
        self.home.chmod(0o755)
        self.folder = self.home / "share"
        self.log = self.home / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.make_folder("in")
        self.prepare()

    def prepare(self) -> None:
        """Write keys and settings."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Command line that runs the server in the foreground."""
        raise NotImplementedError

    def options(self) -> dict[str, object]:
        """What a client needs to log in, as fsspec and `fs.storage` call it."""
        raise NotImplementedError

    def login(self, **secret: object) -> dict[str, object]:
        """Options of a client that logs in as the account, with what it shows for that."""
        return {"host": "127.0.0.1", "port": self.port, "username": self.account, **secret}

    @property
    def root(self) -> str:
        """The shared folder as clients call it."""
        raise NotImplementedError

    def start(self) -> FileServer:
        """Start it and wait until it answers."""
        self.process = processes.start(self.command(), self.log)
        deadline = time.monotonic() + 20
        while not _answers(self.port):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"{self.program} does not answer:\n{processes.tail(self.log)}")
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """End it at once, with the processes that serve connections: sshd gives each a session of
        its own.
        """
        if self.process:
            connections = psutil.Process(self.process.pid).children(recursive=True)
            processes.kill(self.process)
            for connection in connections:
                with contextlib.suppress(psutil.NoSuchProcess):
                    connection.kill()
            psutil.wait_procs(connections, timeout=10)
            self.process = None

    def freeze(self) -> None:
        """Let it answer no more, while its connections stay open."""
        if self.process:
            server = psutil.Process(self.process.pid)
            for process in (*server.children(recursive=True), server):
                process.suspend()

    def remove(self) -> None:
        """End it and delete what it shared."""
        self.kill()
        for folder in self.home.rglob("*"):
            if folder.is_dir():
                folder.chmod(0o755)
        shutil.rmtree(self.home)

    def make_folder(self, name: str, mode: int = 0o755) -> Path:
        """A folder of the server's account inside the shared one."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in (self.folder, folder):
            self.own(path)
        folder.chmod(mode)
        return folder

    def put(self, name: str, content: bytes) -> Path:
        """A file of the server's account inside the shared folder."""
        path = self.folder / name
        path.write_bytes(content)
        self.own(path)
        return path

    def own(self, path: Path) -> None:
        """Give a file to the server's account."""
        if os.geteuid() == 0:
            user = pwd.getpwnam(self.account)
            os.chown(path, user.pw_uid, user.pw_gid)

    def names(self, folder: str) -> list[str]:
        """What is in one of the shared folders."""
        path = self.folder / folder
        return sorted(file.name for file in path.iterdir()) if path.is_dir() else []


def as_account(account: str, command: list[str]) -> list[str]:
    """The command line that runs as an account, when this process is root."""
    if os.geteuid() != 0:
        return command
    user = pwd.getpwnam(account)
    return [
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        *command,
    ]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
