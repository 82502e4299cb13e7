"""Folders of import sources in S3, at moto's server (requirement L2)."""

import io
import os
from hashlib import sha256

import fsspec
import pytest

from ecm_import_source.tools.folder import Folder, FolderError
from tests.servers.s3 import BUCKET, SECRET, S3Server

MAX_SIZE = 64 << 20


@pytest.fixture(scope="module")
def server():
    server = S3Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def bucket(server):
    """A file system with an empty bucket."""
    filesystem = server.open()
    for path in filesystem.find(BUCKET):
        filesystem.rm_file(path)
    return filesystem


def open_folder(server, **options):
    """The folder `in`, over a connection of its own."""
    cls = fsspec.get_filesystem_class("s3")
    cls.clear_instance_cache()
    return Folder(cls(**{**server.options(), **options}), f"{BUCKET}/in", (SECRET,))


def test_a_file_is_fetched_whole_and_moved(server, bucket):
    content = os.urandom(12 << 20)
    bucket.pipe_file(f"{BUCKET}/in/June.CSV", content)
    bucket.pipe_file(f"{BUCKET}/in/other.pdf", b"%PDF")
    folder, target = open_folder(server), io.BytesIO()
    [entry] = folder.list_entries("*.csv")
    assert (entry.name, entry.size) == ("June.CSV", len(content))
    assert entry.changed
    assert folder.fetch(entry, target, MAX_SIZE) == sha256(content).hexdigest()
    folder.move(entry.name, "archive/1-June.CSV")
    assert folder.find("June.CSV") is None
    assert folder.find("archive/1-June.CSV").size == len(content)


def test_files_that_were_moved_are_not_listed(server, bucket):
    bucket.pipe_file(f"{BUCKET}/in/a.csv", b"phone\n")
    folder = open_folder(server)
    folder.move("a.csv", "archive/1-a.csv")
    folder.write_text("error/2-b.csv.reason.txt", "Not imported")
    assert folder.list_entries("*") == []


def test_a_file_that_is_replaced_while_it_is_read_is_not_taken(server, bucket):
    bucket.pipe_file(f"{BUCKET}/in/a.csv", b"phone\n+493023125001\n")
    folder = open_folder(server)
    [entry] = folder.list_entries("*")
    bucket.pipe_file(f"{BUCKET}/in/a.csv", b"phone\n+493023125001\n+493023125002\n")
    with pytest.raises(FolderError) as error:
        folder.fetch(entry, io.BytesIO(), MAX_SIZE)
    assert error.value.code == "changed"


def test_the_folder_is_tried_out(server, bucket):
    bucket.pipe_file(f"{BUCKET}/in/a.csv", b"phone\n")
    folder = open_folder(server)
    folder.try_out(["archive", "error"])
    assert [entry.name for entry in folder.list_entries("*")] == ["a.csv"]


def test_a_missing_bucket_says_so(server, bucket):
    folder = open_folder(server)
    folder.directory = "nowhere/in"
    with pytest.raises(FolderError) as error:
        folder.list_entries("*")
    assert error.value.code == "missing"


def test_a_server_that_is_gone_is_an_error_without_the_secret(bucket):
    other = S3Server()
    try:
        folder = open_folder(other, config_kwargs={"retries": {"max_attempts": 1}})
        with pytest.raises(FolderError) as error:
            folder.list_entries("*")
        assert SECRET not in str(error.value)
        assert not error.value.is_about_one_file
    finally:
        other.remove()
