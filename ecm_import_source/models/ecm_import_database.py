import base64
import hashlib
import tempfile
from contextlib import closing
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..exceptions import SourceError
from ..tools import query as reading
from ..tools import table_file
from odoo.addons.ecm_campaign.const import ADMINISTRATOR
from odoo.addons.ecm_campaign.tools import contact_file, odbc

SAMPLE_ROWS = 5


class EcmImportDatabase(models.AbstractModel):
    """Tables, views and queries of a database over ODBC (requirement L4).

    The rows after the watermark are written as a file, which is imported like any other. List and
    watermark are one transaction: rows are brought once, or again when something failed before.
    """

    _name = "ecm.import.database"
    _description = "Database of an Import Source"

    connection = fields.Char(
        "Connection string",
        groups=ADMINISTRATOR,
        copy=False,
        help="ODBC, without the password. For example: DRIVER={PostgreSQL Unicode};"
        "SERVER=crm-db;PORT=5432;DATABASE=crm;UID=campaigns. "
        "Give it a user that may only read.",
    )
    query = fields.Text(
        "Table, view or query",
        groups=ADMINISTRATOR,
        tracking=True,
        help="The name of a table or view, or one SELECT. Its columns are mapped by their names.",
    )
    key_column = fields.Char(
        "Column that grows",
        groups=ADMINISTRATOR,
        tracking=True,
        help="A number or time that is greater in later rows: only rows after the last one are "
        "read. Rows without a value are left out. Empty: all rows are read each time, and "
        "imported when something changed.",
    )
    watermark = fields.Char(
        "Read up to",
        groups=ADMINISTRATOR,
        readonly=True,
        copy=False,
        help="The greatest value of this column that was read.",
    )
    look_back_minutes = fields.Integer(
        "Read again (minutes)",
        default=10,
        required=True,
        help="How late a row may be stored with an earlier time in this column: so much is read "
        "again at each check, and what was brought before is left out. Of a column of numbers the "
        "last 1,000 are read again.",
    )
    recent_rows = fields.Binary(
        groups=ADMINISTRATOR,
        readonly=True,
        copy=False,
        help="Which of the rows that are read again were brought before.",
    )
    row_limit = fields.Integer(
        "Rows at a time",
        default=500_000,
        required=True,
        help="What is left is read at the next check.",
    )

    @api.constrains("kind", "connection", "query", "key_column")
    def _check_query(self):
        for source in self.sudo().filtered(lambda record: record.kind == "database"):
            if not (source.connection and source.query):
                raise ValidationError(
                    self.env._("A database needs a connection string and a table or query.")
                )
            try:
                reading.check_query(source.query)
                if source.key_column:
                    reading.check_column(source.key_column)
            except reading.QueryError as error:
                raise ValidationError(self._get_query_error_text(error)) from error

    def _get_query_error_text(self, error):
        """What is wrong with the query, for an administrator."""
        texts = {
            "not_a_query": self.env._(
                "Enter the name of a table or view, or a statement that begins with SELECT."
            ),
            "several_statements": self.env._("Enter one statement, without a semicolon in it."),
            "not_reading": self.env._(
                "The query may only read: %s is not allowed. Put a column of this name "
                "in quotation marks.",
                error.word,
            ),
            "not_a_column": self.env._("%s is not the name of a column.", error.word),
            "not_a_key": self.env._(
                "The column that grows must hold numbers, times or texts, not %s.", error.word
            ),
        }
        return texts[error.code]

    def action_read_again(self):
        """Forget which rows were read: the next check brings all of them, also those that have not
        changed.
        """
        self.check_access("write")
        files = self.env["ecm.import.file"].sudo()
        files.search([("source_id", "in", self.ids), ("hash", "!=", False)]).hash = False
        self.write({"watermark": False, "recent_rows": False, "next_run_at": False})
        return True

    # -- check ------------------------------------------------------------------------------------

    def _check_database(self):
        self._atomically(self._follow_lists)
        with tempfile.TemporaryFile() as file:
            recent = self._get_recent_rows()
            written = self._read_into(file, recent=recent)
            store = partial(self._store_extract, file, written, recent)
            is_new = written.rows and self._atomically(store)
        return self._describe_extract(written.rows, is_new), bool(self._get_waiting())

    def _describe_extract(self, rows, is_new):
        if not rows:
            return self.env._("%s: no new rows.", self.name)
        if not is_new:
            return self.env._("%s: the rows are the same as before.", self.name)
        return self.env._("%(name)s: %(count)s rows.", name=self.name, count=f"{rows:,}")

    def _follow_lists(self):
        """Take over how imports ended; nothing has to be moved."""
        for file in self._get_waiting():
            file._follow_list()

    def _get_waiting(self):
        return self.env["ecm.import.file"].search(
            [("source_id", "=", self.id), ("state", "=", "waiting")]
        )

    def _get_recent_rows(self):
        """What tells rows that were brought before; None without a column that grows."""
        if not self.key_column:
            return None
        minutes = self.look_back_minutes
        digests = base64.b64decode(self.recent_rows or b"")
        return table_file.RecentRows(digests, partial(reading.look_back, minutes=minutes))

    def _read_into(self, file, limit=None, recent=None):
        """Write the new rows; no transaction is open while they are read.

        :param int limit: rows to stop after, those of the source by default
        :param recent: ``tools.table_file.RecentRows``, of which no row is written again
        :rtype: tools.table_file.Written
        :raise SourceError: the database fails; nothing was stored
        """
        connection_string = odbc.add_password(self.connection, self._get_password())
        query, parameters = self._prepare_query()
        # The record's values are read here: asking for one later would begin a transaction.
        layout, limit, column = self._get_layout(), limit or self.row_limit, self.key_column
        self._commit()
        try:
            with (
                closing(odbc.connect_for_reading(connection_string)) as connection,
                closing(connection.cursor()) as cursor,
            ):
                self._execute(cursor, query, parameters)
                key = self._get_key_place(cursor, column) if column else None
                return table_file.write_rows(
                    cursor, file, layout, limit, key, odbc.error_text, recent
                )
        # Neither error tells the address or the password.
        except odbc.DatabaseError as error:
            raise SourceError(str(error)) from error
        except table_file.RowError as error:
            raise SourceError(self._get_row_error_text(error)) from error

    def _get_row_error_text(self, error):
        if error.first == error.last:
            return self.env._(
                "Row %(row)s cannot be read: %(reason)s. Nothing was imported.",
                row=f"{error.first:,}",
                reason=error.text,
            )
        return self.env._(
            "A row between %(first)s and %(last)s cannot be read: %(reason)s. Nothing "
            "was imported.",
            first=f"{error.first:,}",
            last=f"{error.last:,}",
            reason=error.text,
        )

    def _prepare_query(self):
        """:return: ``(statement from the watermark on, its parameters)``"""
        query = reading.check_query(self.query)
        if not self.key_column:
            return query, []
        parameters = []
        if self.watermark:
            last = reading.load_watermark(self.watermark)
            parameters.append(reading.look_back(last, self.look_back_minutes))
        column = reading.check_column(self.key_column)
        return reading.since(query, column, bool(parameters)), parameters

    def _execute(self, cursor, query, parameters):
        try:
            cursor.execute(query, parameters)
        except Exception as error:
            raise SourceError(
                self.env._("The database refuses the query: %s", odbc.error_text(error))
            ) from error

    def _get_key_place(self, cursor, column):
        name = reading.bare_name(reading.check_column(column)).casefold()
        names = [found[0].casefold() for found in cursor.description]
        if name not in names:
            raise SourceError(self.env._("The query brings no column %s.", column))
        return names.index(name)

    def _get_layout(self):
        profile = self.profile_id
        return table_file.Layout(
            delimiter=profile.delimiter or ",",
            quote=profile.quote or '"',
            encoding=profile.encoding or "utf-8-sig",
            has_header=not profile or profile.layout == "header",
        )

    def _store_extract(self, file, written, recent=None):
        """The list, its place in the history and the watermark, in one transaction.

        :return: whether there is something to import: the same rows are imported once
        :raise SourceError: the rows cannot be imported; nothing was stored
        """
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        is_new = not self._is_imported(digest)
        if self.key_column:
            self._keep_watermark(written.last_key)
            self.recent_rows = base64.b64encode(recent.dump())
        if is_new:
            self._queue_extract(file, digest)
        return is_new

    def _keep_watermark(self, last_key):
        try:
            self.watermark = reading.dump_watermark(last_key)
        except reading.QueryError as error:
            raise SourceError(self._get_query_error_text(error)) from error

    def _queue_extract(self, file, digest):
        name = f"{self.name} {fields.Datetime.now():%Y-%m-%d %H.%M.%S}.csv"
        try:
            contact_list = self._queue_list(name, file)
        except UserError as error:
            raise SourceError(str(error)) from error
        # There is no file in a folder that would have to be moved.
        self.env["ecm.import.file"].create(
            {
                "source_id": self.id,
                "name": name,
                "size": contact_list.file_size,
                "hash": digest,
                "state": "waiting",
                "list_id": contact_list.id,
                "is_moved": True,
            }
        )

    # -- test -------------------------------------------------------------------------------------

    def _test_database(self):
        """Read a few rows, and have the import look at them."""
        with tempfile.TemporaryFile() as file:
            written = self._read_into(file, SAMPLE_ROWS, self._get_recent_rows())
            if not written.rows:
                return self.env._("The database answers. There are no new rows.")
            file.seek(0)
            columns = self._test_reading(file)
        return self.env._("The database answers. Columns: %s", ", ".join(columns))

    def _test_reading(self, file):
        """:return: the columns' names, as the import sees them"""
        try:
            options = self.profile_id._get_reading(file, self.campaign_id)
        except contact_file.UnreadableFile as error:
            raise SourceError(
                self.env["ecm.contact.list"]._get_file_error_text(error.code)
            ) from error
        except UserError as error:
            raise SourceError(str(error)) from error
        return options["dialect"].get("header") or ()
