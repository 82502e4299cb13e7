from datetime import timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from ..common import BUSY, CONNECTED, DO_NOT_CALL, FeedCase


class TestChaining(FeedCase):
    """Customers go on to another campaign by what came of a call (C9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.winback = cls.create_running("Win back")

    def chain(self, outcome, mode, source=None, target=None):
        return self.env["ecm.campaign.chain"].create(
            {
                "campaign_id": (source or self.campaign).id,
                "outcome_id": self.env.ref(f"ecm_campaign.ecm_outcome_{outcome}").id,
                "mode": mode,
                "target_id": (target or self.winback).id,
            }
        )

    def get_contacts(self, campaign=None):
        return self.env["ecm.contact"].search(
            [("campaign_id", "=", (campaign or self.winback).id)], order="id"
        )

    def test_moves_when_the_contact_closes(self):
        line = self.chain("busy", "move")
        contact = self.create_contacts(
            1,
            phone_2="+493023125099",
            first_name="Ada",
            account_number="C-1",
            priority=7,
            tz="Europe/Berlin",
        )
        contact.business_parameters = {"business_parameter_1": "gold"}
        self.feed()
        self.results((contact, BUSY))
        self.assertEqual(contact.state, "pending")
        self.assertFalse(self.get_contacts())
        self.env.cr.execute("UPDATE ecm_contact SET is_ready = TRUE")
        self.feed()
        self.results((contact, BUSY))
        self.assertEqual(contact.state, "retries_completed")
        chained = self.get_contacts()
        self.assertEqual((chained.state, chained.chained_from_id), ("pending", contact))
        self.assertEqual(
            (chained.attempt_count, chained.next_position, chained.is_ready), (0, 1, True)
        )
        for name in ("phone_1", "phone_2", "first_name", "account_number", "priority", "tz"):
            self.assertEqual(chained[name], contact[name])
        self.assertEqual(chained.business_parameters["business_parameter_1"], "gold")
        self.assertEqual(line.contact_count, 1)
        self.feed()
        self.assertEqual(chained.state, "sent_to_dialer")

    def test_copies_each_time_but_each_contact_once(self):
        self.chain("busy", "copy")
        contact = self.create_contacts(1, phone_2="+493023125099")
        self.feed()
        self.results((contact, BUSY))
        self.assertEqual((contact.state, len(self.get_contacts())), ("pending", 1))
        self.get_contacts().action_withdraw()
        self.env.cr.execute("UPDATE ecm_contact SET is_ready = TRUE WHERE state = 'pending'")
        self.feed()
        self.results((contact, BUSY))
        self.assertEqual((contact.state, len(self.get_contacts())), ("retries_completed", 1))

    def test_the_same_result_twice_chains_once(self):
        self.chain("voice", "move")
        contact = self.create_contacts(1)
        self.feed()
        attempt = contact.current_attempt_id
        self.results((contact, CONNECTED))
        self.engine._after_results(attempt.ids)
        self.assertEqual(len(self.get_contacts()), 1)

    def test_nobody_who_is_open_there_comes_in_again(self):
        self.chain("voice", "move")
        self.winback.is_running = False
        known = self.create_contacts(1, self.winback)
        contacts = self.create_contacts(1) | self.create_contacts(1)
        self.feed()
        self.results(*((contact, CONNECTED) for contact in contacts))
        self.assertEqual(self.get_contacts(), known)
        known.action_withdraw()
        again = self.create_contacts(1) | self.create_contacts(1)
        self.feed()
        self.results(*((contact, CONNECTED) for contact in again))
        self.assertEqual(len(self.get_contacts().filtered("is_open")), 1)

    def test_a_circle_of_campaigns_ends(self):
        self.chain("voice", "move")
        self.chain("voice", "move", self.winback, self.campaign)
        contact = self.create_contacts(1)
        self.feed()
        self.results((contact, CONNECTED))
        chained = self.get_contacts()
        self.feed()
        self.results((chained, CONNECTED))
        self.assertEqual(chained.state, "connected")
        self.assertEqual(self.get_contacts(self.campaign), contact)

    def test_who_must_not_be_called_goes_nowhere(self):
        self.chain("do_not_call", "copy")
        self.chain("do_not_call", "move", target=self.create_running("Another"))
        contact = self.create_contacts(1)
        self.feed()
        self.results((contact, DO_NOT_CALL))
        self.assertEqual(contact.state, "dnc_listed")
        self.assertEqual(
            self.env["ecm.contact"].search_count([("chained_from_id", "=", contact.id)]), 0
        )

    def test_a_late_result_leads_to_nothing(self):
        self.chain("voice", "copy")
        contact = self.create_contacts(1)
        self.feed()
        attempt = contact.current_attempt_id
        contact.action_withdraw()
        self.results((attempt.key, CONNECTED))
        self.assertTrue(attempt.is_late)
        self.assertFalse(self.get_contacts())

    def test_a_contact_that_a_gate_closes_moves_by_its_last_outcome(self):
        self.chain("busy", "move")
        contact = self.create_contacts(1, phone_2="+493023125099")
        self.feed()
        self.results((contact, BUSY))
        self.env.cr.execute("UPDATE ecm_contact SET is_ready = TRUE, attempt_count = 50")
        self.feed()
        self.assertEqual((contact.state, contact.close_reason), ("retries_completed", "budget"))
        self.assertEqual(self.get_contacts().chained_from_id, contact)

    def chain_by(self, event, **values):
        values = {"mode": "move", "target_id": self.winback.id, **values}
        return self.env["ecm.campaign.chain"].create(
            {"campaign_id": self.campaign.id, "event": event, **values}
        )

    def test_a_wrap_up_leads_on(self):
        """P14"""
        group = self.env["ecm.business.outcome.group"].create(
            {
                "name": "Sales",
                "outcome_ids": [
                    Command.create({"name": name, "code": name.lower()})
                    for name in ("Sold", "Unsure")
                ],
            }
        )
        self.campaign.write({"is_running": False, "business_outcome_group_id": group.id})
        self.campaign.is_running = True
        self.chain_by("wrap_up", business_outcome_id=group.outcome_ids[1].id)
        contacts = self.create_contacts(2)
        self.feed()
        self.end(contacts[0], CONNECTED, wrap_up="Sold")
        self.end(contacts[1], CONNECTED, wrap_up="unsure")
        self.assertEqual(self.get_contacts().chained_from_id, contacts[1])

    def test_who_was_not_called_in_time_leads_on(self):
        """P14: by whatever closed it."""
        self.chain_by("expired")
        self.campaign.ttl_days = 1
        contact_list = self.env["ecm.contact.list"].create(
            {"name": "L", "campaign_id": self.campaign.id}
        )
        old, listed = self.create_contacts(2)
        listed.sudo().list_id = contact_list
        old.sudo().added_at = old.added_at - timedelta(days=2)
        self.engine._cron_expire_contacts()
        contact_list.date_end = old.added_at
        self.env.invalidate_all()
        self.assertEqual(self.get_contacts().chained_from_id, old | listed)

    def test_whose_result_never_came_leads_on(self):
        """P14"""
        self.chain_by("dangling")
        contact = self.create_contacts(1)
        self.feed()
        self.wait(days=2)
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual(contact.state, "dangling")
        self.assertEqual(self.get_contacts().chained_from_id, contact)

    def test_parameters_go_where_the_same_name_stands(self):
        """P14"""
        self.name_parameters(self.campaign, "Contract", "Plan")
        self.name_parameters(self.winback, "Amount", "contract ")
        self.chain("voice", "move")
        contact = self.create_contacts(1)
        contact.business_parameters = {"business_parameter_1": "C-1", "business_parameter_2": "L"}
        self.feed()
        self.results((contact, CONNECTED))
        chained = self.get_contacts().business_parameters
        self.assertEqual(chained["business_parameter_2"], "C-1")
        self.assertFalse(chained["business_parameter_1"])

    def name_parameters(self, campaign, *labels):
        definition = campaign.parameters_definition
        for item, label in zip(definition, labels, strict=False):
            item["string"] = label
        campaign.parameters_definition = definition

    def test_first_attempts_are_planned_as_for_others(self):
        """E33, P14: in one statement, with whatever phones they have."""
        target = self.create_running(
            "Mobile first", strategy_id=self.create_strategy((3, {}), (1, {})).id
        )
        self.chain("voice", "move", target=target)
        with_third, others = "+493023125903", self.create_contacts(3)
        contact = self.create_contacts(1, phone_1="+493023125800", phone_3=with_third)
        self.feed()
        self.results(*((each, CONNECTED) for each in others | contact))
        chained = self.get_contacts(target)
        self.assertEqual(chained.mapped("number_to_call"), [*others.mapped("phone_1"), with_third])

    def test_a_campaign_does_not_chain_to_itself(self):
        with self.assertRaisesRegex(ValidationError, "to itself"):
            self.chain("busy", "move", target=self.campaign)

    @mute_logger(
        "odoo.models",
        "odoo.orm.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_agents_only_read(self):
        line = self.chain("busy", "move").with_user(self.create_user("agent"))
        line.read(["contact_count"])
        with self.assertRaises(AccessError):
            line.mode = "copy"
