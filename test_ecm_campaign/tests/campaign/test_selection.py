import contextlib
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from ..common import BUSY, FeedCase

GOLD = "[('business_parameters.business_parameter_1', '=', 'gold')]"


class SelectionCase(FeedCase):
    """Contacts of which some are gold, as the selection `GOLD` finds them."""

    def create_gold_and_others(self, gold, others):
        contacts = self.create_contacts(gold + others, phone_2="+493023125099")
        for contact in contacts[:gold]:
            contact.business_parameters = {"business_parameter_1": "gold"}
        return contacts[:gold], contacts[gold:]

    def is_sent(self, contacts):
        return set(contacts.mapped("state")) == {"sent_to_dialer"}

    def is_held(self, contacts):
        return all(
            (contact.state, contact.block_reason, contact.is_ready)
            == ("pending", "selection", False)
            for contact in contacts
        )


class TestSelection(SelectionCase):
    """Which contacts are called: a domain, applied when they are due (C11)."""

    def setUp(self):
        super().setUp()
        self.gold, self.others = self.create_gold_and_others(2, 3)
        self.campaign.selection_domain = GOLD

    def test_only_contacts_that_match_are_called(self):
        self.assertEqual(self.campaign.matching_count, 2)
        self.feed()
        self.assertTrue(self.is_sent(self.gold))
        self.assertTrue(self.is_held(self.others))
        self.assertEqual(self.campaign.held_count, 3)

    def test_what_is_held_is_not_looked_at_again(self):
        self.feed()
        looked_at = []
        self.patch(
            self.registry["ecm.engine"],
            "_judge",
            lambda engine, campaign, candidates, now: looked_at.append(candidates) or ([], {}),
        )
        self.feed()
        self.assertFalse(looked_at)

    def test_a_wider_selection_calls_them(self):
        self.feed()
        self.campaign.selection_domain = False
        self.feed()
        self.assertTrue(self.is_sent(self.others))
        self.assertFalse(self.others.filtered("block_reason"))
        self.assertFalse(self.campaign.selection_changed_at)

    def test_nobody_is_looked_at_again_while_another_process_judges_by_the_old_one(self):
        """E22: what that one still says would stay, and nobody would look at it any more."""
        self.feed()
        self.campaign.selection_domain = False
        locks = self.registry["ecm.engine"]
        with patch.object(locks, "_exclusively", lambda *_args: contextlib.nullcontext(False)):
            self.feed()
        self.assertTrue(self.campaign.selection_changed_at)
        self.assertTrue(self.is_held(self.others))
        self.feed()
        self.assertTrue(self.is_sent(self.others))

    def test_a_narrower_selection_holds_what_is_ready(self):
        self.campaign.selection_domain = "[('first_name', '=', 'Ada')]"
        self.feed()
        self.assertTrue(self.is_held(self.gold | self.others))

    def test_a_contact_that_comes_to_match_is_called(self):
        self.feed()
        self.others[0].business_parameters = {"business_parameter_1": "gold"}
        self.feed()
        self.assertTrue(self.is_sent(self.others[0]))
        self.assertTrue(self.is_held(self.others[1:]))

    def test_a_retry_that_does_not_match_any_more_is_held_and_keeps_its_time(self):
        self.feed()
        self.results((self.gold[0], BUSY))
        self.campaign.selection_domain = "[('first_name', '=', 'Ada')]"
        due = fields.Datetime.now() - timedelta(minutes=1)
        self.gold[0].sudo().next_attempt_at = due
        self.feed()
        self.assertTrue(self.is_held(self.gold[0]))
        self.campaign.selection_domain = False
        self.feed()
        self.assertTrue(self.is_sent(self.gold[0]))
        self.assertEqual(self.gold[0].current_attempt_id.position, 2)

    def test_a_selection_that_cannot_be_understood_is_refused(self):
        for domain in ("[('no_such_field', '=', 1)]", "nonsense(", "[('first_name', 'near', 1)]"):
            with (
                self.subTest(domain),
                self.assertRaisesRegex(ValidationError, "cannot be understood"),
            ):
                self.campaign.selection_domain = domain

    def test_the_count_follows_the_form_while_it_is_edited(self):
        draft = self.env["ecm.campaign"].new(origin=self.campaign)
        draft.selection_domain = "[('phone_1', '=', '+493023125004')]"
        self.assertEqual(draft.matching_count, 1)
        draft.selection_domain = "[("
        self.assertEqual(draft.matching_count, 0)


class TestTargetGroups(SelectionCase):
    """In which proportions contacts are called (C11, Webex's CSS)."""

    def setUp(self):
        super().setUp()
        self.target.capacity = 10

    def create_groups(self, *lines):
        return self.env["ecm.target.group"].create(
            [
                {
                    "campaign_id": self.campaign.id,
                    "sequence": place,
                    "name": name,
                    "domain": domain,
                    "unit": unit,
                    "amount": amount,
                }
                for place, (name, domain, unit, amount) in enumerate(lines)
            ]
        )

    def count_sent(self, contacts):
        return len(contacts.filtered(lambda contact: contact.state == "sent_to_dialer"))

    def test_percentages_divide_what_is_sent(self):
        gold, others = self.create_gold_and_others(20, 20)
        groups = self.create_groups(
            ("Gold", GOLD, "percentage", 60), ("Others", "[]", "percentage", 40)
        )
        self.feed()
        self.assertEqual((self.count_sent(gold), self.count_sent(others)), (6, 4))
        self.assertEqual(groups.mapped("drawn_count"), [6, 4])
        self.assertEqual(set(others.mapped("target_group_id.name")), {"Others"})
        self.env.cr.execute("UPDATE ecm_attempt SET state = 'done'")
        self.feed()
        self.assertEqual((self.count_sent(gold), self.count_sent(others)), (12, 8))

    def test_what_a_group_does_not_use_goes_to_the_others(self):
        gold, others = self.create_gold_and_others(3, 20)
        self.create_groups(("Gold", GOLD, "percentage", 60), ("Others", "[]", "percentage", 40))
        self.feed()
        self.assertEqual((self.count_sent(gold), self.count_sent(others)), (3, 7))

    def test_a_count_goes_first_and_stops_when_it_is_reached(self):
        gold, others = self.create_gold_and_others(20, 20)
        self.create_groups(("Gold", GOLD, "count", 4), ("Others", "[]", "percentage", 100))
        self.feed()
        self.assertEqual((self.count_sent(gold), self.count_sent(others)), (4, 6))
        self.env.cr.execute("UPDATE ecm_attempt SET state = 'done'")
        self.feed()
        self.assertEqual((self.count_sent(gold), self.count_sent(others)), (4, 16))

    def test_a_count_that_is_raised_goes_on(self):
        gold, _others = self.create_gold_and_others(8, 0)
        group = self.create_groups(("Gold", GOLD, "count", 2))
        self.feed()
        group.amount = 5
        self.feed()
        self.assertEqual(self.count_sent(gold), 5)

    def test_contacts_of_no_group_are_held_until_there_is_one(self):
        gold, others = self.create_gold_and_others(2, 3)
        self.create_groups(("Gold", GOLD, "percentage", 100))
        self.feed()
        self.assertTrue(self.is_sent(gold))
        self.assertTrue(self.is_held(others))
        self.create_groups(("Rest", "[]", "percentage", 100))
        self.feed()
        self.assertTrue(self.is_sent(others))

    def test_without_groups_the_queues_empty(self):
        _gold, others = self.create_gold_and_others(0, 5)
        groups = self.create_groups(("Gold", GOLD, "percentage", 100), ("None", "[]", "count", 0))
        self.feed()
        self.assertEqual(set(others.mapped("block_reason")), {"target_group"})
        groups.unlink()
        self.feed()
        self.assertTrue(self.is_sent(others))

    def test_explain_says_what_it_waits_for(self):
        gold, others = self.create_gold_and_others(1, 1)
        self.assertIn("calls all its contacts", self.explain(gold))
        self.create_groups(("Gold", GOLD, "percentage", 100))
        self.assertIn("target group Gold", self.explain(gold))
        self.assertIn("leave it out", self.explain(others))

    def explain(self, contact):
        self.env.invalidate_all()
        return next(
            row["detail"] for row in contact.explain()[0]["checks"] if row["check"] == "selection"
        )

    def test_retries_are_not_queued_again(self):
        gold, _others = self.create_gold_and_others(1, 0)
        group = self.create_groups(("Gold", GOLD, "count", 1))
        self.feed()
        self.results((gold, BUSY))
        self.env.cr.execute("UPDATE ecm_contact SET is_ready = TRUE WHERE state = 'pending'")
        self.feed()
        self.assertTrue(self.is_sent(gold))
        self.assertEqual(group.drawn_count, 1)

    def test_whom_a_gate_closes_takes_no_place_of_a_count(self):
        """E32: the group sends as many as it is to send."""
        gold, _others = self.create_gold_and_others(5, 0)
        self.env["ecm.dnc.list"].create({"name": "N"}).api_add([gold[0].phone_1, gold[1].phone_1])
        group = self.create_groups(("Gold", GOLD, "count", 3))
        for _minute in range(3):
            self.feed()
        self.assertEqual((self.count_sent(gold), group.drawn_count), (3, 3))

    def test_what_was_never_taken_gives_its_place_back(self):
        """E32"""
        gold, _others = self.create_gold_and_others(3, 0)
        group = self.create_groups(("Gold", GOLD, "count", 2))
        self.target.fault = "unavailable"
        self.feed()
        self.assertEqual((self.count_sent(gold), group.drawn_count), (0, 0))
        self.assertFalse(any(gold.mapped("last_attempt_at")))
        self.wait(hours=1)
        self.feed()
        self.feed()
        self.assertEqual((self.count_sent(gold), group.drawn_count), (2, 2))

    def test_the_queue_keeps_the_dial_order(self):
        gold, _others = self.create_gold_and_others(6, 0)
        self.campaign.dial_order = "priority"
        self.target.capacity = 2
        gold[3].priority = gold[5].priority = 9
        self.create_groups(("Gold", GOLD, "percentage", 100))
        self.feed()
        self.assertTrue(self.is_sent(gold[3] | gold[5]))
        self.assertEqual(self.count_sent(gold), 2)

    def test_a_stopped_list_keeps_its_contacts_in_the_queue(self):
        gold, _others = self.create_gold_and_others(3, 0)
        self.create_groups(("Gold", GOLD, "count", 1))
        gold.list_id = self.env["ecm.contact.list"].create(
            {"name": "L", "campaign_id": self.campaign.id}
        )
        self.feed()
        gold.list_id.action_stop()
        gold.list_id.action_restart()
        self.feed()
        self.assertEqual(self.count_sent(gold), 1)

    @mute_logger("odoo.sql_db")
    def test_percentages_end_at_100(self):
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.create_groups(("Gold", GOLD, "percentage", 101))

    @mute_logger(
        "odoo.models",
        "odoo.orm.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_agents_only_read(self):
        group = self.create_groups(("Gold", GOLD, "percentage", 10)).with_user(
            self.create_user("agent")
        )
        group.read(["match_count"])
        with self.assertRaises(AccessError):
            group.amount = 3
