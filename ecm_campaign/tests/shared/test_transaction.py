"""Work that another transaction is in the way of."""

import contextlib
import logging

from psycopg2.errors import SerializationFailure

from odoo import sql_db
from odoo.tests import TransactionCase

from ..collisions import Collisions

TOUCH = "UPDATE res_users SET write_uid = write_uid WHERE id = 1"


class TestConcurrency(TransactionCase):
    def _connect(self):
        cursor = sql_db.db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(cursor.close)
        return cursor

    def _collide(self):
        """Write a row that another transaction has written since ours began."""
        ours, other = self._connect(), self._connect()
        ours.execute("SELECT 1")
        other.execute(TOUCH)
        other.commit()
        ours.execute(TOUCH)

    def test_what_is_tried_again_is_no_error_in_the_log(self):
        tries = []

        def work():
            tries.append(True)
            if len(tries) == 1:
                self._collide()
            return "done"

        with self.assertLogs("odoo.sql_db", logging.INFO) as log:
            self.assertEqual(self.env["ecm.engine"]._atomically(work), "done")
        self.assertEqual({record.levelname for record in log.records}, {"INFO"})

    def test_what_is_given_up_is_an_error_in_the_log(self):
        with (
            self.assertLogs("odoo.sql_db", logging.INFO) as log,
            contextlib.suppress(SerializationFailure),
        ):
            self.env["ecm.engine"]._atomically(self._collide)
        self.assertEqual([record.levelname for record in log.records][-1], "ERROR")

    def test_another_error_stays_an_error(self):
        def work():
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute("SELECT no_such_column FROM res_users")

        with self.assertLogs("odoo.sql_db", logging.INFO) as log, contextlib.suppress(Exception):
            self.env["ecm.engine"]._atomically(work)
        self.assertEqual({record.levelname for record in log.records}, {"ERROR"})


class TestCollisions(Collisions, TransactionCase):
    """What is mixed into other tests does what it says."""

    def test_what_a_try_has_written_is_gone_before_the_next(self):
        lists, tries = self.env["ecm.dnc.list"], []

        def work():
            tries.append(lists.search_count([("name", "=", "Registry")]))
            return lists.create({"name": "Registry"})

        kept = self.env["ecm.engine"]._atomically(work)
        self.assertEqual(tries, [0, 0])
        self.assertEqual(lists.search([("name", "=", "Registry")]), kept)
