from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from ..models import ecm_writeback_task
from .common import NUMBER
from odoo.addons.ecm_campaign.tests.common import ResultCase

LOCKED = "This lead is locked."


class WritebackCase(ResultCase):
    """A lead with a contact in a campaign, and a rule for whoever was reached."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What the demo data writes and counts is for people.
        for name in ("ecm.writeback.rule", "ecm.crm.event"):
            cls.env[name].search([]).active = False
        for name in ("ecm.writeback.task", "ecm.conversion"):
            cls.env[name].search([]).unlink()
        cls.sales_user = cls.env["res.users"].create({"name": "Sally", "login": "ecm_sally"})
        stages = cls.env["crm.stage"]
        cls.new, cls.warm, cls.late = stages.create(
            [{"name": name, "sequence": 900 + n} for n, name in enumerate(("N", "W", "L"))]
        )
        cls.partner = cls.env["res.partner"].create({"name": "Ada", "phone": NUMBER})
        cls.lead = cls.create_lead()
        cls.contact = cls.create_contact(lead_id=cls.lead.id, first_name="Ada")

    @classmethod
    def create_lead(cls, **values):
        return cls.env["crm.lead"].create(
            {
                "name": "A lead",
                "type": "opportunity",
                "phone": NUMBER,
                "partner_id": cls.partner.id,
                "user_id": cls.sales_user.id,
                "stage_id": cls.new.id,
                **values,
            }
        )

    @classmethod
    def create_rule(cls, code="no_answer", **values):
        outcomes = [Command.link(cls.outcome(code).id)] if code else []
        return cls.env["ecm.writeback.rule"].create(
            {"name": "A rule", "outcome_ids": outcomes, **values}
        )

    def write_back(self):
        self.env["ecm.writeback.task"]._cron_write_back()
        self.env.invalidate_all()

    def get_tasks(self):
        return self.env["ecm.writeback.task"].search([])

    def get_notes(self, record=None):
        """What stands in the history, without what Odoo says of the record's creation."""
        messages = (record or self.lead).message_ids
        return messages.filtered(lambda one: one.author_id == self.env.ref("base.partner_root"))


@tagged("post_install", "-at_install")
class TestWriteback(WritebackCase):
    """Results are written to leads and customers as rules say, once each (R2)."""

    def test_note_activity_and_stage(self):
        todo = self.env.ref("mail.mail_activity_data_call")
        self.create_rule(
            note="{campaign}: {outcome}\n{first_name} <b> {agent}",
            stage_id=self.warm.id,
            activity_type_id=todo.id,
            activity_summary="Ring {first_name}",
            activity_days=3,
        )
        before = self.get_notes()
        self.call(self.contact, "no_answer", agent="anna")
        self.write_back()

        self.assertEqual(self.lead.stage_id, self.warm)
        note = self.get_notes() - before
        self.assertEqual(len(note), 1)
        self.assertIn("Spring offer: ", note.body)
        self.assertIn("Ada &lt;b&gt; anna", note.body)
        tracked = note.sudo().tracking_value_ids
        self.assertEqual((tracked.old_value_char, tracked.new_value_char), ("N", "W"))
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        activity = self.lead.activity_ids
        self.assertEqual((activity.summary, activity.user_id), ("Ring Ada", self.sales_user))
        expected = fields.Date.context_today(self.lead) + timedelta(days=3)
        self.assertEqual(activity.date_deadline, expected)
        self.assertEqual(self.get_tasks().mapped("state"), ["done"])
        self.assertEqual(self.get_tasks().record_ref, self.lead)

    def test_other_results_write_nothing(self):
        self.create_rule(note="Reached")
        self.call(self.contact, "busy")
        self.assertFalse(self.get_tasks())

    def test_campaign_and_wrap_up_narrow_a_rule(self):
        self.create_rule(note="x", campaign_ids=[Command.link(self.create_campaign("Other").id)])
        group = self.env["ecm.business.outcome.group"].create({"name": "Own wrap-ups"})
        sale, other = self.env["ecm.business.outcome"].create(
            [
                {"name": name, "code": name, "group_id": group.id, "kind": "success"}
                for name in ("Sold", "Maybe")
            ]
        )
        self.campaign.business_outcome_group_id = group
        self.create_rule("voice", note="Sold", business_outcome_ids=[Command.link(sale.id)])
        self.create_rule("voice", note="Maybe", business_outcome_ids=[Command.link(other.id)])
        self.call(self.contact, "voice", wrap_up="sold")
        self.assertEqual(self.get_tasks().rule_id.mapped("note"), ["Sold"])

    def test_only_the_result_that_closes(self):
        self.create_rule(None, note="Over", moment="last")
        strategy = self.own_strategy.attempt_ids
        self.add_rule(strategy[0], "busy", action="next", delay_minutes=0)
        contact = self.create_contact(lead_id=self.lead.id, phone_2="+493023125002")
        self.call(contact, "busy")
        self.assertEqual((contact.state, len(self.get_tasks())), ("pending", 0))
        self.call(contact, "no_answer")
        self.assertEqual(len(self.get_tasks()), 1)

    def test_a_result_that_comes_twice_is_written_once(self):
        self.create_rule(note="Once")
        attempt = self.call(self.contact, "no_answer")
        self.write_back()
        self.env["ecm.writeback.task"]._queue(attempt.ids)
        self.write_back()
        self.assertEqual(len(self.get_notes().filtered(lambda one: "Once" in one.body)), 1)

    def test_a_death_between_is_written_again_and_not_doubled(self):
        """The marker is in the transaction of what is written."""
        self.create_rule(note="Once", stage_id=self.warm.id)
        self.call(self.contact, "no_answer")
        tasks = self.env["ecm.writeback.task"]
        self.env.flush_all()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            tasks._write_next()
            self.env.flush_all()
            raise ZeroDivisionError
        self.env.invalidate_all(flush=False)
        self.assertEqual(self.get_tasks().state, "queued")
        self.assertEqual(self.lead.stage_id, self.new)
        self.write_back()
        self.assertEqual(len(self.get_notes().filtered(lambda one: "Once" in one.body)), 1)

    def test_one_that_fails_holds_up_no_other_and_is_tried_again(self):
        rule = self.create_rule(note="Hello")
        leads = [self.create_lead(name=f"Lead {n}") for n in range(7)]
        contacts = [self.create_contact(lead_id=lead.id) for lead in leads]
        for contact in contacts:
            self.call(contact, "no_answer")
        bad = leads[3]
        write = type(rule)._post_notes

        def refuse(rules, records, *args):
            if bad in records:
                raise UserError(self.env._("This lead is locked."))
            return write(rules, records, *args)

        with patch.object(type(rule), "_post_notes", refuse):
            self.write_back()
        failed = self.get_tasks().filtered("error")
        self.assertEqual(failed.contact_id, contacts[3])
        self.assertEqual((failed.state, failed.error), ("queued", LOCKED))
        self.assertGreater(failed.due_at, fields.Datetime.now())
        for lead in (*leads[:3], *leads[4:]):
            self.assertIn("Hello", self.get_notes(lead)[0].body)
        self.write_back()
        self.assertTrue(self.get_tasks().filtered("error"), "It is not due yet.")

        failed.action_retry()
        self.write_back()
        self.assertEqual(set(self.get_tasks().mapped("state")), {"done"})
        self.assertIn("Hello", self.get_notes(bad)[0].body)

    def test_after_some_tries_it_waits_for_a_person(self):
        rule = self.create_rule(note="Hello")
        self.call(self.contact, "no_answer")
        with (
            patch.object(type(rule), "_post_notes", side_effect=UserError("No.")),
            patch.object(ecm_writeback_task, "get_retry_delay", lambda tries: None),
        ):
            self.write_back()
        self.assertEqual(self.get_tasks().state, "failed")
        self.assertEqual(rule.failed_count, 1)

    def test_the_later_result_of_a_lead_is_written_last(self):
        self.create_rule("no_answer", stage_id=self.late.id, may_go_back=True, sequence=90)
        self.create_rule("busy", stage_id=self.warm.id, may_go_back=True, sequence=1)
        strategy = self.own_strategy.attempt_ids
        self.add_rule(strategy[0], "no_answer", action="next", delay_minutes=0)
        self.contact.phone_2 = "+493023125002"
        self.call(self.contact, "no_answer")
        self.call(self.contact, "busy")
        self.write_back()
        self.assertEqual(self.lead.stage_id, self.warm)

    def test_a_lead_goes_back_only_where_the_rule_says_so(self):
        rule = self.create_rule(stage_id=self.new.id)
        self.lead.stage_id = self.late
        self.call(self.contact, "no_answer")
        self.write_back()
        self.assertEqual(self.lead.stage_id, self.late)
        rule.may_go_back = True
        self.call(self.create_contact(lead_id=self.lead.id), "no_answer")
        self.write_back()
        self.assertEqual(self.lead.stage_id, self.new)

    def test_lost_tags_team_salesperson_and_fields(self):
        reason = self.env["crm.lost.reason"].create({"name": "No budget"})
        tag = self.env["crm.tag"].create({"name": "Called"})
        team = self.env["crm.team"].create({"name": "Hunters"})
        self.create_rule(
            is_lost=True,
            lost_reason_id=reason.id,
            tag_ids=[Command.link(tag.id)],
            team_id=team.id,
            user_id=self.env.user.id,
            value_ids=[
                Command.create({"field_key": "crm.lead:priority", "value": "High"}),
                Command.create({"field_key": "crm.lead:expected_revenue", "value": "12.5"}),
            ],
        )
        self.call(self.contact, "no_answer")
        self.write_back()
        lead = self.lead
        self.assertEqual((lead.active, lead.lost_reason_id, lead.probability), (False, reason, 0))
        self.assertIn(tag, lead.tag_ids)
        self.assertEqual((lead.team_id, lead.user_id), (team, self.env.user))
        self.assertEqual((lead.priority, lead.expected_revenue), ("2", 12.5))

    def test_a_won_lead_is_not_lost(self):
        self.lead.action_set_won()
        self.create_rule(is_lost=True)
        self.call(self.contact, "no_answer")
        self.write_back()
        self.assertTrue(self.lead.active)

    def test_the_customer_gets_notes_and_tags(self):
        category = self.env["res.partner.category"].create({"name": "Called"})
        self.create_rule(target="partner", note="Hi", category_ids=[Command.link(category.id)])
        self.call(self.contact, "no_answer")
        self.write_back()
        self.assertIn(category, self.partner.category_id)
        self.assertIn("Hi", self.get_notes(self.partner)[0].body)

    def test_without_a_record_it_says_so(self):
        self.create_rule(note="x")
        self.call(self.create_contact(phone_1="+493023125090"), "no_answer")
        self.write_back()
        self.assertEqual(self.get_tasks().state, "skipped")

    def test_an_imported_contact_finds_its_lead_before_the_result_is_written(self):
        self.create_rule(note="Found", stage_id=self.warm.id)
        self.call(self.create_contact(), "no_answer")
        self.write_back()
        self.assertEqual(self.lead.stage_id, self.warm)

    def test_the_number_is_flagged_also_without_a_record(self):
        self.create_rule(phone_quality="invalid")
        other = "+493023125091"
        self.call(self.create_contact(phone_1=other), "no_answer")
        self.call(self.create_contact(), "no_answer")
        self.write_back()
        self.assertEqual(self.get_tasks().mapped("state"), ["done", "done"])
        noted = self.env["ecm.phone.quality"].search([("number", "=", other)])
        self.assertEqual(noted.quality, "invalid")
        self.assertEqual(self.lead.ecm_phone_quality, "invalid")
        self.assertEqual(self.partner.ecm_phone_quality, "invalid")
        self.create_rule("busy", phone_quality="right_party")
        self.call(self.contact, "busy")
        self.write_back()
        self.assertEqual(self.partner.ecm_phone_quality, "right_party")
        self.env["ecm.erasure"].api_erase(numbers=[NUMBER])
        self.env.invalidate_all()
        self.assertFalse(self.partner.ecm_phone_quality)

    def test_who_is_erased_is_found_by_links_and_has_none_any_more(self):
        by_lead = self.create_contact(lead_id=self.lead.id, phone_1="+493023125092")
        by_partner = self.create_contact(partner_id=self.partner.id, phone_1="+493023125093")
        erasures = self.env["ecm.erasure"]
        person = erasures._get_person_of_partners(self.partner)
        erasures._erase_person(person._replace(numbers=frozenset()), "request")
        self.env.invalidate_all()
        self.assertTrue(by_lead.erased_at and by_partner.erased_at)
        self.assertFalse(by_lead.lead_id or by_partner.partner_id)

    def test_templates_are_queued_and_a_server_action_runs(self):
        model_id = self.env["ir.model"]._get_id("crm.lead")
        mail = self.env["mail.template"].create(
            {
                "name": "Thanks",
                "model_id": model_id,
                "subject": "Thanks {{ object.name }}",
                "email_to": "ada@example.com",
                "body_html": "<p>Hello</p>",
            }
        )
        text = self.env["sms.template"].create(
            {"name": "Thanks", "model_id": model_id, "body": "Thanks {{ object.name }}"}
        )
        action = self.env["ir.actions.server"].create(
            {
                "name": "Mark",
                "model_id": model_id,
                "state": "code",
                "code": "records.write({'referred': 'by the action'})",
            }
        )
        self.create_rule(
            mail_template_id=mail.id, sms_template_id=text.id, server_action_id=action.id
        )
        self.call(self.contact, "no_answer")
        self.write_back()
        self.assertEqual(self.get_tasks().mapped("error"), [False])
        mails = self.env["mail.mail"].search([("subject", "=", "Thanks A lead")])
        self.assertEqual(mails.mapped("state"), ["outgoing"])
        texts = self.env["sms.sms"].search([("body", "=", "Thanks A lead")])
        self.assertEqual(len(texts), 1)
        self.assertEqual(self.lead.referred, "by the action")

    def test_another_companys_lead_is_never_written_on(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.lead.write({"user_id": False, "team_id": False, "partner_id": False})
        self.lead.company_id = company
        self.create_rule(note="x", stage_id=self.warm.id)
        self.call(self.contact, "no_answer")
        self.write_back()
        self.assertEqual(self.lead.stage_id, self.new)

    def test_a_deleted_lead_hurts_nobody(self):
        self.create_rule(note="x")
        self.call(self.contact, "no_answer")
        self.contact.phone_1 = "+493023125090"
        self.lead.unlink()
        self.write_back()
        self.assertEqual(self.get_tasks().state, "skipped")

    def test_rules_that_make_no_sense_are_refused_in_words(self):
        for values in (
            {},
            {"note": "{nonsense}"},
            {"target": "partner", "stage_id": self.warm.id},
            {"value_ids": [Command.create({"field_key": "crm.lead:priority", "value": "7"})]},
            {
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "activity_assignee": "user",
            },
        ):
            with self.assertRaises(ValidationError, msg=values), self.env.cr.savepoint():
                self.create_rule(**values)

    def test_fields_that_are_not_safe_cannot_be_chosen(self):
        with self.assertRaises(ValidationError):
            self.create_rule(
                value_ids=[Command.create({"field_key": "crm.lead:company_id", "value": "1"})]
            )

    def test_roles(self):
        rule = self.create_rule(note="x")
        self.call(self.contact, "no_answer")
        task = self.get_tasks()
        agent = self.create_user("agent")
        with self.assertRaises(AccessError):
            rule.with_user(agent).name = "Mine"
        with self.assertRaises(AccessError):
            task.with_user(agent).action_retry()
        supervisor = self.create_user("supervisor")
        rule.with_user(supervisor).name = "Mine"
        task.with_user(supervisor).action_retry()
        with self.assertRaises(AccessError):
            task.with_user(supervisor).unlink()
        with self.assertRaises(AccessError):
            rule.with_user(supervisor).server_action_id = False

    def test_another_company_sees_neither_rules_nor_results(self):
        rule = self.create_rule(note="x")
        self.call(self.contact, "no_answer")
        company = self.env["res.company"].create({"name": "Foreign"})
        foreign = self.create_user(
            "administrator",
            login="ecm_foreign_wb",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        self.assertFalse(self.env["ecm.writeback.rule"].with_user(foreign).search([]) & rule)
        self.assertFalse(self.env["ecm.writeback.task"].with_user(foreign).search([]))
        with self.assertRaises(AccessError):
            self.get_tasks().with_user(foreign).action_retry()
