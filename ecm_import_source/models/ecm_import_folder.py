import logging
import tempfile
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial

import fsspec
import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..exceptions import SourceError
from ..tools.folder import Folder, FolderError, leads_out, limit_waiting, telling
from odoo.addons.ecm_campaign.tools.crash_points import reach

_logger = logging.getLogger(__name__)

MEGABYTE = 2**20
ANSWER_SECONDS = 60
# What of a storage's options must not stand in an error message.
SECRET_OPTIONS = ("password", "passphrase", "secret", "token", "key")


class EcmImportFolder(models.AbstractModel):
    """Shared folders through ``fs.storage`` (requirement L2).

    A check goes over the files in this order, and may die at any line: what a file's record says is
    committed before anything is done to the file. A file is taken when it has not changed for a
    while; it is fetched, and stored together with its list and its hash in one transaction; it is
    moved after its import has ended, to a place that was written down before.
    """

    _name = "ecm.import.folder"
    _description = "Folder of an Import Source"

    storage_id = fields.Many2one(
        "fs.storage",
        ondelete="restrict",
        tracking=True,
        help="The server or disk, with its protocol and address. A "
        "system administrator adds it under Settings, Technical, FS Storage.",
    )
    directory = fields.Char("Folder", tracking=True, help="On the storage. Empty: its root.")
    file_pattern = fields.Char(
        "File names",
        default="*.csv, *.txt, *.xlsx, *.gz, *.zip",
        tracking=True,
        help="With * and ?, separated by commas.",
    )
    archive_directory = fields.Char(
        "Archive folder",
        default="archive",
        tracking=True,
        help="Imported files go there. Within the folder; begin with / for a place beside it on "
        "the storage. Made when it is missing.",
    )
    error_directory = fields.Char(
        "Error folder",
        default="error",
        tracking=True,
        help="Files that cannot be imported go there, each with its reason in a .reason.txt. "
        "Made when it is missing.",
    )
    settle_seconds = fields.Integer(
        "Unchanged for (seconds)",
        default=60,
        required=True,
        help="A file is taken when its size and time have stayed the same for so long: others are "
        "still being written.",
    )
    max_size_mb = fields.Integer(
        "Largest file (MB)", default=256, required=True, help="Larger ones are refused."
    )
    looks = fields.Json(
        readonly=True, copy=False, help="Files that must settle: signature, and since when."
    )

    @api.constrains("kind", "storage_id", "directory", "archive_directory", "error_directory")
    def _check_folder_settings(self):
        for source in self.filtered(lambda record: record.kind == "folder"):
            targets = [source.archive_directory, source.error_directory]
            if not (source.storage_id and all(targets)):
                raise ValidationError(
                    self.env._("A folder needs a storage, an archive folder and an error folder.")
                )
            if _is_whole_disk(source.storage_id):
                raise ValidationError(
                    self.env._(
                        "The storage %s is the whole disk of the server: give it a "
                        "directory path first.",
                        source.storage_id.name,
                    )
                )
            if any(map(leads_out, (source.directory or "", *targets))):
                raise ValidationError(self.env._("A folder is within the storage: leave out “..”."))
            # What is moved into the folder itself would be taken again.
            if any(target.strip("/ ") in ("", ".") for target in targets):
                raise ValidationError(
                    self.env._("Archive and error folder are others than the folder itself.")
                )

    # -- connection -------------------------------------------------------------------------------

    @contextmanager
    def _open_folder(self):
        """The folder over a connection of its own, which is closed at the end.

        :raise SourceError: it cannot be reached
        """
        storage = self.storage_id.sudo().with_context(ecm_import_password=self._get_password())
        secrets = tuple(_get_secrets(storage._get_fs_options()))
        filesystem = None
        try:
            with telling(storage.name, secrets):
                # Instances are cached per thread: one whose server went away would stay dead.
                fsspec.get_filesystem_class(storage.protocol).clear_instance_cache()
                filesystem = storage._get_filesystem()
                limit_waiting(storage._get_root_filesystem(filesystem), ANSWER_SECONDS)
            yield Folder(filesystem, self.directory or "", secrets)
        except FolderError as error:
            raise SourceError(self._get_folder_error_text(error)) from error
        finally:
            if filesystem is not None:
                _close(storage._get_root_filesystem(filesystem))

    def _get_folder_error_text(self, error):
        """Why a folder fails, for a supervisor."""
        # What a file system says in its own words is told as it is.
        texts = {
            "missing": self.env._("%s is not there.", error.path),
            "denied": self.env._("No permission for %s.", error.path),
            "full": self.env._("No space is left for %s.", error.path),
            "login": self.env._("%s refuses the user or the password.", error.path),
            "too_large": self.env._(
                "%(path)s is larger than %(size)s MB.", path=error.path, size=self.max_size_mb
            ),
            "changed": self.env._("%s changed while it was read.", error.path),
            "name": self.env._(
                "The name %s has characters that cannot be stored: rename the file.", error.path
            ),
            "unexpected": self.env._("%s: unexpected error, see the server's log.", error.path),
        }
        return texts.get(error.code) or self.env._(
            "%(path)s: %(reason)s", path=error.path, reason=error.text or error.code
        )

    def _test_folder(self):
        with self._open_folder() as folder:
            entries = folder.list_entries(self.file_pattern or "*")
            folder.try_out([self.archive_directory, self.error_directory])
        return self.env._(
            "The folder can be read and files can be moved. %s files are waiting there.",
            len(entries),
        )

    # -- check ------------------------------------------------------------------------------------

    def _check_folder(self):
        """Move what is finished, take what is new, and move what of it is finished at once.

        A file that fails does not stop the others; what failed first is raised in the end.
        """
        problems = []
        with self._open_folder() as folder:
            self._move_finished(folder, problems)
            entries = self._list_storable(folder, problems)
            now = fields.Datetime.now()
            settled = self._atomically(partial(self._get_settled, entries, now))
            reach("source.looked")
            taken = [self._take_safely(folder, entry, problems) for entry in settled]
            # What is refused, or known already, goes at once.
            if any(taken):
                self._move_finished(folder, problems)
        if problems:
            texts = dict.fromkeys(map(self._get_folder_error_text, problems))
            raise SourceError(" ".join(texts))
        is_waiting = bool(self.looks or self._get_files_in_folder())
        return self._describe_check(list(filter(None, taken))), is_waiting

    def _list_storable(self, folder, problems):
        """The files whose names a database can hold."""
        storable = []
        for entry in folder.list_entries(self.file_pattern or "*"):
            if entry.is_text:
                storable.append(entry)
            else:
                problems.append(FolderError("name", ascii(entry.name)))
        return storable

    def _get_files_in_folder(self):
        """Files that are known and still to be moved."""
        return self.env["ecm.import.file"].search(
            [("source_id", "=", self.id), ("is_moved", "!=", True)], order="id"
        )

    def _describe_check(self, taken):
        count = Counter(file.state for file in taken)
        new = count["waiting"]
        parts = [self.env._("%(name)s: %(count)s new files.", name=self.name, count=new)]
        if count["duplicate"]:
            parts.append(self.env._("%s were imported before.", count["duplicate"]))
        if count["failed"]:
            parts.append(self.env._("%s cannot be imported.", count["failed"]))
        # A file of which only a part is there would be imported as it is.
        if self.looks:
            parts.append(self.env._("%s are left until they no longer change.", len(self.looks)))
        return " ".join(parts)

    def _get_settled(self, entries, now):
        """The files that have stayed the same for long enough, by our own clock: the server's may
        be wrong.

        What is known already and only waits to be moved is not among them.
        """
        known = {(file.name, file.signature) for file in self._get_files_in_folder()}
        latest = fields.Datetime.to_string(now - timedelta(seconds=self.settle_seconds))
        looks, settled = {}, []
        for entry in entries:
            if (entry.name, entry.signature) in known:
                continue
            since = self._get_same_since(entry) or fields.Datetime.to_string(now)
            # In this form, texts are in the order of the times.
            if since <= latest:
                settled.append(entry)
            else:
                looks[entry.name] = [entry.signature, since]
        self.looks = looks
        return settled

    def _get_same_since(self, entry):
        """When a file was first seen as it is now; None if it has changed since the last look."""
        look = (self.looks or {}).get(entry.name)
        if not look:
            return None
        signature, since = look
        return since if signature == entry.signature else None

    def _take_safely(self, folder, entry, problems):
        """:return: the file's record, None when it was not taken"""
        try:
            return self._take(folder, entry)
        except FolderError as error:
            if not error.is_about_one_file:
                raise
            # Gone or changed: the next look decides, and nobody has to do anything.
            if error.code not in ("missing", "changed"):
                problems.append(error)
        except Exception:
            if self._is_lost():
                raise
            _logger.exception("Taking %s from the import source %s failed", entry.name, self.name)
            self._rollback()
            problems.append(FolderError("unexpected", entry.name))
        return None

    def _take(self, folder, entry):
        """Fetch one file and store it; no transaction is open while it is fetched.

        :return: its ``ecm.import.file``
        :raise FolderError:
        """
        max_size = self.max_size_mb * MEGABYTE
        if entry.size > max_size:
            text = self._get_folder_error_text(FolderError("too_large", entry.name))
            return self._atomically(partial(self._refuse, entry, text))
        self._commit()
        with tempfile.TemporaryFile() as copy:
            digest = folder.fetch(entry, copy, max_size)
            reach("source.fetched")
            try:
                file = self._atomically(partial(self._store, entry, copy, digest))
            except psycopg2.errors.UniqueViolation:
                # Another process has stored the same content since this transaction began.
                self._rollback()
                file = self._atomically(partial(self._note_duplicate, entry, digest))
        reach("source.stored")
        return file

    def _store(self, entry, copy, digest):
        """The list and the file's record, in one transaction."""
        if self._is_imported(digest):
            return self._note_duplicate(entry, digest)
        try:
            with self.env.cr.savepoint():
                contact_list = self._queue_list(entry.name, copy)
                values = {"state": "waiting", "hash": digest, "list_id": contact_list.id}
                return self.env["ecm.import.file"].create({**self._prepare_file(entry), **values})
        except UserError as error:
            return self._refuse(entry, str(error), hash=digest)

    def _refuse(self, entry, message, **values):
        file = {
            **self._prepare_file(entry),
            "state": "failed",
            "message": message,
            "finished_at": fields.Datetime.now(),
        }
        return self.env["ecm.import.file"].create({**file, **values})

    def _note_duplicate(self, entry, digest):
        message = self.env._(
            "The same content was imported before from this source. It was not imported again."
        )
        return self._refuse(entry, message, state="duplicate", hash=digest)

    def _prepare_file(self, entry):
        return {
            "source_id": self.id,
            "name": entry.name,
            "size": entry.size,
            "signature": entry.signature,
        }

    # -- move -------------------------------------------------------------------------------------

    def _move_finished(self, folder, problems):
        """Move the files whose import has ended; one that cannot be moved is tried again at the
        next check.
        """
        for file in self._get_files_in_folder():
            if self._atomically(partial(self._plan_move, file)):
                reach("source.planned")
                self._move_safely(folder, file, problems)

    def _plan_move(self, file):
        """Write down where a file goes, before it goes there.

        :return: whether it goes now
        """
        if not file._follow_list():
            return False
        if not file.target:
            file.target = file._prepare_target()
        return True

    def _move_safely(self, folder, file, problems):
        try:
            note = self._move(folder, file)
        except FolderError as error:
            if not error.is_about_one_file:
                raise
            problems.append(error)
            return
        reach("source.moved")
        values = {"is_moved": True}
        if note:
            values.update(message=note, target=False)
        self._atomically(partial(file.write, values))
        reach("source.noted")

    def _move(self, folder, file):
        """Move one file to its target, unless an earlier try did.

        :return: why it was not moved, False when it was
        :raise FolderError: it is still in the folder
        """
        entry = folder.find(file.name)
        if entry and entry.signature == file.signature:
            # The reason first: a crash between the two leaves the file to be moved again.
            if file.state == "failed":
                folder.write_text(f"{file.target}.reason.txt", self._prepare_reason(file))
            folder.move(file.name, file.target)
            return False
        # An earlier check moved it and died before that was stored.
        if folder.find(file.target):
            return False
        if entry:
            note = self.env._("Another file of this name came before it was moved.")
        else:
            note = self.env._("It was taken out of the folder before it was moved.")
        return "\n".join(filter(None, (file.message, note)))

    def _prepare_reason(self, file):
        lines = (
            self.env._("File: %s", file.name),
            self.env._("Source: %s", self.name),
            self.env._("Found on: %s UTC", file.found_at),
            self.env._("Not imported: %s", file.message),
        )
        return "\n".join(lines) + "\n"


def _is_whole_disk(storage):
    return storage.protocol in ("file", "local") and not storage.directory_path


def _get_secrets(options):
    """The values of a storage's options that are secret, also those within options of options."""
    for name, value in options.items():
        if isinstance(value, dict):
            yield from _get_secrets(value)
        elif isinstance(value, str) and _is_secret(name):
            yield value


def _is_secret(option):
    return any(word in option.lower() for word in SECRET_OPTIONS)


def _close(filesystem):
    """End an SFTP or FTP connection; other file systems keep none, or share it."""
    ftp = getattr(filesystem, "ftp", None)
    client = getattr(filesystem, "client", None) or ftp
    if ftp and hasattr(client, "close"):
        # The check is over: what went wrong was told.
        with suppress(Exception):
            client.close()
