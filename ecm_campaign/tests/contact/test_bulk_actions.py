from datetime import timedelta
from unittest.mock import Mock, patch

from psycopg2 import OperationalError
from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from ...models.contact import ecm_bulk_action
from ...models.contact.ecm_contact_queue import Sent
from ..collisions import TRANSACTIONS
from ..common import ResultCase

JOB = "ecm.bulk.action"
NUMBER, OTHER, THIRD = "+493023125001", "+493023125002", "+493023125003"


class BulkCase(ResultCase):
    """A supervisor changes many contacts at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor", tz="UTC")
        for attempt in cls.own_strategy.attempt_ids:
            cls.add_rule(attempt, "busy", action="again", delay_minutes=20)

    def patch_limits(self, at_once, a_slice):
        """So few contacts are changed at once, and so many in a slice."""
        self.patch(ecm_bulk_action, "AT_ONCE", at_once)
        self.patch(ecm_bulk_action, "SLICE", a_slice)

    def create_contacts(self, *numbers, **values):
        contacts = self.env["ecm.contact"]
        for number in numbers:
            contacts += self.create_contact(phone_1=number, **values)
        return contacts

    def open(self, records, method, domain=None, user=None):
        """The dialog, as the web client opens it from a list view.

        :param domain: of the filter; none where records are chosen
        """
        records = records.with_user(user or self.supervisor)
        if domain is not None:
            records = records.with_context(active_domain=domain)
        action = getattr(records, method)()
        wizards = self.env[action["res_model"]].with_user(self.supervisor)
        return Form(wizards.with_context(**action["context"]))

    def start(self, form, **choices):
        """:return: the job"""
        for name, value in choices.items():
            setattr(form, name, value)
        form.save().action_start()
        self.env.invalidate_all()
        return self.env["ecm.bulk.action"].search([], limit=1)

    def change(self, contacts, action, **choices):
        form = self.open(contacts, "action_change_in_bulk")
        form.action = action
        return self.start(form, **choices)

    def send(self, contact):
        """The dialer has the contact; the attempt's result is awaited."""
        attempt = self.env["ecm.attempt"].create(
            {
                "key": f"sent-{contact.id}",
                "contact_id": contact.id,
                "campaign_id": contact.campaign_id.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "state": "sent",
                "position": 1,
                "number": contact.phone_1,
                "claimed_at": fields.Datetime.now(),
            }
        )
        self.env.flush_all()
        sent = [Sent(contact.id, attempt.id, contact.phone_1, None)]
        self.env["ecm.contact"]._mark_sent(sent, "sent_to_dialer", fields.Datetime.now())
        self.env.invalidate_all()
        return attempt

    def assert_counts(self, job, **counts):
        found = {name: job[f"{name}_count"] for name in counts}
        self.assertEqual((job.state, found), ("done", counts))

    def run_jobs(self):
        self.env["ecm.bulk.action"]._cron_run()
        self.env.invalidate_all()


class TestBulkActions(BulkCase):
    """Reschedule, prioritise, withdraw, reopen and move, and undo it (P7, L10)."""

    def test_chosen_contacts_get_a_new_time(self):
        first, second, third = self.create_contacts(NUMBER, OTHER, THIRD)
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        job = self.change(first | second, "reschedule", start_at=tomorrow, reason="Storm")
        self.assert_counts(job, total=2, changed=2, busy=0, left=0)
        self.assertEqual((job.user_id, job.reason), (self.supervisor, "Storm"))
        self.assertEqual((first.is_ready, first.next_attempt_at), (False, job.start_at))
        self.assertEqual((first.due_at, third.due_at), (job.start_at, False))
        self.assertEqual((third.is_ready, third.next_attempt_at), (True, False))
        self.assertEqual((first.bulk_id, third.bulk_id.id), (job, False))

        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual((job.state, job.undone_count), ("undone", 2))
        self.assertEqual((first.is_ready, first.next_attempt_at), (True, False))
        self.assertFalse(first.bulk_id)

    def test_the_whole_filter_without_a_choice(self):
        contacts = self.create_contacts(NUMBER, OTHER)
        elsewhere = self.create_contact(self.create_campaign("Other offer"), phone_1=THIRD)
        form = self.open(
            self.env["ecm.contact"],
            "action_change_in_bulk",
            domain=[("campaign_id", "=", self.campaign.id)],
        )
        form.action = "priority"
        self.assertEqual((form.chosen_count, form.fitting_count), (2, 2))
        self.start(form, priority=7)
        self.assertEqual(contacts.mapped("priority"), [7, 7])
        self.assertEqual(elsewhere.priority, 0)

    def test_who_is_being_called_is_left_alone(self):
        contacts = self.create_contacts(NUMBER, OTHER)
        self.send(contacts[0])
        form = self.open(contacts, "action_change_in_bulk")
        self.assertEqual((form.busy_count, form.fitting_count), (1, 1))
        job = self.change(contacts, "priority", priority=3)
        self.assert_counts(job, total=2, changed=1, busy=1, left=0)
        self.assertEqual(contacts.mapped("priority"), [0, 3])
        self.assertIn("1 are being called", job.result)

    def test_who_is_being_called_is_withdrawn_as_the_form_does(self):
        contacts = self.create_contacts(NUMBER, OTHER)
        attempt = self.send(contacts[0])
        form = self.open(contacts, "action_change_in_bulk")
        form.action = "withdraw"
        self.assertEqual((form.busy_count, form.fitting_count), (0, 2))
        job = self.start(form, reason="Paid")
        self.assert_counts(job, total=2, changed=2, busy=0, left=0)
        # What the call comes to is written down, and leads to no further one.
        self.end(attempt, "busy")
        self.assertEqual(contacts.mapped("state"), ["withdrawn", "withdrawn"])
        self.assertTrue(attempt.is_late)

    def test_a_withdrawal_is_undone_unless_the_number_is_open_again(self):
        contacts = self.create_contacts(NUMBER, OTHER)
        later = fields.Datetime.now() + timedelta(hours=3)
        contacts[0].sudo().write({"is_ready": False, "next_attempt_at": later})
        job = self.change(contacts, "withdraw", reason="Mistake")
        self.assertEqual(contacts.mapped("withdraw_reason"), ["Mistake", "Mistake"])
        self.create_contact(phone_1=OTHER)
        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual(contacts.mapped("state"), ["pending", "withdrawn"])
        self.assertEqual((contacts[0].next_attempt_at, contacts[0].is_ready), (later, False))
        self.assertFalse(contacts[0].withdraw_reason or contacts[0].close_reason)
        self.assertEqual(job.undone_count, 1)

    def test_who_was_called_or_changed_since_is_not_changed_back(self):
        called, changed, untouched = self.create_contacts(NUMBER, OTHER, THIRD)
        job = self.change(called | changed | untouched, "priority", priority=3)
        self.call(called, "busy")
        self.change(changed, "priority", priority=5)
        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual(job.undone_count, 1)
        self.assertEqual((called.priority, changed.priority, untouched.priority), (3, 5, 0))

    def test_callbacks_keep_the_time_that_was_asked_for(self):
        plain, callback = self.create_contacts(NUMBER, OTHER)
        asked = fields.Datetime.now() + timedelta(hours=5)
        callback.sudo().write({"callback": "normal", "next_attempt_at": asked, "is_ready": False})
        job = self.change(plain | callback, "reschedule")
        self.assertEqual((callback.next_attempt_at, job.left_count), (asked, 1))
        self.change(plain | callback, "reschedule", has_callbacks=True)
        self.assertTrue(callback.is_ready)

    def test_what_a_stopped_list_holds_stays_held(self):
        contact_list = self.upload(f"phone\n{NUMBER}\n")
        contact_list.action_stop()
        contact = self.contacts_of(self.campaign)
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        job = self.change(contact, "reschedule", start_at=tomorrow)
        self.assertEqual((contact.is_ready, contact.next_attempt_at), (False, False))
        self.assertEqual((contact.block_reason, contact.resume_at), ("list_stopped", job.start_at))

    def test_closed_contacts_are_reopened_where_they_stopped_or_from_a_step(self):
        contact = self.create_contact(phone_1=NUMBER, phone_2=OTHER)
        self.call(contact, "busy")
        contact.action_withdraw()
        before = contact.next_position, contact.attempt_count
        job = self.change(contact, "reopen", goes_on=True)
        self.assertEqual((contact.state, contact.is_ready), ("pending", True))
        self.assertEqual((contact.next_position, contact.attempt_count), before)

        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual((contact.state, contact.close_reason), ("withdrawn", "withdrawn"))
        self.change(contact, "reopen", start_position=2)
        self.assertEqual((contact.next_position, contact.attempt_count), (2, 0))
        self.assertEqual(contact.number_to_call, OTHER)
        self.assertEqual(len(contact.attempt_ids), 1)

    def test_who_must_not_be_called_or_is_open_is_not_reopened(self):
        listed, twin = self.create_contacts(NUMBER, OTHER)
        listed.sudo().write({"state": "dnc_listed", "is_ready": False})
        twin.action_withdraw()
        self.create_contact(phone_1=OTHER)
        job = self.change(listed | twin, "reopen")
        self.assert_counts(job, total=1, changed=0, left=1)
        self.assertEqual((listed.state, twin.state), ("dnc_listed", "withdrawn"))

    def test_a_withdrawn_contact_that_rings_is_not_reopened(self):
        contact = self.create_contact(phone_1=NUMBER)
        self.send(contact)
        contact.action_withdraw()
        job = self.change(contact, "reopen")
        self.assert_counts(job, changed=0, busy=1)
        self.assertEqual(contact.state, "withdrawn")

    def test_one_contact_of_a_customer_is_reopened(self):
        earlier, later = self.create_contacts(NUMBER, NUMBER)
        (earlier | later).action_withdraw()
        job = self.change(earlier | later, "reopen")
        self.assert_counts(job, total=2, changed=1, left=1)
        self.assertEqual((earlier.state, later.state), ("withdrawn", "pending"))

    def test_one_contact_of_a_customer_moves_into_a_campaign(self):
        other = self.create_campaign("Other", strategy_id=self.own_strategy.id)
        target = self.create_campaign("Target", strategy_id=self.own_strategy.id)
        first = self.create_contact(phone_1=NUMBER)
        second = self.create_contact(other, phone_1=NUMBER)
        job = self.change(first | second, "move", campaign_id=target)
        self.assert_counts(job, total=2, changed=1, left=1)
        self.assertEqual((first.campaign_id, second.campaign_id), (target, other))

        # Where it came from somebody with its number is open since: it stays.
        self.create_contact(phone_1=NUMBER)
        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual((first.campaign_id, job.undone_count), (target, 0))

    def test_a_withdrawal_of_who_is_at_the_dialer_is_undone_while_the_result_is_awaited(self):
        waiting, called = self.create_contacts(NUMBER, OTHER)
        attempt = self.send(waiting)
        ended = self.send(called)
        job = self.change(waiting | called, "withdraw", reason="Mistake")
        self.end(ended, "busy")
        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual((waiting.state, called.state), ("sent_to_dialer", "withdrawn"))
        self.assertEqual((waiting.current_attempt_id, job.undone_count), (attempt, 1))

    def test_never_called_contacts_move_and_come_back(self):
        fresh, called, known = self.create_contacts(NUMBER, OTHER, THIRD)
        self.call(called, "busy")
        target = self.create_campaign("Target", strategy_id=self.own_strategy.id)
        self.create_contact(target, phone_1=THIRD)
        job = self.change(fresh | called | known, "move", campaign_id=target)
        self.assert_counts(job, total=3, changed=2, left=1)
        self.assertEqual((fresh.campaign_id, fresh.is_ready), (target, True))
        self.assertEqual((called | known).campaign_id, self.campaign)
        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual(fresh.campaign_id, self.campaign)

    def test_who_waits_for_a_retry_goes_on_in_another_campaign_with_its_history(self):
        called, awaited, known = self.create_contacts(NUMBER, OTHER, THIRD, first_name="Ada")
        for contact in (called, known):
            self.call(contact, "busy")
        due = called.next_attempt_at
        self.send(awaited)
        target = self.create_campaign("Target", strategy_id=self.own_strategy.id)
        self.create_contact(target, phone_1=THIRD)
        form = self.open(called | awaited | known, "action_change_in_bulk")
        form.action, form.campaign_id = "move", target
        self.assertEqual(form.busy_count, 1)
        job = self.start(form, reason="Their branch calls.", start_position=2)
        self.assert_counts(job, total=3, changed=1, busy=1, left=1)

        new = self.contacts_of(target).filtered(lambda contact: contact.phone_1 == NUMBER)
        self.assertEqual((new.again_from_id, new.first_name), (called, "Ada"))
        self.assertEqual((new.next_attempt_at, new.next_position, new.is_ready), (due, 2, False))
        self.assertEqual((new.attempt_count, new.earlier_attempt_count), (0, 1))
        self.assertEqual((called.state, len(called.attempt_ids)), ("withdrawn", 1))
        self.assertIn("Target. Their branch calls.", called.withdraw_reason)
        self.assertEqual((awaited.state, known.state), ("sent_to_dialer", "pending"))

        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertFalse(new.exists())
        self.assertEqual((called.state, called.next_attempt_at), ("pending", due))
        self.assertEqual((called.withdraw_reason, called.closed_at), (False, False))
        self.assertEqual(job.undone_count, 1)

    def test_who_was_called_in_the_other_campaign_stays_there(self):
        contact = self.create_contact(phone_1=NUMBER)
        self.call(contact, "busy")
        target = self.create_campaign("Target", strategy_id=self.own_strategy.id)
        job = self.change(contact, "move", campaign_id=target)
        self.call(self.contacts_of(target), "busy")
        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual((contact.state, job.undone_count), ("withdrawn", 0))

    def test_a_called_contact_moves_to_another_list_and_goes_on_where_it_is(self):
        contact = self.create_contact(phone_1=NUMBER, phone_2=OTHER)
        self.call(contact, "busy")
        before = (contact.next_attempt_at, contact.next_position, contact.number_to_call)
        contact_list = self.env["ecm.contact.list"].create(
            {"name": "Second wave", "campaign_id": self.campaign.id}
        )
        form = self.open(contact, "action_change_in_bulk")
        form.action, form.campaign_id, form.list_id = "move", self.campaign, contact_list
        job = self.start(form)
        self.assert_counts(job, total=1, changed=1)
        self.assertEqual(contact.list_id, contact_list)
        after = (contact.next_attempt_at, contact.next_position, contact.number_to_call)
        self.assertEqual(after, before)
        self.assertEqual((contact.attempt_count, contact.is_retry), (1, True))
        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertFalse(contact.list_id)

    def test_a_callback_stays_in_the_campaign_that_promised_it(self):
        contact = self.create_contact(phone_1=NUMBER)
        self.call(contact, "busy")
        contact.sudo().callback = "personal"
        target = self.create_campaign("Target", strategy_id=self.own_strategy.id)
        form = self.open(contact, "action_change_in_bulk")
        form.action, form.campaign_id = "move", target
        self.assertEqual((form.callback_count, form.fitting_count), (1, 0))
        job = self.start(form)
        self.assert_counts(job, total=1, changed=0, left=1)
        self.assertEqual(contact.state, "pending")

    def test_a_job_goes_on_with_the_next_slice_after_a_kill(self):
        self.patch_limits(0, 2)
        contacts = self.create_contacts(*(f"+4930231260{place:02}" for place in range(5)))
        job = self.change(contacts, "priority", priority=4)
        self.assertEqual((job.state, job.total_count, len(job.part_ids)), ("queued", 5, 3))
        job._begin()
        job._work_on(job.part_ids[0].id, "running", job._change)
        self.env.invalidate_all()
        self.assertEqual((job.processed_count, job.changed_count), (2, 2))
        self.assertEqual(job.progress, 40.0)
        # Another process goes on: what is done stays done, whoever changed it since.
        contacts[0].priority = 9
        self.run_jobs()
        self.assert_counts(job, total=5, processed=5, changed=5)
        self.assertEqual(contacts.mapped("priority"), [9, 4, 4, 4, 4])

        job.with_user(self.supervisor).action_undo()
        self.assertEqual(job.state, "undoing")
        self.run_jobs()
        self.assertEqual((job.state, job.undone_count), ("undone", 5))
        self.assertEqual(set(contacts.mapped("priority")), {0})

    def test_who_is_chosen_is_frozen(self):
        self.patch_limits(0, 2)
        contacts = self.create_contacts(NUMBER, OTHER)
        domain = [("campaign_id", "=", self.campaign.id)]
        form = self.open(self.env["ecm.contact"], "action_change_in_bulk", domain=domain)
        form.action = "priority"
        job = self.start(form, priority=2)
        later = self.create_contact(phone_1=THIRD)
        contacts[0].action_withdraw()
        self.run_jobs()
        self.assert_counts(job, total=2, changed=1, left=1)
        self.assertEqual((contacts[1].priority, later.priority), (2, 0))

    def test_a_cancelled_job_goes_no_further(self):
        self.patch_limits(0, 1)
        contacts = self.create_contacts(NUMBER, OTHER)
        job = self.change(contacts, "priority", priority=2)
        job._begin()
        job._work_on(job.part_ids[0].id, "running", job._change)
        job.with_user(self.supervisor).action_cancel()
        self.run_jobs()
        self.assertEqual((job.state, job.changed_count), ("cancelled", 1))
        self.assertEqual(contacts.mapped("priority"), [2, 0])
        self.assertTrue(job.can_undo)

    @mute_logger("odoo.addons.ecm_campaign.models.contact.ecm_bulk_action")
    def test_a_job_that_fails_keeps_no_other_from_its_turn(self):
        self.patch_limits(0, 5)
        first = self.change(self.create_contact(phone_1=NUMBER), "priority", priority=2)
        contact = self.create_contact(phone_1=OTHER)
        second = self.change(contact, "priority", priority=2)
        make_order = type(first)._make_order

        def fail(job):
            if job == first:
                raise ValueError("broken")
            return make_order(job)

        self.patch(type(first), "_make_order", fail)
        self.run_jobs()
        self.assertEqual((first.state, second.state), ("failed", "done"))
        self.assertIn("log", first.error)

    def test_it_can_be_undone_for_a_week(self):
        contact = self.create_contact(phone_1=NUMBER)
        job = self.change(contact, "priority", priority=2)
        job.finished_at -= timedelta(days=8)
        self.env["ecm.bulk.action"]._gc_parts()
        self.env.invalidate_all()
        self.assertFalse(job.can_undo)
        self.assertFalse(job.part_ids.before or job.part_ids.contact_ids)
        self.assertEqual(job.changed_count, 1)
        with self.assertRaisesRegex(UserError, "no longer"):
            job.with_user(self.supervisor).action_undo()

    def test_what_is_missing_is_said(self):
        contact = self.create_contact(phone_1=NUMBER)
        wizard = self.env["ecm.bulk.start"].with_user(self.supervisor)
        values = {"source_domain": repr([("id", "=", contact.id)])}
        with self.assertRaisesRegex(UserError, "Say why"):
            wizard.create({**values, "action": "withdraw"}).action_start()
        with self.assertRaisesRegex(UserError, "move to"):
            wizard.create({**values, "action": "move"}).action_start()
        with self.assertRaisesRegex(UserError, "no contacts"):
            wizard.create({**values, "action": "reopen"}).action_start()

    @mute_logger(
        "odoo.models", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"
    )
    def test_roles_and_companies(self):
        agent = self.create_user("agent")
        contact = self.create_contact(phone_1=NUMBER)
        with self.assertRaises(AccessError):
            self.env["ecm.bulk.start"].with_user(agent).create({})
        with self.assertRaises(AccessError):
            self.env["ecm.bulk.action"].with_user(agent)._ask_for(
                {"action": "priority", "company_id": self.env.company.id}, []
            )
        job = self.change(contact, "priority", priority=2)
        with self.assertRaises(AccessError):
            job.with_user(agent).action_undo()
        with self.assertRaises(AccessError):
            job.with_user(self.supervisor).state = "queued"

        # Whatever domain somebody of another company sends, it finds none of ours.
        company = self.env["res.company"].create({"name": "Other company"})
        stranger = self.env["res.users"].create(
            {
                "name": "Stranger",
                "login": "stranger",
                "company_id": company.id,
                "company_ids": [fields.Command.set(company.ids)],
                "group_ids": [
                    fields.Command.link(
                        self.env.ref("ecm_campaign.ecm_campaign_group_supervisor").id
                    )
                ],
            }
        )
        with self.assertRaises(AccessError):
            job.with_user(stranger).action_undo()
        wizard = self.env["ecm.bulk.start"].with_user(stranger)
        for company_id in (company.id, self.env.company.id):
            values = {
                "action": "priority",
                "priority": 9,
                "company_id": company_id,
                "source_domain": repr([("id", "=", contact.id)]),
            }
            with self.assertRaises(UserError):
                wizard.create(values).action_start()
        self.assertEqual(contact.priority, 2)


class TestCallAgain(BulkCase):
    """Contacts that were not reached are called again, as new contacts that continue them (P2)."""

    def setUp(self):
        super().setUp()
        self.reached, self.missed, self.open_one = self.create_contacts(
            NUMBER, OTHER, THIRD, phone_2="+493023125009"
        )
        self.call(self.reached, "voice")
        self.call(self.missed, "busy")
        self.missed.sudo().write({"state": "retries_completed", "is_ready": False})

    def again(self, records, **choices):
        return self.start(self.open(records, "action_call_again"), **choices)

    def get_new(self, campaign=None):
        domain = [("again_from_id", "in", self.contacts_of(self.campaign).ids)]
        if campaign:
            domain.append(("campaign_id", "=", campaign.id))
        return self.env["ecm.contact"].search(domain)

    def test_who_was_not_reached_gets_a_new_contact_that_continues_the_earlier_one(self):
        self.missed.business_parameters = {"business_parameter_1": "CT-1"}
        form = self.open(self.campaign, "action_call_again")
        self.assertEqual((form.chosen_count, form.fitting_count), (1, 1))
        job = self.start(form, reason="Second round")
        self.assert_counts(job, total=1, changed=1)
        new = self.get_new()
        self.assertEqual((new.again_from_id, new.campaign_id), (self.missed, self.campaign))
        self.assertEqual((new.state, new.is_ready, new.next_position), ("pending", True, 1))
        self.assertEqual((new.attempt_count, new.phone_2), (0, self.missed.phone_2))
        self.assertEqual(dict(new.business_parameters)["business_parameter_1"], "CT-1")
        self.assertEqual(self.missed.state, "retries_completed")

    def test_who_is_called_again_has_a_place_in_the_order_of_a_field(self):
        self.missed.last_name = "Miller"
        self.campaign.write({"dial_order": "field", "order_field": "last_name"})
        self.again(self.campaign)
        self.assertTrue(self.get_new().dial_key)

    def test_earlier_attempts_are_seen_on_the_new_contact(self):
        self.again(self.campaign)
        new = self.get_new().with_user(self.supervisor)
        self.assertEqual(new.earlier_attempt_count, 1)
        action = new.action_view_earlier_attempts()
        attempts = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(attempts, self.missed.attempt_ids)

    def test_who_was_uploaded_again_shows_earlier_attempts_too(self):
        self.upload(f"phone\n{OTHER}\n")
        again = self.contacts_of(self.campaign)[-1]
        self.assertEqual((again.phone_1, again.earlier_attempt_count), (OTHER, 1))

    def test_into_another_campaign_from_a_step_at_a_time(self):
        target = self.create_campaign("Second wave", strategy_id=self.own_strategy.id)
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        job = self.again(self.missed, campaign_id=target, start_position=2, start_at=tomorrow)
        new = self.get_new(target)
        self.assertEqual((new.next_position, new.is_ready), (2, False))
        self.assertEqual(new.number_to_call, self.missed.phone_2)
        self.assertEqual(new.next_attempt_at, job.start_at)

    def test_by_outcome_and_all(self):
        busy = self.outcome("busy")
        form = self.open(self.campaign, "action_call_again")
        form.who = "outcome"
        form.outcome_ids.add(self.outcome("voice"))
        self.assertEqual(form.chosen_count, 1)
        form.outcome_ids.add(busy)
        self.assertEqual(form.chosen_count, 2)
        form.who = "all"
        self.assertEqual((form.chosen_count, form.fitting_count), (2, 2))
        withdrawn = self.create_contact(phone_1="+493023125007")
        withdrawn.action_withdraw()
        form = self.open(self.campaign, "action_call_again")
        form.who = "all"
        self.assertEqual(form.chosen_count, 2)
        form.has_withdrawn = True
        self.assertEqual(form.chosen_count, 3)

    def test_of_a_list(self):
        contact_list = self.upload("phone\n+493023125004\n+493023125005\n")
        first, second = contact_list.env["ecm.contact"].search(
            [("list_id", "=", contact_list.id)], order="id"
        )
        first.sudo().write({"state": "not_connected", "is_ready": False})
        self.again(contact_list)
        self.assertEqual(self.get_new().again_from_id, first)
        self.assertEqual(second.state, "pending")

    def test_twice_calls_nobody_twice(self):
        self.again(self.campaign)
        new = self.get_new()
        form = self.open(self.campaign, "action_call_again")
        self.assertEqual((form.open_count, form.fitting_count), (1, 0))
        job = self.start(form)
        self.assert_counts(job, changed=0, left=1)
        # Who was reached the second time stands for the person.
        self.call(new, "voice")
        form = self.open(self.campaign, "action_call_again")
        self.assertEqual((form.earlier_count, form.fitting_count), (1, 0))
        self.start(form)
        self.assertEqual(self.get_new(), new)

    def test_one_of_several_closed_contacts_of_a_number(self):
        same = self.create_contact(phone_1=OTHER)
        same.sudo().write({"state": "not_connected", "is_ready": False})
        self.again(self.campaign)
        self.assertEqual(self.get_new().again_from_id, same)

    def test_the_preview_asks_the_gates(self):
        self.env["ecm.dnc.list"].create({"name": "Registry"}).api_add([OTHER, self.missed.phone_2])
        limited = self.create_contact(phone_1="+493023125006")
        self.env["ecm.strategy.limit"].create(
            {
                "strategy_id": self.own_strategy.id,
                "count": 1,
                "period": "24h",
                "scope": "all",
                "subject": "number",
            }
        )
        self.call(limited, "busy")
        limited.sudo().write({"state": "retries_completed", "is_ready": False})
        form = self.open(self.campaign, "action_call_again")
        counts = form.chosen_count, form.dnc_count, form.limit_count, form.fitting_count
        self.assertEqual(counts, (2, 1, 1, 1))

    def test_undone_before_anybody_was_called(self):
        other = self.create_contact(phone_1="+493023125008")
        other.sudo().write({"state": "not_connected", "is_ready": False})
        job = self.again(self.campaign)
        called = self.get_new().filtered(lambda new: new.again_from_id == other)
        self.call(called, "busy")
        job.with_user(self.supervisor).action_undo()
        self.env.invalidate_all()
        self.assertEqual((self.get_new(), job.undone_count), (called, 1))
        self.again(self.campaign)
        self.assertEqual((self.get_new() - called).again_from_id, self.missed)

    def test_a_step_that_the_strategy_has_not(self):
        with self.assertRaisesRegex(UserError, "steps 1 to 2"):
            self.again(self.campaign, campaign_id=self.campaign, start_position=3)


class TestBulkInTheWay(BulkCase):
    """A job while the supervisor waits, and another transaction in the way of it."""

    def setUp(self):
        super().setUp()
        # Savepoints for transactions: what a try has written since the last commit goes with it.
        transactions = self.registry["ecm.transaction.mixin"]
        self.patch(transactions, "_commit", lambda model, **_progress: self._commit())
        self.patch(transactions, "_rollback", lambda model: self._roll_back())
        self.startPatcher(patch(f"{TRANSACTIONS}.time", Mock()))
        self.contacts = self.create_contacts(NUMBER, OTHER)
        self._commit()

    def _commit(self):
        self.env.flush_all()
        self.env.cr.execute("SAVEPOINT committed")
        return float("inf")

    def _roll_back(self):
        self.env.invalidate_all(flush=False)
        self.env.cr.execute("ROLLBACK TO SAVEPOINT committed")

    def change_in_the_way(self, times):
        """A change whose first step fails so often.

        :return: the job
        """
        begin, failures = ecm_bulk_action.EcmBulkAction._begin, [SerializationFailure()] * times

        def fail_or_begin(job):
            if failures:
                raise failures.pop()
            return begin(job)

        with patch.object(self.registry[JOB], "_begin", fail_or_begin):
            return self.change(self.contacts, "priority", priority=7)

    def test_what_was_asked_for_is_kept_while_a_step_is_tried_again(self):
        self.assert_counts(self.change_in_the_way(1), total=2, changed=2)
        self.assertEqual(self.contacts.mapped("priority"), [7, 7])

    def test_what_cannot_be_done_at_once_is_done_in_the_background(self):
        job = self.change_in_the_way(5)
        self.assertEqual((job.state, self.contacts.mapped("priority")), ("queued", [0, 0]))
        action = self.env.ref("ecm_campaign.ir_cron_bulk")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", action.id)]))
        self.run_jobs()
        self.assert_counts(job, total=2, changed=2)
        self.assertEqual(self.env[JOB].search([("id", ">=", job.id)]), job, "asked for once")

    def test_a_lost_connection_is_no_failure_of_the_job(self):
        self.patch_limits(0, 10)
        job, jobs = self.change(self.contacts, "priority", priority=7), self.registry[JOB]
        with (
            patch.object(jobs, "_change", side_effect=OperationalError),
            patch.object(jobs, "_is_lost", return_value=True),
            self.assertNoLogs(ecm_bulk_action.__name__, "ERROR"),
            self.assertRaises(OperationalError),
        ):
            self.env[JOB]._cron_run()
        self.assertIn(job.state, ecm_bulk_action.WAITING)
        self.run_jobs()
        self.assert_counts(job, total=2, changed=2)
