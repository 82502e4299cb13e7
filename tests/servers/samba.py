"""Samba's server with a password database of its own."""

from __future__ import annotations

import subprocess

from .share import FileServer

PASSWORD = "only-here-7"

_CONFIG = """\
[global]
server role = standalone server
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = {port}
disable netbios = yes
load printers = no
disable spoolss = yes
security = user
map to guest = never
passdb backend = tdbsam:{home}/state/passdb.tdb
private dir = {home}/state
lock directory = {home}/state
state directory = {home}/state
cache directory = {home}/state
pid directory = {home}/state
ncalrpc dir = {home}/state/ncalrpc
log file = {home}/log.smbd
usershare max shares = 0

[share]
path = {home}/share
read only = no
"""


class SambaServer(FileServer):
    """`smbd` on a loopback port, with one user."""

    program = "smbd"

    def prepare(self) -> None:
        """Write the settings and the user's password."""
        (self.home / "state").mkdir()
        config = self.home / "smb.conf"
        config.write_text(_CONFIG.format(port=self.port, home=self.home))
        command = ["pdbedit", "-s", str(config), "-a", "-u", self.account, "-t"]
        answer = f"{PASSWORD}\n{PASSWORD}\n"
        subprocess.run(command, input=answer, text=True, check=True, stdout=subprocess.DEVNULL)

    def command(self) -> list[str]:
        """smbd in the foreground; the processes of its connections stay in its group, and die with
        it.
        """
        config = str(self.home / "smb.conf")
        return [
            "/usr/sbin/smbd",
            "--foreground",
            "--no-process-group",
            "--debug-stdout",
            "-s",
            config,
        ]

    def options(self) -> dict[str, object]:
        """Log in with user and password."""
        return self.login(password=PASSWORD)

    @property
    def root(self) -> str:
        """The share's name."""
        return "/share"
