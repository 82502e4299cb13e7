"""Another transaction in the way of everything."""

from unittest.mock import Mock, patch

from psycopg2.errors import SerializationFailure

from odoo import sql_db

TRANSACTIONS = "odoo.addons.ecm_campaign.models.shared.ecm_transaction_mixin"
# A row that no test writes.
TOUCH = "UPDATE ir_module_module SET sequence = sequence WHERE name = 'base'"


class Collisions:
    """Mixed into a class of tests, has each piece of work that is retried fail once: its last
    statement meets a row that another transaction has written, PostgreSQL refuses it, all that the
    work has written is gone, and it starts anew.

    What the tests expect must come out all the same: work that keeps something in Python from its
    first try is found out.
    """

    collision_count = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What the tests see is older than this.
        cls.env.cr.execute("SELECT 1")
        with sql_db.db_connect(cls.env.cr.dbname).cursor() as other:
            other.execute(TOUCH)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        assert cls.collision_count, "nothing was in the way of these tests"

    def setUp(self):
        super().setUp()
        transactions = self.registry["ecm.transaction.mixin"]
        self._is_lost = False
        self._atomically, self._rollback = transactions._atomically, transactions._rollback
        self.patch(transactions, "_atomically", lambda model, work: self._collide(model, work))
        self.patch(transactions, "_rollback", lambda model: self._give_up(model))
        self.startPatcher(patch(f"{TRANSACTIONS}.time", Mock()))

    def _collide(self, model, work):
        tries = []

        def work_and_collide():
            tries.append(True)
            if len(tries) > 1:
                return work()
            model.env.flush_all()
            model.env.cr.execute("SAVEPOINT collision")
            result = work()
            model.env.flush_all()
            self._lose(model.env.cr)
            return result

        return self._atomically(model, work_and_collide)

    def _lose(self, cursor):
        """:raise SerializationFailure: by PostgreSQL"""
        type(self).collision_count += 1
        try:
            cursor.execute(TOUCH)
        except SerializationFailure:
            self._is_lost = True
            raise

    def _give_up(self, model):
        if self._is_lost:
            self._is_lost = False
            model.env.cr.execute("ROLLBACK TO SAVEPOINT collision")
            model.env.cr.clear()
        return self._rollback(model)
