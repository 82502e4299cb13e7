"""Folders of import sources over the wires they come by: a disk, OpenSSH's SFTP server, Samba
(requirement L2).
"""

import errno
import io
import os
import subprocess
from hashlib import sha256

import fsspec
import pytest
import smbclient

from ecm_import_source.tools.folder import SMB_PATIENCE, Folder, FolderError, limit_waiting, telling
from tests.servers.ftp import FtpServer
from tests.servers.samba import PASSWORD, SambaServer
from tests.servers.sftp import SftpServer

SERVERS = {"sftp": SftpServer, "smb": SambaServer, "ftp": FtpServer}
LARGE = 24 << 20
MAX_SIZE = 64 << 20


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    server = SERVERS[request.param]()
    server.protocol = request.param
    server.start()
    yield server
    server.remove()


@pytest.fixture
def share(server):
    """A running server with an empty folder `in`."""
    if server.process is None:
        server.start()
    for file in sorted(server.folder.rglob("*"), reverse=True):
        if file.is_dir():
            file.chmod(0o755)
            file.rmdir()
        else:
            file.unlink()
    server.make_folder("in")
    return server


def open_folder(share, **options):
    """The folder `in`, over a connection of its own."""
    cls = fsspec.get_filesystem_class(share.protocol)
    cls.clear_instance_cache()
    return Folder(cls(**{**share.options(), **options}), f"{share.root}/in", (PASSWORD,))


def test_a_file_is_fetched_whole_and_moved(share):
    content = os.urandom(5 << 20)
    share.put("in/June.CSV", content)
    share.put("in/other.pdf", b"%PDF")
    folder, target = open_folder(share), io.BytesIO()
    [entry] = folder.list_entries("*.csv")
    assert (entry.name, entry.size) == ("June.CSV", len(content))
    assert folder.fetch(entry, target, MAX_SIZE) == sha256(content).hexdigest()
    assert target.getvalue() == content
    folder.move(entry.name, "archive/1-June.CSV")
    assert folder.find("June.CSV") is None
    assert folder.find("archive/1-June.CSV").size == len(content)
    assert share.names("in/archive") == ["1-June.CSV"]


def test_a_file_that_is_written_while_it_is_read_is_not_taken(share):
    path = share.put("in/a.csv", b"phone\n+493023125001\n")
    folder = open_folder(share)
    [entry] = folder.list_entries("*")
    with path.open("ab") as writer:
        writer.write(b"+493023125002\n")
    with pytest.raises(FolderError) as error:
        folder.fetch(entry, io.BytesIO(), MAX_SIZE)
    assert error.value.code == "changed"


def test_a_file_that_is_replaced_while_it_is_read_is_not_taken(share):
    path = share.put("in/a.csv", bytes(LARGE))
    folder = open_folder(share)
    [entry] = folder.list_entries("*")
    with pytest.raises(FolderError) as error:
        folder.fetch(
            entry, _Interrupting(lambda: (path.unlink(), share.put("in/a.csv", b"new"))), MAX_SIZE
        )
    assert error.value.code == "changed"


def test_a_file_that_grows_beyond_the_limit_is_refused_on_the_way(share):
    share.put("in/a.csv", bytes(3 << 20))
    folder = open_folder(share)
    [entry] = folder.list_entries("*")
    with pytest.raises(FolderError) as error:
        folder.fetch(entry, io.BytesIO(), 1 << 20)
    assert error.value.code == "too_large"


def test_a_server_that_is_killed_mid_file_is_an_error_and_not_half_a_file(share):
    share.put("in/a.csv", os.urandom(LARGE))
    folder = open_folder(share)
    [entry] = folder.list_entries("*")
    with pytest.raises(FolderError) as error:
        folder.fetch(entry, _Interrupting(share.kill), MAX_SIZE)
    assert not error.value.is_about_one_file
    with pytest.raises(FolderError):
        folder.list_entries("*")
    share.start()
    [entry] = open_folder(share).list_entries("*")
    assert entry.size == LARGE


def test_a_server_that_hangs_mid_file_is_given_up(share, monkeypatch):
    monkeypatch.setenv(SMB_PATIENCE, "1")
    smbclient.reset_connection_cache()
    share.put("in/a.csv", os.urandom(LARGE))
    folder = open_folder(share)
    limit_waiting(folder.filesystem, 2)
    [entry] = folder.list_entries("*")
    try:
        with pytest.raises(FolderError) as error:
            folder.fetch(entry, _Interrupting(share.freeze), MAX_SIZE)
    finally:
        share.kill()
        smbclient.reset_connection_cache(fail_on_error=False)
    assert not error.value.is_about_one_file


def test_a_folder_without_rights_says_so(share):
    folder = open_folder(share)
    share.make_folder("in", mode=0o000)
    with pytest.raises(FolderError) as error:
        folder.list_entries("*")
    share.make_folder("in", mode=0o755)
    assert error.value.code == "denied"


def test_a_folder_that_cannot_be_written_is_found_by_the_test(share):
    folder = open_folder(share)
    share.make_folder("in/archive", mode=0o555)
    with pytest.raises(FolderError) as error:
        folder.try_out(["error", "archive"])
    assert error.value.code == "denied"
    assert "in/archive" in error.value.path
    assert share.names("in") == ["archive", "error"]
    assert share.names("in/error") == []


def test_an_archive_without_rights_leaves_the_file_where_it_is(share):
    share.put("in/a.csv", b"phone\n+493023125001\n")
    share.make_folder("in/archive", mode=0o555)
    with pytest.raises(FolderError) as error:
        open_folder(share).move("a.csv", "archive/1-a.csv")
    assert error.value.code == "denied"
    assert error.value.is_about_one_file
    assert share.names("in") == ["a.csv", "archive"]
    assert share.names("in/archive") == []


def test_a_missing_folder_says_so(share):
    folder = open_folder(share)
    folder.directory += "/nowhere"
    with pytest.raises(FolderError) as error:
        folder.list_entries("*")
    assert error.value.code == "missing"


def test_a_wrong_password_is_told_without_it():
    server = SambaServer()
    try:
        server.start()
        filesystem = fsspec.get_filesystem_class("smb")
        with pytest.raises(FolderError) as error, telling("share", ("wrong-secret",)):
            filesystem(
                **{**server.options(), "password": "wrong-secret", "username": "nobody-here"}
            )
        assert error.value.code == "login"
        assert "wrong-secret" not in str(error.value)
    finally:
        server.remove()


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 64 kB where this account may mount one; elsewhere None."""
    folder = tmp_path / "in" / "archive"
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    mounted = (
        os.geteuid() == 0
        and subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0
    )
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_archive_leaves_the_file_where_it_is_and_no_half(tmp_path, small_disk, monkeypatch):
    """On a real full disk when root may mount one, else with a file system that says that it is
    full.
    """
    content = os.urandom(200_000)
    (tmp_path / "in" / "a.csv").write_bytes(content)
    filesystem = fsspec.filesystem("file", skip_instance_cache=True)
    folder = Folder(filesystem, f"{tmp_path}/in")
    if small_disk is None:
        monkeypatch.setattr(filesystem, "mv", _refuse_as_full)
    with pytest.raises(FolderError) as error:
        folder.move("a.csv", "archive/1-a.csv")
    assert error.value.code == "full"
    assert (tmp_path / "in" / "a.csv").read_bytes() == content
    assert not (tmp_path / "in" / "archive" / "1-a.csv").exists()


def _refuse_as_full(source, destination):
    raise OSError(errno.ENOSPC, "No space left on device")


class _Interrupting(io.BytesIO):
    """Does something once, after the first block was received."""

    def __init__(self, interrupt):
        super().__init__()
        self._interrupt = interrupt

    def write(self, block):
        interrupt, self._interrupt = self._interrupt, None
        if interrupt:
            interrupt()
        return super().write(block)


@pytest.mark.parametrize(
    ("directory", "name"),
    [("in", "../beside.csv"), ("in/../..", "a.csv"), ("in", "a/..\\..\\b.csv")],
)
def test_no_path_leads_out_of_the_folder(tmp_path, directory, name):
    (tmp_path / "in").mkdir()
    (tmp_path / "beside.csv").write_text("secret")
    filesystem = fsspec.filesystem("file", skip_instance_cache=True)
    folder = Folder(filesystem, f"{tmp_path}/{directory}")
    with pytest.raises(FolderError) as error:
        folder.find(name)
    assert error.value.code == "denied"
