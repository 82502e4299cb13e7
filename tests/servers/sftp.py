"""OpenSSH's server with keys of its own, as an unprivileged account."""

from __future__ import annotations

import subprocess

from .share import FileServer, as_account

_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {home}/host_key
AuthorizedKeysFile {home}/authorized_keys
PidFile none
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
Subsystem sftp internal-sftp
"""


class SftpServer(FileServer):
    """`sshd` on a loopback port; clients log in with a key that was made for it."""

    program = "sshd"

    def prepare(self) -> None:
        """Make the server's and the client's key."""
        for name in ("host_key", "client_key"):
            file = str(self.home / name)
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file], check=True
            )
            self.own(self.home / name)
        (self.home / "authorized_keys").write_text((self.home / "client_key.pub").read_text())
        (self.home / "config").write_text(_CONFIG.format(port=self.port, home=self.home))

    def command(self) -> list[str]:
        """sshd without privileges: it lets in its own account only."""
        return as_account(
            self.account, ["/usr/sbin/sshd", "-D", "-e", "-f", str(self.home / "config")]
        )

    def options(self) -> dict[str, object]:
        """Log in with the key, and look for no other."""
        key = str(self.home / "client_key")
        return self.login(key_filename=key, allow_agent=False, look_for_keys=False)

    @property
    def root(self) -> str:
        """SFTP shows the whole disk."""
        return str(self.folder)
