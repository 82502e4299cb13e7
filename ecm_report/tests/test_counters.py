import random
from datetime import datetime, timedelta

from odoo.addons.ecm_campaign.tests.common import ResultCase

OUTCOMES = ("busy", "voice", "no_answer")
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


class TestCounters(ResultCase):
    """Counters of the dashboard say what counting everything says, whatever happens (R5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.counters = cls.env["ecm.report.count"]
        group = cls.env.ref("ecm_campaign.ecm_business_outcome_group_wrapup_code")
        cls.campaign.business_outcome_group_id = group
        cls.wrap_ups = group.outcome_ids[:4]
        cls.lists = cls.env["ecm.contact.list"].create(
            [{"name": f"{name}.csv", "campaign_id": cls.campaign.id} for name in "ab"]
        )
        cls.own_strategy.attempt_ids.rule_ids.unlink()
        for attempt in cls.own_strategy.attempt_ids:
            for code in OUTCOMES:
                cls.add_rule(attempt, code, action="again", delay_minutes=1)

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

    def make_contact(self, chance, number):
        contact_list = chance.choice((*self.lists.ids, False))
        return self.create_contact(list_id=contact_list, phone_1=f"+4930231{number:06}")

    def make_call(self, contact, chance):
        called_at = datetime(2026, 3, 27) + timedelta(minutes=chance.randrange(6000))
        wrap_up = chance.choice((*self.wrap_ups.mapped("name"), None))
        self.call(contact, chance.choice(OUTCOMES), called_at=called_at, wrap_up=wrap_up)

    def change(self, contact, chance):
        """Something that happens to a contact."""
        attempts = contact.attempt_ids.filtered(lambda attempt: attempt.state == "done")
        kind = chance.randrange(6)
        if kind == 0:
            contact.list_id = chance.choice((*self.lists.ids, False))
        elif kind == 1 and attempts:
            wrap_up = chance.choice((*self.wrap_ups.ids, False))
            attempts[0].sudo().business_outcome_id = wrap_up
        elif kind == 2 and attempts:
            attempts[0].sudo().outcome_id = self.outcome(chance.choice(OUTCOMES))
        elif kind == 3:
            contact.sudo().write({"is_ready": False, "block_reason": "not_open"})
        elif kind == 4:
            contact.sudo().write({"state": "withdrawn", "is_ready": False})
        else:
            self.env.flush_all()
            self.env.cr.execute("DELETE FROM ecm_contact WHERE id = %s", [contact.id])
            self.env.invalidate_all(flush=False)

    def test_any_history(self):
        for seed in range(4):
            chance = random.Random(seed)
            contacts = [self.make_contact(chance, 100 * seed + n) for n in range(8)]
            for contact in chance.choices(contacts, k=10):
                self.make_call(contact, chance)
            for contact in chance.sample(contacts, k=6):
                self.change(contact, chance)
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
