import random

from .common import ReportHistoryCase

KEYS = (
    "campaign_id",
    "list_id",
    "at",
    "outcome_id",
    "business_outcome_id",
    "state",
    "waiting",
    "tries",
    "is_reached",
)


class TestCounters(ReportHistoryCase):
    """Counters of the dashboard say what counting everything says, whatever happens (R5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.counters = cls.env["ecm.report.count"]

    def read(self):
        """:return: ``{key: count}`` of the counters of the campaign"""
        self.env.flush_all()
        columns = ", ".join(KEYS)
        self.env.cr.execute(
            f"SELECT {columns}, sum(count)::int FROM ecm_report_count WHERE campaign_id = %s "
            f"GROUP BY {columns} HAVING sum(count) <> 0",
            [self.campaign.id],
        )
        return {tuple(key): count for *key, count in self.env.cr.fetchall()}

    def assertCounted(self):  # noqa: N802  in the style of unittest
        noted = self.read()
        self.assertTrue(noted)
        with self.env.cr.savepoint() as savepoint:
            self.counters._count_anew()
            counted = self.read()
            savepoint.rollback()
        self.assertEqual(noted, counted)

    def test_any_history(self):
        for seed in range(4):
            self.make_history(seed)
            with self.subTest(seed=seed):
                self.assertCounted()
            self.env["ecm.results.count"]._add_up()
            with self.subTest(seed=seed, added_up=True):
                self.assertCounted()

    def test_sums_are_few(self):
        chance = random.Random(1)
        for number in range(6):
            self.make_call(self.make_contact(chance, number), chance)
        self.env.flush_all()
        before = self.read()
        self.env["ecm.results.count"]._cron_add_up()
        self.assertEqual(self.read(), before)
        own = [("campaign_id", "=", self.campaign.id)]
        self.assertFalse(self.counters.search_count([*own, ("is_sum", "!=", True)]))
        self.assertEqual(self.counters.search_count(own), len(before))

    def test_all_is_deleted(self):
        chance = random.Random(2)
        for number in range(4):
            self.make_call(self.make_contact(chance, number), chance)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM ecm_contact WHERE campaign_id = %s", [self.campaign.id])
        self.env.invalidate_all(flush=False)
        self.assertFalse(self.read())
        self.counters._add_up()
        self.assertFalse(self.counters.search_count([("campaign_id", "=", self.campaign.id)]))
