"""moto's S3 server with one bucket."""

from __future__ import annotations

import sys

import fsspec

from .share import FileServer

BUCKET = "share"
SECRET = "only-here-9"


class S3Server(FileServer):
    """`moto.server` on a loopback port; what it holds is in its memory."""

    program = "moto"

    def prepare(self) -> None:
        """The command line says it all."""

    def command(self) -> list[str]:
        """The server in the foreground."""
        address = ["--host", "127.0.0.1", "--port", str(self.port)]
        return [sys.executable, "-m", "moto.server", *address]

    def options(self) -> dict[str, object]:
        """A key and its secret, and where the server is: those of Amazon need no address."""
        return {
            "key": "test",
            "secret": SECRET,
            "client_kwargs": {
                "endpoint_url": f"http://127.0.0.1:{self.port}",
                "region_name": "eu-central-1",
            },
        }

    def open(self) -> fsspec.AbstractFileSystem:
        """A file system of its own, with the bucket."""
        filesystem = fsspec.filesystem("s3", skip_instance_cache=True, **self.options())
        if not filesystem.exists(BUCKET):
            filesystem.mkdir(BUCKET, region_name="eu-central-1")
        return filesystem

    @property
    def root(self) -> str:
        """The bucket."""
        return BUCKET
