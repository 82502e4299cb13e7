import random
from datetime import datetime

from odoo.exceptions import AccessError

from ..common import HistoryCase


class TestResultsCounters(HistoryCase):
    """Counters of pages of results say what counting everything says, whatever happens (U10)."""

    list_names = "abc"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.counters = cls.env["ecm.results.count"]
        cls.attempts = cls.env["ecm.attempt"]
        cls.recounts = cls.env["ecm.results.recount"]
        cls.campaign.tz = "Asia/Kathmandu"
        cls.other = cls.create_campaign("Second wave", strategy_id=cls.own_strategy.id)

    def assertCounted(self):  # noqa: N802  in the style of unittest
        """Each page: its counters against everything that is stored."""
        self.env.flush_all()
        for record in (self.campaign, self.other, *self.lists):
            scope = record._get_results_scope()
            slots = self.attempts._count_results(scope)
            self.assertEqual(self.counters._read_slots(scope), slots, record.name)
            lists = self.attempts._count_lists(scope)
            self.assertEqual(self.counters._read_lists(scope), lists, record.name)

    def change(self, contact, chance):
        """Something that happens to a contact."""
        attempts = contact.attempt_ids.filtered(lambda attempt: attempt.state == "done")
        kind = chance.randrange(8)
        if kind <= 2 and contact.state == "pending":
            self.make_call(contact, chance)
        elif kind == 3 and attempts:
            self.end(attempts[0], chance.choice(self.outcomes), agent="Anna", corrects=True)
        elif kind == 4 and contact.state == "pending":
            # Its time is over, and the result comes all the same.
            attempt = self.send(contact)
            self.env["ecm.attempt"]._abandon()
            if chance.random() < 0.5:
                self.end(attempt, chance.choice(self.outcomes))
        elif kind == 5:
            self.move(contact, chance)
        elif kind == 6 and chance.random() < 0.3:
            self.purge(contact)
        elif kind == 7:
            self.counters._cron_add_up()

    def move(self, contact, chance):
        """As bulk actions, undoing and lists that overwrite do: by a statement."""
        campaign = chance.choice((self.campaign, self.other))
        contact_list = chance.choice((*self.lists.ids, None))
        self.env.cr.execute(
            "UPDATE ecm_contact SET campaign_id = %s, list_id = %s WHERE id = %s",
            [campaign.id, contact_list, contact.id],
        )
        self.env.invalidate_all()

    def purge(self, contact):
        self.env.cr.execute("DELETE FROM ecm_contact WHERE id = %s", [contact.id])
        self.env.invalidate_all()

    def test_random_histories(self):
        for seed in range(6):
            with self.subTest(seed=seed):
                chance = random.Random(seed)
                contacts = [self.make_contact(chance, 10 * seed + n) for n in range(6)]
                for _step in range(40):
                    contact = chance.choice(contacts).exists()
                    if contact:
                        self.change(contact, chance)
                self.assertCounted()

    def test_two_that_swap_their_lists_take_their_attempts_along(self):
        first, second = self.lists[:2]
        one = self.create_contact(list_id=first.id, phone_1="+493023125001")
        two = self.create_contact(list_id=second.id, phone_1="+493023125002")
        self.call(one, "voice")
        self.call(two, "busy")
        self.env.cr.execute(
            "UPDATE ecm_contact SET list_id = %s - list_id WHERE id = ANY(%s)",
            [first.id + second.id, [one.id, two.id]],
        )
        self.env.invalidate_all()
        self.assertCounted()
        self.assertEqual(first.get_results()["totals"]["reached"], 0)
        self.assertEqual(second.get_results()["totals"]["reached"], 1)

    def test_what_was_deleted_counts_nothing(self):
        contact = self.create_contact(list_id=self.lists[0].id)
        self.create_contact(list_id=self.lists[0].id, phone_1="+493023125003")
        self.call(contact, "voice")
        self.counters._cron_add_up()
        self.purge(contact)
        self.assertCounted()

        self.lists[0].unlink()
        self.counters._cron_add_up()
        self.assertFalse(self.counters.search_count([("campaign_id", "=", self.campaign.id)]))

    def test_a_campaign_that_is_deleted_takes_its_contacts_along(self):
        self.create_contact(self.other)
        self.other.unlink()
        self.counters._cron_add_up()
        self.assertFalse(self.counters.search_count([("campaign_id", "=", self.other.id)]))

    def test_adding_up_changes_no_number(self):
        contact = self.create_contact(list_id=self.lists[0].id)
        self.call(contact, "voice", called_at=datetime(2026, 3, 29, 1, 14))
        before = self.campaign.get_results()
        self.counters._cron_add_up()
        self.counters._cron_add_up()
        self.assertEqual(self.campaign.get_results(), before)
        self.assertFalse(self.counters.search_count([("is_sum", "!=", True)]))

    def test_an_outcome_that_becomes_live_is_counted_at_once_and_again(self):
        self.call(self.create_contact(list_id=self.lists[0].id), "busy")
        self.assertEqual(self.campaign.get_results()["totals"]["reached"], 0)
        self.outcome("busy").is_live_voice = True
        self.assertReached(1)
        self.recount()
        self.assertReached(1)
        self.assertCounted()

    def test_a_wrap_up_that_becomes_a_failure_is_counted_at_once_and_again(self):
        wrap_up = self.wrap_ups[0]
        wrap_up.kind = "success"
        self.call(self.create_contact(), "voice", wrap_up=wrap_up.name)
        if self.recounts.search_count([]):
            self.recount()
        self.assertReached(1, success=1)
        wrap_up.kind = "failure"
        self.assertReached(1)
        self.recount()
        self.assertReached(1)
        self.assertCounted()

    def recount(self):
        """A turn may be over sooner, where the machine is slow."""
        self.assertTrue(self.recounts.search_count([]))
        while self.recounts.search_count([]):
            self.counters._cron_add_up()

    def assertReached(self, count, success=0):  # noqa: N802  in the style of unittest
        totals = self.campaign.get_results()["totals"]
        self.assertEqual((totals["reached"], totals["success"]), (count, success))
        for what in ("reached", "success"):
            action = self.campaign.action_open_results(what)
            found = self.env["ecm.contact"].search_count(action["domain"])
            self.assertEqual(found, totals[what])

    def test_what_changes_nothing_asks_for_no_recount(self):
        self.outcome("voice").is_live_voice = True
        self.wrap_ups[0].kind = self.wrap_ups[0].kind
        self.assertFalse(self.recounts.search_count([]))

    def test_a_database_that_was_there_before_is_counted(self):
        self.call(self.create_contact(list_id=self.lists[0].id), "voice")
        self.env.cr.execute("UPDATE ecm_contact SET reach = NULL")
        self.env.cr.execute("UPDATE ecm_results_count SET loaded = 7")
        for _twice in range(2):
            self.counters._count_anew()
            self.assertReached(1)
            self.assertCounted()

    def test_nobody_reads_counters_of_another_company(self):
        administrator = self.create_user("administrator")
        with self.assertRaises(AccessError):
            self.counters.with_user(administrator).search_count([])
