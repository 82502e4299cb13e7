"""pyftpdlib's FTP server with one user."""

from __future__ import annotations

import sys

from .share import FileServer, as_account

PASSWORD = "only-here-8"


class FtpServer(FileServer):
    """`python -m pyftpdlib` on a loopback port, as an unprivileged account."""

    program = "pyftpdlib"

    def prepare(self) -> None:
        """The command line says it all."""

    def command(self) -> list[str]:
        """The server in the foreground, with the right to write."""
        options = {
            "--interface": "127.0.0.1",
            "--port": str(self.port),
            "--directory": str(self.folder),
            "--username": self.account,
            "--password": PASSWORD,
        }
        arguments = [word for option in options.items() for word in option]
        command = [sys.executable, "-m", "pyftpdlib", "--write", *arguments]
        return as_account(self.account, command)

    def options(self) -> dict[str, object]:
        """Log in with user and password."""
        return self.login(password=PASSWORD, timeout=20)

    @property
    def root(self) -> str:
        """The shared folder is the server's root."""
        return ""
