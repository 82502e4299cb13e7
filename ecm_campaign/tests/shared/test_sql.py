from datetime import datetime
from typing import NamedTuple

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ...sql import array_text, values_of


class Line(NamedTuple):
    count: int
    text: str | None
    is_new: bool
    share: float
    at: datetime | None


@tagged("post_install", "-at_install")
class TestSql(TransactionCase):
    def read(self, values, kind):
        self.env.cr.execute(SQL("SELECT %s::%s", array_text(values), SQL.identifier(kind)))
        return self.env.cr.fetchone()[0]

    def test_texts_arrive_as_they_are(self):
        texts = ["", "NULL", None, 'a "b"', "back\\slash", "{a,b}", " c ", "it's", "مرحبا", "a\nb"]
        self.assertEqual(self.read(texts, "_text"), texts)

    def test_an_array_of_nothing(self):
        self.assertEqual(self.read([], "_text"), [])

    def test_numbers_and_moments_arrive_as_they_are(self):
        moment = datetime(2026, 11, 28, 20, 30, 1)
        self.assertEqual(self.read([1, None, -3], "_int4"), [1, None, -3])
        self.assertEqual(self.read([True, False, None], "_bool"), [True, False, None])
        self.assertEqual(self.read([moment, None], "_timestamp"), [moment, None])

    def test_rows_arrive_as_they_are(self):
        moment = datetime(2026, 11, 28, 20, 30, 1)
        lines = [Line(1, 'say "no"', True, 0.25, moment), Line(2, None, False, -1.5, None)]
        self.env.cr.execute(SQL("SELECT v.* FROM %s", values_of(lines, Line)))
        self.assertEqual([Line(*row) for row in self.env.cr.fetchall()], lines)
