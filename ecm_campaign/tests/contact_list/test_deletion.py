from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from ..common import CampaignCase

NEW_NUMBERS = [f"+49302312510{number:02d}" for number in range(20)]
OFFERS_DELETE = ("list", "kanban", "form")
NUMBER, OTHER = "+493023125001", "+493023125002"


class DeletionCase(CampaignCase):
    """A list of two contacts that nobody has called yet, and a supervisor."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor", password="ecm_supervisor")

    def setUp(self):
        super().setUp()
        self.contact_list = self.upload(f"phone\n{NUMBER}\n{OTHER}\n")
        self.contact, self.other = self.contacts_of(self.campaign)

    def send(self, contact):
        """The contact is at the dialer, as the engine leaves it.

        :return: the attempt
        """
        now = fields.Datetime.now()
        attempt = self.env["ecm.attempt"].create(
            {
                "key": f"deletion-{contact.id}",
                "contact_id": contact.id,
                "campaign_id": contact.campaign_id.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "state": "sent",
                "position": 1,
                "number": contact.phone_1,
                "claimed_at": now,
            }
        )
        self.env.flush_all()
        sent = (contact.id, attempt.id, contact.phone_1, None)
        self.env["ecm.contact"]._mark_sent([sent], "sent_to_dialer", now)
        self.env.invalidate_all()
        return attempt

    def run_campaign(self):
        """Without a dialer no campaign starts."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()

    def assert_refused(self, record, sentence):
        """A supervisor cannot delete the record, and everything is still there."""
        before = self.contacts_of(self.campaign)
        with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
            record.with_user(self.supervisor).unlink()
        self.env.invalidate_all()
        self.assertTrue(record.exists())
        self.assertEqual(self.contacts_of(self.campaign), before)


class TestDeletion(DeletionCase):
    """Deleting never wipes what was called (U1)."""

    def test_a_list_whose_contacts_were_called_stays(self):
        attempt = self.send(self.contact)
        self.contact.action_withdraw()
        self.assert_refused(self.contact_list, "history must stay")
        self.assertTrue(attempt.exists())

    def test_a_campaign_whose_contacts_were_called_stays(self):
        attempt = self.send(self.contact)
        self.assert_refused(self.campaign, "history must stay")
        self.assertTrue(attempt.exists())

    def test_a_running_campaign_and_its_list_stay_with_contacts_at_the_dialer(self):
        self.run_campaign()
        self.assert_refused(self.campaign, "Stop the campaign")
        attempt = self.send(self.contact)
        self.assert_refused(self.campaign, "Stop the campaign")
        self.assert_refused(self.contact_list, "history must stay")
        self.assertEqual((attempt.state, self.contact.state), ("sent", "sent_to_dialer"))

    def test_what_is_being_imported_stays(self):
        importing = self.queue("phone\n+493023125003\n")
        importing._begin()
        self.assert_refused(importing, "being read")
        self.assert_refused(self.campaign, "being read")

    def test_what_was_never_called_goes_with_its_list(self):
        by_hand = self.create_contact(phone_1="+493023125009")
        self.contact_list.with_user(self.supervisor).unlink()
        self.assertFalse(self.contact_list.exists())
        self.assertEqual(self.contacts_of(self.campaign), by_hand)

    def test_what_was_never_called_goes_with_its_campaign(self):
        contacts = self.contact | self.other
        self.campaign.with_user(self.supervisor).unlink()
        self.assertFalse(contacts.exists() or self.contact_list.exists())

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_agents_delete_nothing(self):
        agent = self.create_user("agent")
        for record in (self.contact_list, self.campaign):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                record.with_user(agent).unlink()
        self.assertEqual(len(self.contacts_of(self.campaign)), 2)


class TestDeletionWizard(DeletionCase):
    """Deleting says how much goes, and says why what must stay (U1)."""

    def open_wizard_of(self, records):
        context = {"active_model": records._name, "active_ids": records.ids}
        wizards = self.env["ecm.deletion"].with_user(self.supervisor).with_context(**context)
        return Form(wizards)

    def test_the_counts_are_said_before(self):
        self.create_contact(phone_1="+493023125009")
        wizard = self.open_wizard_of(self.campaign)
        self.assertFalse(wizard.obstacle)
        self.assertEqual(
            wizard.summary, "Campaigns: 1 · Lists: 1 · Contacts that were never called: 3"
        )
        wizard = self.open_wizard_of(self.contact_list)
        self.assertEqual(wizard.summary, "Lists: 1 · Contacts that were never called: 2")
        wizard.save().action_delete()
        self.assertFalse(self.contact_list.exists() or self.contact.exists())

    def test_what_must_stay_says_why(self):
        self.send(self.contact)
        for records in (self.contact_list, self.campaign):
            wizard = self.open_wizard_of(records)
            self.assertIn("history must stay", wizard.obstacle)
            with self.assertRaisesRegex(UserError, "history must stay"):
                wizard.save().action_delete()

    def test_no_view_deletes_without_the_counts(self):
        for name in ("campaign", "contact_list"):
            action = self.env.ref(f"ecm_campaign.ecm_{name}_action")
            modes = [mode for mode in action.view_mode.split(",") if mode in OFFERS_DELETE]
            views = self.env[action.res_model].get_views([(False, mode) for mode in modes])
            for mode in modes:
                with self.subTest(model=action.res_model, mode=mode):
                    arch = etree.fromstring(views["views"][mode]["arch"])
                    self.assertIn(arch.get("delete"), ("0", "False"))


class TestUndo(DeletionCase):
    """*Undo this upload*: what was not called goes, what was called stays (U1)."""

    def undo(self, contact_list):
        """:return: what the supervisor is told"""
        action = contact_list.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        return action["params"]["message"]

    def test_what_was_not_called_goes_and_the_rest_stays_stopped(self):
        self.run_campaign()
        attempt = self.send(self.contact)
        by_hand = self.create_contact(phone_1="+493023125009")
        message = self.undo(self.contact_list)
        self.assertIn("1 contacts that were not called were deleted", message)
        self.assertIn("1 that were called stay in this list", message)
        self.assertEqual(self.contacts_of(self.campaign), self.contact | by_hand)
        self.assertEqual((attempt.state, self.contact.list_id), ("sent", self.contact_list))
        self.assertEqual(
            (self.contact_list.state, self.contact_list.status), ("cancelled", "stopped")
        )

    def test_a_contact_that_waits_for_its_next_attempt_is_held(self):
        self.send(self.contact)
        self.env.cr.execute(
            "UPDATE ecm_contact SET state = 'pending', is_ready = TRUE WHERE id = %s",
            [self.contact.id],
        )
        self.undo(self.contact_list)
        self.assertEqual(
            (self.contact.state, self.contact.is_ready, self.contact.block_reason),
            ("pending", False, "list_stopped"),
        )

    def test_contacts_that_must_not_be_called_go_as_well(self):
        self.env["ecm.dnc.list"].create({"name": "Registry"}).api_add(["+493023125003"])
        contact_list = self.upload("phone\n+493023125003\n")
        self.assertEqual(self.contacts_of(self.campaign)[-1].state, "dnc_listed")
        self.assertEqual(contact_list.uploaded_count, 1)
        self.undo(contact_list)
        self.assertEqual(self.contacts_of(self.campaign), self.contact | self.other)
        # What was stored and is no longer there is not counted (I12).
        self.assertEqual(contact_list.uploaded_count, 0)

    def test_only_what_has_ended_can_be_undone(self):
        queued = self.queue("phone\n+493023125003\n")
        with self.assertRaisesRegex(UserError, "has ended"):
            self.undo(queued)
        self.undo(self.contact_list)
        with self.assertRaisesRegex(UserError, "has ended"):
            self.undo(self.contact_list)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_agents_undo_nothing(self):
        agent = self.create_user("agent")
        with self.assertRaises(AccessError):
            self.contact_list.with_user(agent).action_undo()


class TestUndoOverwrite(DeletionCase):
    """Cancelling or undoing an upload that overwrites deletes nobody who was there before (E2)."""

    NEW = "+493023125003"

    def setUp(self):
        super().setUp()
        self.by_hand = self.create_contact(phone_1="+493023125009")
        self.before = self.contacts_of(self.campaign)

    def queue_overwriting(self, *numbers):
        content = "\n".join(["phone,first name", *(f"{number},New" for number in numbers)])
        return self.create_list_from(content.encode(), name="over.csv", mode="overwrite")

    def import_one_chunk(self, contact_list):
        """The scheduled action's time is up after ten rows."""
        with self.time_for_one_chunk(10):
            contact_list._run_safely()
        self.env.invalidate_all()
        self.assertEqual((contact_list.state, contact_list.processed_count), ("importing", 10))

    def assert_as_before(self):
        self.env.invalidate_all()
        self.assertEqual(self.contacts_of(self.campaign), self.before)
        self.assertEqual((self.contact | self.other).list_id, self.contact_list)
        self.assertFalse(self.by_hand.list_id)
        self.assertEqual(set(self.before.mapped("state")), {"pending"})
        self.assertTrue(all(self.before.mapped("is_ready")))

    def test_cancelling_deletes_only_what_it_stored(self):
        known = (self.contact.phone_1, self.by_hand.phone_1)
        overwriting = self.queue_overwriting(*known, *NEW_NUMBERS)
        self.import_one_chunk(overwriting)
        self.assertEqual(self.contact.list_id, overwriting)
        self.assertEqual(overwriting.contact_count, 10)
        overwriting.with_user(self.supervisor).action_cancel()
        self.assert_as_before()
        self.assertEqual(overwriting.uploaded_count, 0)

    def test_cancelling_after_a_crash_and_a_second_run(self):
        """What an earlier run has committed counts like what this run has stored."""
        overwriting = self.queue_overwriting(self.contact.phone_1, *NEW_NUMBERS)
        self.import_one_chunk(overwriting)
        overwriting.invalidate_recordset()
        notify = self.registry["ecm.contact.list"]._notify_progress

        def cancelling(record):
            record.action_cancel()
            return notify(record)

        with patch.object(self.registry["ecm.contact.list"], "_notify_progress", cancelling):
            overwriting._run_safely()
        self.assertEqual(overwriting.state, "cancelled")
        self.assert_as_before()

    def test_cancelling_before_the_list_was_to_start(self):
        """What it took over was held back with it, and is released to its own list."""
        later = fields.Datetime.now() + timedelta(days=1)
        overwriting = self.queue_overwriting(self.contact.phone_1, *NEW_NUMBERS)
        overwriting.date_start = later
        self.import_one_chunk(overwriting)
        self.env["ecm.contact"]._hold_lists(overwriting)
        self.assertEqual(self.contact.block_reason, "list_stopped")
        overwriting.action_cancel()
        self.assert_as_before()
        self.assertFalse(self.contact.block_reason)

    def test_undoing_gives_back_what_was_taken_over(self):
        overwriting = self.queue_overwriting(self.contact.phone_1, self.other.phone_1, self.NEW)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.assertEqual(overwriting.contact_count, 3)
        action = overwriting.with_user(self.supervisor).action_undo()
        self.assertIn("1 contacts that were not called", action["params"]["message"])
        self.assertIn("2 went back", action["params"]["message"])
        self.assert_as_before()

    def test_undoing_two_uploads_one_after_the_other(self):
        lists = [self.queue_overwriting(self.contact.phone_1, self.other.phone_1) for _n in "12"]
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        for overwriting in reversed(lists):
            overwriting.action_undo()
        self.assert_as_before()

    def test_a_contact_whose_own_list_is_gone_stays_without_one(self):
        overwriting = self.queue_overwriting(self.contact.phone_1, self.other.phone_1)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.contact_list.unlink()
        overwriting.action_undo()
        self.env.invalidate_all()
        self.assertEqual(self.contacts_of(self.campaign), self.before)
        self.assertFalse(self.contact.list_id)


@tagged("post_install", "-at_install")
class TestDeletionByRequest(HttpCase, DeletionCase):
    """The same through the web client's own call (U1)."""

    def unlink_by_request(self, record):
        self.authenticate("ecm_supervisor", "ecm_supervisor")
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{record._name}/unlink",
            {"model": record._name, "method": "unlink", "args": [record.ids], "kwargs": {}},
        )

    @mute_logger("odoo.http")
    def test_the_web_client_is_refused_as_well(self):
        attempt = self.send(self.contact)
        for record in (self.contact_list, self.campaign):
            with (
                self.subTest(model=record._name),
                self.assertRaisesRegex(JsonRpcException, "UserError"),
            ):
                self.unlink_by_request(record)
        self.env.invalidate_all()
        self.assertTrue(attempt.exists() and self.contact_list.exists() and self.other.exists())

    def test_the_web_client_deletes_what_was_never_called(self):
        self.assertTrue(self.unlink_by_request(self.contact_list))
        self.env.invalidate_all()
        self.assertFalse(self.contact.exists() or self.contact_list.exists())
