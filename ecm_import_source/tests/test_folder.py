import mmap
import os
from contextlib import contextmanager
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from ..tools.folder import Folder, FolderError
from .common import CONTENT, SourceCase
from odoo.addons.ecm_campaign.models.contact_list import ir_attachment


@contextmanager
def _failing(method, error):
    """Let a method of folders fail."""

    def fail(*_arguments):
        raise error

    with patch.object(Folder, method, fail):
        yield


class TestFolder(SourceCase):
    """What becomes of files in a shared folder (requirement L2), also when a process dies on the
    way.
    """

    def test_a_file_is_imported_and_then_moved_to_the_archive(self):
        self.put()
        self.check()
        file = self.files()
        self.assertEqual(
            (file.state, file.list_id.state, file.list_id.source), ("waiting", "queued", "folder")
        )
        self.assertEqual(self.names(), ["june.csv"], "It stays until its import has ended")
        self.check()
        self.assertEqual(len(self.files()), 1)
        self.env["ecm.contact.list"]._cron_import()
        self.check()
        self.assertEqual(
            (file.state, file.is_moved, file.list_id.uploaded_count), ("done", True, 2)
        )
        self.assertEqual(self.names(), [])
        self.assertRegex(self.names("archive")[0], rf"^\d{{8}}-\d{{6}}-{file.id}-june\.csv$")
        self.assertEqual((self.source.file_count, self.source.last_error), (1, False))
        self.assertEqual(len(self.contacts_of(self.campaign)), 2)

    def test_a_file_is_kept_without_being_in_memory_as_a_whole(self):
        self.put()
        with patch.object(ir_attachment.mmap, "mmap", wraps=mmap.mmap) as mapped:
            self.check()
        mapped.assert_called_once()
        self.assertEqual(self.files().list_id.attachment_id.raw, CONTENT)

    def test_a_file_that_cannot_be_read_goes_to_the_error_folder_with_its_reason(self):
        self.put("empty.csv", b"")
        self.put("june.csv")
        self.check()
        empty = self.files().filtered(lambda file: file.name == "empty.csv")
        self.assertEqual((empty.state, empty.is_moved), ("failed", True))
        name, reason = self.names("error")
        self.assertEqual(reason, f"{name}.reason.txt")
        self.assertIn("The file is empty.", (self.folder / "error" / reason).read_text())
        self.assertEqual(
            self.files().mapped("state"),
            ["failed", "waiting"],
            "The other file is imported all the same",
        )

    def test_a_list_that_fails_takes_its_file_to_the_error_folder(self):
        self.put()
        self.check()
        self.files().list_id.write({"state": "failed", "error": "The file is damaged."})
        self.check()
        self.assertEqual(self.files().state, "failed")
        self.assertEqual(len(self.names("error")), 2)

    def test_the_same_content_is_imported_once_whatever_its_name(self):
        self.put()
        self.check_and_import()
        self.put("again.csv")
        self.check()
        self.assertEqual(self.files().mapped("state"), ["done", "duplicate"])
        self.assertEqual(len(self.names("archive")), 2)
        self.assertEqual(len(self.campaign.list_ids), 1)
        self.assertIn("imported before", self.files()[-1].message)

    @mute_logger("odoo.sql_db")
    def test_two_workers_that_see_the_same_content_import_it_once(self):
        """The second one's transaction began before the first one's ended: only the index knows."""
        self.put()
        self.check()
        self.put("again.csv")
        with patch.object(
            type(self.source), "_get_imported_domain", lambda source: [("id", "=", 0)]
        ):
            self.check()
        self.assertEqual(self.files().mapped("state"), ["waiting", "duplicate"])
        self.assertEqual(len(self.campaign.list_ids), 1)

    def test_a_file_that_could_not_be_imported_may_come_again(self):
        content = b"name;street\nAnna;Main Street\n"
        profile = self.env["ecm.import.profile"].create(
            {"name": "Bank", "column_ids": [(0, 0, {"header": "Telephone", "target": "phone_1"})]}
        )
        self.source.profile_id = profile
        self.put("june.csv", content)
        self.check()
        self.assertIn("Telephone", self.files().message)
        profile.column_ids.header = "name"
        self.put("june.csv", content)
        self.check()
        self.assertEqual(self.files().mapped("state"), ["failed", "waiting"])

    def test_a_file_is_left_alone_while_it_changes(self):
        self.source.settle_seconds = 60
        with freeze_time("2026-05-04 10:00:00") as clock:
            self.put("june.csv", CONTENT[:20])
            self.check()
            self.assertEqual(self.source.next_run_at.minute, 1, "It is looked at again soon")
            clock.tick(90)
            self.put("june.csv", CONTENT)
            self.check()
            clock.tick(30)
            self.check()
            self.assertFalse(self.files(), "It has changed 30 seconds ago")
            clock.tick(31)
            self.check()
        self.assertEqual(self.files().state, "waiting")
        self.assertEqual(self.files().size, len(CONTENT))

    def test_a_file_of_the_same_size_with_another_time_has_changed(self):
        self.source.settle_seconds = 60
        with freeze_time("2026-05-04 10:00:00") as clock:
            path = self.put()
            self.check()
            clock.tick(61)
            os.utime(path, (1, 1))
            self.check()
            self.assertFalse(self.files())

    def test_a_file_that_changes_while_it_is_read_is_taken_at_the_next_look(self):
        self.put()
        with _failing("fetch", FolderError("changed", "june.csv")):
            self.check()
        self.assertFalse(self.files())
        self.assertFalse(self.source.last_error)
        self.check()
        self.assertEqual(self.files().state, "waiting")

    def test_a_file_that_is_too_large_is_refused_without_being_read(self):
        self.source.max_size_mb = 1
        self.put("june.csv", bytes(2**20 + 1))
        with _failing("fetch", AssertionError("read")):
            self.check()
        self.assertIn("larger than 1 MB", self.files().message)
        self.assertEqual(len(self.names("error")), 2)

    def test_crash_after_the_file_was_stored_and_before_it_was_moved(self):
        self.put()
        self.check()
        self.env["ecm.contact.list"]._cron_import()
        with _failing("move", FolderError("full", "archive")):
            self.check()
        self.assertEqual((self.files().state, self.files().is_moved), ("done", False))
        self.assertIn("No space", self.source.last_error)
        self.check()
        self.assertTrue(self.files().is_moved)
        self.assertEqual((len(self.names("archive")), len(self.campaign.list_ids)), (1, 1))
        self.assertFalse(self.source.last_error)

    def test_crash_after_the_file_was_moved_and_before_that_was_written_down(self):
        self.put()
        self.check_and_import()
        file = self.files()
        file.is_moved = False
        self.check()
        self.assertTrue(file.is_moved)
        self.assertTrue(file.target)
        self.assertFalse(file.message)
        self.assertEqual(len(self.files()), 1)

    def test_a_file_that_was_replaced_before_it_was_moved_is_a_new_file(self):
        self.put()
        self.check()
        self.env["ecm.contact.list"]._cron_import()
        self.put("june.csv", CONTENT + b"+493023125003,Carla\n")
        self.check()
        first, second = self.files()
        self.assertEqual((first.state, first.is_moved, first.target), ("done", True, False))
        self.assertIn("Another file", first.message)
        self.assertEqual(second.state, "waiting")
        self.assertEqual(self.names(), ["june.csv"])

    def test_a_file_that_somebody_took_away_is_no_error(self):
        path = self.put()
        self.check()
        path.unlink()
        self.env["ecm.contact.list"]._cron_import()
        self.check()
        self.assertEqual((self.files().state, self.files().is_moved), ("done", True))
        self.assertIn("taken out", self.files().message)
        self.assertFalse(self.source.last_error)

    def test_one_file_without_rights_does_not_stop_the_others(self):
        self.put("a.csv")
        self.put("b.csv", CONTENT + b"+493023125003,Carla\n")
        fetch = Folder.fetch

        def deny(folder, entry, *arguments):
            if entry.name == "a.csv":
                raise FolderError("denied", "in/a.csv")
            return fetch(folder, entry, *arguments)

        with patch.object(Folder, "fetch", deny):
            self.check()
        self.assertEqual(self.files().mapped("name"), ["b.csv"])
        self.assertIn("No permission for in/a.csv", self.source.last_error)

    @mute_logger("odoo.addons.ecm_import_source.models.ecm_import_folder")
    def test_one_file_that_breaks_something_does_not_stop_the_others(self):
        self.put("a.csv")
        self.put("b.csv", CONTENT + b"+493023125003,Carla\n")
        queue = type(self.source)._queue_list

        def break_on_a(source, name, content):
            if name == "a.csv":
                raise RuntimeError("boom")
            return queue(source, name, content)

        with patch.object(type(self.source), "_queue_list", break_on_a):
            self.check()
        self.assertEqual(self.files().mapped("name"), ["b.csv"])
        self.assertIn("a.csv: unexpected error", self.source.last_error)

    def test_a_name_that_is_no_text_is_told_and_does_not_stop_the_others(self):
        self.put()
        with open(bytes(self.folder) + b"/j\xe4nner.csv", "wb") as file:
            file.write(CONTENT)
        self.check()
        self.assertEqual(self.files().mapped("name"), ["june.csv"])
        self.assertIn("udce4nner.csv", self.source.last_error)

    def test_other_files_and_folders_are_left_alone(self):
        for name in ("notes.pdf", ".hidden.csv", "june.csv.part"):
            self.put(name)
        (self.folder / "folder.csv").mkdir()
        self.check()
        self.assertFalse(self.files())

    def test_test_tries_everything_and_leaves_nothing(self):
        message = self.source.action_test()["params"]["message"]
        self.assertIn("can be read", message)
        self.assertEqual((self.names(), self.names("archive"), self.names("error")), ([], [], []))

    def test_test_says_what_is_wrong(self):
        self.source.directory = "nowhere"
        with self.assertRaisesRegex(UserError, "nowhere is not there"):
            self.source.action_test()

    def test_the_whole_disk_of_the_server_is_no_storage(self):
        storage = self.storage.copy({"name": "All", "directory_path": False})
        with self.assertRaisesRegex(ValidationError, "whole disk"):
            self.source.storage_id = storage

    def test_archive_and_error_folder_are_not_the_folder_itself(self):
        for name in ("", ".", "/"):
            with self.subTest(name=name), self.assertRaises(ValidationError):
                self.source.archive_directory = name

    def test_no_folder_leads_out_of_the_storage(self):
        for values in (
            {"directory": "in/../.."},
            {"archive_directory": "../archive"},
            {"error_directory": "error/../../x"},
        ):
            with self.subTest(values=values), self.assertRaisesRegex(ValidationError, "leave out"):
                self.source.write(values)
