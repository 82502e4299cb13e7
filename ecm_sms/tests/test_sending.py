from datetime import datetime
from unittest.mock import patch

from ..clients.answers import Answer
from ..clients.callbacks import Reply
from ..models import ecm_sms_message
from .common import TAKEN, FakeGateway, SmsCase
from odoo.addons.ecm_campaign.exceptions import InDoubt
from odoo.addons.ecm_campaign.tools.circuit import CLOSED, OPEN


class TestSending(SmsCase):
    """Messages on their way: once, or not at all (M4, M5, S2, F3)."""

    def test_everybody_gets_a_message_of_their_own(self):
        self.texts.sms_opt_out = "Reply STOP to end"
        contacts = self.create_people(3)
        sent = self.turn()
        texts = {message.number: message.text for message in sent}
        expected = {
            contact.phone_1: f"Hello {contact.first_name}!\nReply STOP to end"
            for contact in contacts
        }
        self.assertEqual(texts, expected)
        self.assertEqual(set(contacts.mapped("state")), {"sms_sent"})
        messages = contacts.sms_message_ids
        self.assertEqual(set(messages.mapped("state")), {"sent"})
        self.assertEqual(set(messages.mapped("parts")), {1})
        self.assertEqual({message.text for message in messages}, set(texts.values()))

    def test_nobody_gets_two(self):
        self.create_people(3)
        self.assertEqual(len(self.turn()), 3)
        self.assertFalse(self.turn())

    def test_a_doubt_counts_as_sent(self):
        contacts = self.create_people(4)
        doubtful = contacts[1].phone_1

        def answer(message):
            return Answer("doubtful") if message.number == doubtful else TAKEN

        self.answer(answer)
        self.assertEqual(len(self.turn()), 4)
        self.assertEqual(contacts[1].sms_message_ids.state, "doubtful")
        self.wait(minutes=5)
        self.answer(TAKEN)
        self.assertFalse(self.turn(), "nothing is sent again")
        self.assertEqual(contacts[1].current_attempt_id.state, "sent")
        self.wait(hours=24)
        self.turn()
        self.assertEqual(contacts[1].state, "sms_sent_closed")

    def test_a_process_that_dies_while_it_sends_sends_nothing_again(self):
        contacts = self.create_people(2)

        def die(_message):
            raise InDoubt("killed")

        self.answer(die)
        self.turn()
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"claimed"})
        self.wait(hours=1)
        self.answer(TAKEN)
        self.assertFalse(self.turn())
        self.assertEqual(set(contacts.attempt_ids.mapped("state")), {"sent"})

    def test_a_gateway_that_takes_nothing_loses_nobody(self):
        contacts = self.create_people(3)
        for kind in ("busy", "misused", "unreachable"):
            self.answer(Answer(kind, text="later"))
            self.turn()
            self.assertEqual(set(contacts.mapped("state")), {"pending"})
            self.assertFalse(contacts.sms_message_ids)
            self.assertIn("later", self.gateway.last_error)
            self.assertTrue(self.gateway.paused_until)
            self.wait(hours=1)
        self.answer(TAKEN)
        self.assertEqual(len(self.turn()), 3)
        self.assertFalse(self.gateway.last_error)

    def test_what_only_a_person_mends_is_left_alone_at_once(self):
        self.create_people(20)
        for kind in ("misused", "doubtful"):
            self.answer(Answer(kind, text="no"))
            self.turn()
            self.assertEqual(self.gateway.circuit_state, OPEN)
            self.assertFalse(self.turn())
            self.gateway.action_try_now()
        self.answer(Answer("unreachable"))
        self.gateway._close_circuit("sending")
        self.gateway._forget_failures()
        self.turn()
        self.assertNotEqual(self.gateway.circuit_state, OPEN)

    def test_mended_settings_are_tried_at_once(self):
        self.create_people(20)
        self.answer(Answer("misused", text="no"))
        self.turn()
        self.assertEqual(self.gateway.circuit_state, OPEN)
        self.answer(TAKEN)
        self.gateway.rate = 100
        self.assertFalse(self.turn(), "that mends nothing")
        self.gateway.password = "another"
        self.assertEqual(len(self.turn()), 20)
        self.assertEqual(self.gateway.circuit_state, CLOSED)

    def test_a_password_that_the_server_has_not_is_told(self):
        contacts = self.create_people(3)
        self.gateway.write(
            {"password": "env:ECM_NOT_THERE", "poll_url": "http://sms.example.com/{key}"}
            | {"poll_status": "status"}
        )
        self.turn()
        self.assertIn("no environment variable ECM_NOT_THERE", self.gateway.last_error)
        self.assertEqual(self.gateway.circuit_state, OPEN)
        self.assertEqual(set(contacts.mapped("state")), {"pending"})

    def test_what_was_not_come_to_is_sent_next(self):
        contacts = self.create_people(3)
        left = [TAKEN]
        self.answer(lambda _message: left.pop() if left else None)

        def take_all():
            self.answer(TAKEN)

        with patch.object(self.registry["ecm.sms.message"], "_note_receipt", autospec=True) as note:
            note.side_effect = lambda *_arguments: take_all()
            self.turn()
        self.assertEqual(len(FakeGateway.sent), 3)
        self.assertEqual(len(contacts.attempt_ids), 3)

    def test_a_number_that_the_gateway_knows_to_be_wrong(self):
        contacts = self.create_people(3)
        wrong = contacts[0].phone_1

        def answer(message):
            bad = Answer("refused", failure="sms_invalid_destination", text="no such number")
            return bad if message.number == wrong else TAKEN

        self.answer(answer)
        self.turn()
        attempt = contacts[0].attempt_ids
        self.assertEqual(attempt.outcome_id.code, "invalid_number")
        self.assertEqual(attempt.raw_code, "no such number")
        self.assertEqual(contacts[0].sms_message_ids.state, "failed")
        self.assertEqual(contacts[0].state, "retries_completed")

    def test_a_text_that_cannot_be_made_is_not_sent_and_keeps_nobody(self):
        contacts = self.create_people(4)
        bad = contacts[2]
        self.template.body = "Hello {{ 1 / (object.first_name != 'P2') }}"
        with self.assertLogs("odoo.addons.ecm_sms.models.sms_template", "WARNING"):
            sent = self.turn()
        self.assertEqual(len(sent), 3)
        self.assertNotIn(bad.phone_1, [message.number for message in sent])
        self.assertEqual(bad.state, "pending")
        self.assertEqual(bad.attempt_ids.outcome_id.code, "dialer_rejected")

    def test_a_text_of_far_too_many_parts_is_not_sent(self):
        self.create_people(1)
        self.template.body = "x" * 153 * (ecm_sms_message.MOST_PARTS + 1)
        self.assertFalse(self.turn())

    def test_a_text_that_a_loop_has_made_huge_is_not_sent(self):
        self.create_people(1)
        self.template.body = "{{ ' '.join(str(n) for n in range(10 ** 6)) }}"
        self.assertFalse(self.turn())
        self.wait(hours=24)
        self.template.body = "{{ ', '.join(str(n) for n in range(3)) }}"
        self.assertEqual([message.text for message in self.turn()], ["0, 1, 2"])

    def test_half_of_a_batch_is_taken(self):
        """The gateway dies amid it: one is in doubt, and the rest is sent later, nobody twice."""
        contacts = self.create_people(6)
        taken = iter([TAKEN, TAKEN, TAKEN, Answer("doubtful"), Answer("unreachable")])
        self.answer(lambda _message: next(taken, None))
        self.turn()
        left = contacts.filtered(lambda each: each.state == "pending")
        self.assertEqual(len(left), 2)
        self.answer(TAKEN)
        self.wait(hours=1)
        again = {message.number for message in self.turn()}
        self.assertEqual(again, set(left.mapped("phone_1")))
        self.assertEqual(set(contacts.mapped("state")), {"sms_sent"})

    def test_no_reply_closes_or_leads_on(self):
        strategy = self.env["ecm.strategy"].create({"name": "Two texts"})
        first, second = self.env["ecm.strategy.attempt"].create(
            [
                {"strategy_id": strategy.id, "channel": "sms", "reply_hours": 2},
                {"strategy_id": strategy.id, "channel": "sms", "sequence": 20},
            ]
        )
        self.env["ecm.strategy.rule"].create(
            {
                "attempt_id": first.id,
                "outcome_id": self.env.ref("ecm_sms.ecm_outcome_no_reply").id,
                "action": "attempt",
                "next_attempt_id": second.id,
                "delay_hours": 3,
            }
        )
        campaign = self.create_texts("Twice", strategy_id=strategy.id)
        contact = self.create_people(1, campaign)
        self.turn()
        self.wait(hours=1, minutes=59)
        self.turn()
        self.assertEqual(contact.state, "sms_sent")
        self.wait(minutes=2)
        self.turn()
        self.assertEqual((contact.state, contact.next_position), ("pending", 2))
        self.wait(hours=3)
        self.assertEqual(len(self.turn()), 1)
        self.wait(hours=24)
        self.turn()
        self.assertEqual(contact.state, "sms_sent_closed")
        self.assertEqual(contact.attempt_count, 2)

    def test_who_does_not_reply_is_not_dangling(self):
        strategy = self.strategy.copy({"name": "Patient"})
        strategy.attempt_ids.reply_hours = 24 * 30
        contact = self.create_people(1, self.create_texts("Patient", strategy_id=strategy.id))
        self.turn()
        self.wait(days=20)
        self.engine._cron_sweep_dangling()
        self.env.invalidate_all()
        self.assertEqual(contact.state, "sms_sent")

    def test_who_is_on_a_list_gets_none(self):
        contacts = self.create_people(2)
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        wishes._add([contacts[0].phone_1])
        sent = self.turn()
        self.assertEqual([message.number for message in sent], [contacts[1].phone_1])
        self.assertEqual(contacts[0].state, "dnc_listed")

    def test_who_is_listed_between_claim_and_send_gets_none(self):
        contacts = self.create_people(3)
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        push = type(self.engine)._push

        def list_and_push(engine, *arguments):
            wishes._add([contacts[1].phone_1])
            return push(engine, *arguments)

        with patch.object(self.registry["ecm.engine"], "_push", list_and_push):
            sent = self.turn()
        self.assertEqual(
            {message.number for message in sent}, {contacts[0].phone_1, contacts[2].phone_1}
        )
        self.assertEqual(contacts[1].state, "dnc_listed")
        self.assertFalse(contacts[1].attempt_ids)

    def test_a_customer_who_is_listed_between_claim_and_send_gets_none(self):
        contact = self.create_people(1, account_number="K1")
        dnc_list = self.env["ecm.dnc.list"].create({"name": "Closed accounts"})
        push = type(self.engine)._push

        def list_and_push(engine, *arguments):
            self.env["ecm.dnc.entry"].create({"list_id": dnc_list.id, "kind": "key", "value": "K1"})
            return push(engine, *arguments)

        with patch.object(self.registry["ecm.engine"], "_push", list_and_push):
            self.assertFalse(self.turn())
        self.assertEqual(contact.state, "dnc_listed")

    def test_a_template_of_the_step_goes_before_the_campaigns(self):
        own = self.template.copy({"body": "Own text"})
        strategy = self.strategy.copy({"name": "Own"})
        strategy.attempt_ids.sms_template_id = own
        campaign = self.create_texts("Own", strategy_id=strategy.id)
        self.create_people(1, campaign)
        self.assertEqual([message.text for message in self.turn()], ["Own text"])


class TestStandIn(SmsCase):
    """A gateway that is down is stood in for, and nobody gets two (M1)."""

    def setUp(self):
        super().setUp()
        copies = [{"name": name, "sequence": place} for name, place in (("B", 12), ("C", 11))]
        self.second, self.first = (
            self.gateway.copy({**values, "is_enabled": True}) for values in copies
        )
        self.texts.sms_stand_in_ids = self.second | self.first
        self.contacts = self.create_people(4)

    def test_while_the_own_one_works_no_other_sends(self):
        self.assertFalse(self.turn(self.first))
        self.assertEqual(len(self.turn()), 4)

    def test_the_first_that_works_takes_over(self):
        self.answer(Answer("unreachable"))
        self.turn()
        self.answer(TAKEN)
        self.assertFalse(self.turn(self.second))
        self.assertEqual(len(self.turn(self.first)), 4)
        self.assertEqual(self.contacts.attempt_ids.sms_gateway_id, self.first)
        self.assertFalse(self.turn(), "nobody gets two")

    def test_one_that_fails_too_leaves_it_to_the_next(self):
        self.answer(Answer("unreachable"))
        self.turn()
        self.turn(self.first)
        self.answer(TAKEN)
        self.assertEqual(len(self.turn(self.second)), 4)

    def test_one_that_is_switched_off_is_stood_in_for(self):
        self.gateway.is_enabled = False
        self.assertEqual(len(self.turn(self.first)), 4)

    def test_what_is_in_doubt_is_not_sent_by_another(self):
        def break_off(message):
            is_last = message.number == self.contacts[3].phone_1
            return Answer("unreachable") if is_last else Answer("doubtful")

        self.answer(break_off)
        self.turn()
        self.answer(TAKEN)
        sent = self.turn(self.first)
        self.assertEqual([message.number for message in sent], [self.contacts[3].phone_1])
        self.wait(hours=1)
        self.assertFalse(self.turn() + self.turn(self.first))

    def test_the_own_one_comes_back(self):
        self.answer(Answer("busy"))
        self.turn()
        self.wait(hours=1)
        self.answer(TAKEN)
        self.assertFalse(self.turn(self.first))
        self.assertEqual(len(self.turn()), 4)

    def test_a_reply_to_the_stand_in_is_known(self):
        self.gateway.is_enabled = False
        self.turn(self.first)
        reply = Reply(self.contacts[0].phone_1, "Yes", "")
        self.env["ecm.sms.reply"]._take(self.first, [reply])
        self.env.invalidate_all()
        self.assertEqual(self.contacts[0].state, "sms_responded")

    def test_people_are_told(self):
        self.gateway.is_enabled = False
        findings = self.texts._get_obstacles(datetime.now())
        self.assertFalse([finding for finding in findings if finding.check == "target"])
        self.assertIn("stands in for Test gateway", " ".join(self.texts._get_target_warnings()))
        self.texts.action_feed_now()
        self.assertEqual(len(FakeGateway.sent), 4)
