import psycopg2

from odoo.exceptions import UserError, ValidationError
from odoo.tools import config

from .common import SourceCase

ROWS = 12


class TestDatabase(SourceCase):
    """Tables and queries of a PostgreSQL database through psqlODBC (requirement L4).

    The rows are in a schema of this test's own database, written over a connection of their own.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outside = psycopg2.connect(
            host=config["db_host"], port=config["db_port"], user=config["db_user"], password=config["db_password"],
            dbname=cls.env.cr.dbname,
        )  # fmt: skip
        cls.outside.autocommit = True
        cls.addClassCleanup(cls.outside.close)
        cls.sql("DROP SCHEMA IF EXISTS crm CASCADE")
        cls.sql("CREATE SCHEMA crm")
        cls.addClassCleanup(cls.sql, "DROP SCHEMA IF EXISTS crm CASCADE")

    @classmethod
    def sql(cls, statement, *parameters):
        with cls.outside.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else None

    def setUp(self):
        super().setUp()
        self.sql("DROP TABLE IF EXISTS crm.customers CASCADE")
        self.sql(
            "CREATE TABLE crm.customers (id serial, phone text, first_name text, changed_at timestamp, vip bool)"
        )
        self.insert(1, ROWS)

    def insert(self, first, last, changed_at="2026-05-04 10:00:00.123456"):
        self.sql(
            "INSERT INTO crm.customers (phone, first_name, changed_at, vip)"
            " SELECT '+4930231250' || lpad(n::text, 2, '0'), 'Jörg ' || n, %s, true FROM generate_series(%s, %s) n",
            changed_at,
            first,
            last,
        )

    def create_database_source(self, **values):
        connection = (
            f"DRIVER={{PostgreSQL Unicode}};SERVER={config['db_host']};PORT={config['db_port']};"
            f"DATABASE={self.env.cr.dbname};UID={config['db_user']};PWD={config['db_password']};BoolsAsChar=0"
        )
        values = {"connection": connection, "query": "crm.customers", **values}
        source = self.create_source("CRM", kind="database", storage_id=False, **values)
        self.assertNotIn("PWD", source.connection)
        return source

    def bring(self, source):
        """One check and the import of what it brought.

        :return: how many contacts there are then
        """
        self.check(source)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        return len(self.contacts_of(self.campaign))

    def test_a_table_is_imported_by_its_columns_names(self):
        source = self.create_database_source()
        self.assertEqual(self.bring(source), ROWS, source.last_error)
        contact = self.contacts_of(self.campaign)[0]
        self.assertEqual((contact.phone_1, contact.first_name), ("+493023125001", "Jörg 1"))
        self.assertEqual(source.campaign_id.list_ids.source, "database")
        self.check(source)
        self.assertEqual(self.files(source).mapped("state"), ["done"], "Nothing has changed since")
        self.assertEqual(len(self.campaign.list_ids), 1)

    def test_only_rows_after_the_watermark_are_read(self):
        for column in ("id", '"changed_at"'):
            with self.subTest(column=column):
                source = self.create_database_source(key_column=column)
                self.bring(source)
                before = len(source.file_ids)
                self.check(source)
                self.assertEqual(len(source.file_ids), before, "Nothing new")
                self.insert(20, 22, "2026-05-05 10:00:00")
                self.check(source)
                self.assertEqual(
                    source.file_ids[:1].list_id.attachment_id.raw.decode().count("Jörg"), 3
                )
                self.sql("DELETE FROM crm.customers WHERE id > %s", ROWS)

    def test_rows_that_are_stored_late_are_brought_once(self):
        source = self.create_database_source(key_column="changed_at")
        self.assertEqual(self.bring(source), ROWS)
        # One of the same time, one with an earlier time that was committed later.
        self.insert(20, 20, "2026-05-04 10:00:00.123456")
        self.insert(21, 21, "2026-05-04 09:52:00")
        self.assertEqual(self.bring(source), ROWS + 2)
        self.check(source)
        self.assertEqual(len(source.file_ids), 2, "Nothing new")
        self.assertEqual(source.watermark, "time 2026-05-04T10:00:00.123456")

    def test_a_number_that_was_given_out_earlier_is_brought_too(self):
        self.sql("DELETE FROM crm.customers WHERE id = 5")
        source = self.create_database_source(key_column="id")
        self.assertEqual(self.bring(source), ROWS - 1)
        self.sql("INSERT INTO crm.customers (id, phone) VALUES (5, '+4930231250' || '05')")
        self.assertEqual(self.bring(source), ROWS)

    def test_all_rows_are_read_again_when_somebody_says_so(self):
        source = self.create_database_source(key_column="id")
        self.bring(source)
        self.contacts_of(self.campaign).unlink()
        source.action_read_again()
        self.assertEqual(self.bring(source), ROWS)
        self.assertEqual(self.files(source).mapped("state"), ["done", "waiting"])

    def test_rows_of_the_same_time_are_not_torn_apart_by_the_limit(self):
        source = self.create_database_source(key_column="changed_at", row_limit=5)
        self.insert(20, 29, "2026-05-06 10:00:00")
        self.assertEqual(self.bring(source), ROWS)
        self.assertEqual(self.bring(source), ROWS + 10)

    def test_the_limit_leaves_rows_for_the_next_check(self):
        source = self.create_database_source(key_column="id", row_limit=5)
        self.assertEqual([self.bring(source) for _check in range(4)], [5, 10, 12, 12])

    def test_a_query_maps_columns_by_the_profile(self):
        profile = self.env["ecm.import.profile"].create(
            {
                "name": "CRM",
                "delimiter": ";",
                "encoding": "cp1252",
                "column_ids": [
                    (0, 0, {"header": "number", "target": "phone_1"}),
                    (0, 0, {"header": "who", "target": "last_name"}),
                ],
            }
        )
        source = self.create_database_source(
            query="WITH ours AS (SELECT * FROM crm.customers) SELECT first_name AS who, phone AS number FROM ours",
            profile_id=profile.id,
        )
        self.assertEqual(self.bring(source), ROWS, source.last_error)
        self.assertEqual(self.contacts_of(self.campaign)[0].last_name, "Jörg 1")

    def test_a_wrong_type_far_below_leaves_everything_as_it_was(self):
        """Read as they come, the rows before it were read already; sorted by the key, the database
        sees it first.
        """
        self.sql(
            "CREATE VIEW crm.late AS SELECT n AS id, '+49' || (3000000000 + n) AS phone,"
            " (CASE WHEN n = 900000 THEN 'none' ELSE '7' END)::int AS age FROM generate_series(1, 1000000) n"
        )
        source = self.create_database_source(query="SELECT * FROM crm.late", row_limit=1_000_000)
        self.check(source)
        self.assertRegex(
            source.last_error,
            "A row between 898,001 and 900,000 cannot be read: .*none.*Nothing was imp",
        )
        source.write({"key_column": "id", "watermark": "integer 5"})
        self.check(source)
        self.assertIn('invalid input syntax for type integer: "none"', source.last_error)
        self.assertEqual(source.watermark, "integer 5")
        self.assertFalse(source.file_ids)
        self.assertFalse(self.campaign.list_ids)

    def test_a_value_that_no_file_can_hold_is_named_by_its_row(self):
        self.sql("CREATE VIEW crm.binary AS SELECT phone, CASE WHEN id = 3 THEN 'x'::bytea END AS photo "
                 "FROM crm.customers ORDER BY id")  # fmt: skip
        source = self.create_database_source(query="crm.binary")
        self.check(source)
        self.assertRegex(source.last_error, "Row 3 cannot be read: .*bytes")

    def test_a_query_that_writes_in_secret_is_refused_by_the_database(self):
        self.sql("CREATE FUNCTION crm.spy() RETURNS text LANGUAGE sql AS "
                 "$$INSERT INTO crm.customers (phone) VALUES ('1') RETURNING phone$$")  # fmt: skip
        source = self.create_database_source(query="SELECT crm.spy() AS phone")
        self.check(source)
        self.assertIn("read-only transaction", source.last_error)
        self.assertEqual(self.sql("SELECT count(*) FROM crm.customers"), [(ROWS,)])

    def test_statements_that_do_not_only_read_are_refused(self):
        for query in (
            "DELETE FROM crm.customers",
            "SELECT 1; DROP TABLE crm.customers",
            "WITH gone AS (DELETE FROM crm.customers RETURNING *) SELECT * FROM gone",
            "SELECT * INTO copy FROM crm.customers",
            "crm.customers; SELECT 1",
        ):
            with self.subTest(query=query), self.assertRaises(ValidationError):
                self.create_database_source().query = query

    def test_a_list_that_cannot_be_made_leaves_the_watermark(self):
        source = self.create_database_source(
            query="SELECT id, first_name FROM crm.customers",
            key_column="id",
            profile_id=self.env["ecm.import.profile"]
            .create(
                {"name": "Strict", "column_ids": [(0, 0, {"header": "phone", "target": "phone_1"})]}
            )
            .id,
        )
        self.check(source)
        self.assertIn("no column “phone”", source.last_error)
        self.assertFalse(source.file_ids)

    def test_test_shows_the_columns(self):
        source = self.create_database_source(key_column="id")
        message = source.action_test()["params"]["message"]
        self.assertIn("id, phone, first_name, changed_at, vip", message)
        self.assertFalse(source.watermark)

    def test_a_connection_string_opens_no_files(self):
        source = self.create_database_source()
        with self.assertRaisesRegex(ValidationError, "FILEDSN is not allowed"):
            source.connection = "FILEDSN=/tmp/x.dsn"
        source.connection = "DRIVER=evil.so;SERVER=127.0.0.1"
        with self.assertRaisesRegex(UserError, "no ODBC driver named evil.so"):
            source.action_test()

    def test_test_says_what_is_wrong_without_the_password(self):
        source = self.create_database_source()
        for values, message in (
            ({"query": "crm.nothing"}, "does not exist"),
            ({"query": "crm.customers", "key_column": "grows"}, "grows"),
            (
                {
                    "key_column": False,
                    "connection": "DRIVER={PostgreSQL Unicode};SERVER=127.0.0.1;PORT=1;PWD=s3cret",
                },
                ".",
            ),
        ):
            source.write(values)
            with self.subTest(values=values), self.assertRaisesRegex(UserError, message) as error:
                source.action_test()
            self.assertNotIn("s3cret", str(error.exception))
