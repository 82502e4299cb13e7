import json
from unittest.mock import patch

import requests

from odoo.tests import HttpCase, tagged

from odoo.addons.ecm_sms.tests.common import SmsCase
from odoo.addons.sms_twilio.tools import sms_twilio as twilio_tools

SID = "AC" + "1" * 32


class FakeTwilio:
    """Twilio as Odoo's API class reaches it: keeps what it is sent.

    :param errors: ``{number: code of Twilio's error}``
    """

    def __init__(self):
        self.sent, self.errors, self.is_lost = [], {}, False

    def post(self, _session, url, data=None, **_options):
        """See ``requests.Session.post``."""
        self.sent.append((url, data))
        if self.is_lost:
            raise requests.ReadTimeout()
        response, code = requests.Response(), self.errors.get(data["To"])
        response.status_code = 400 if code else 201
        said = {"code": code, "message": "no"} if code else {"sid": "SM1", "status": "queued"}
        response._content = json.dumps(said).encode()
        return response


@tagged("post_install", "-at_install")
class TestTwilio(SmsCase, HttpCase):
    """Messages of campaigns through Odoo's Twilio provider (M1, M2), of a company that is not the
    first one.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env["res.company"].create(
            {
                "name": "With Twilio",
                "country_id": cls.env.ref("base.de").id,
                "sms_provider": "twilio",
                "sms_twilio_account_sid": SID,
                "sms_twilio_auth_token": "token",
            }
        )
        cls.env["sms.twilio.number"].create(
            {
                "company_id": company.id,
                "number": "+4930999999",
                "country_id": cls.env.ref("base.de").id,
            }
        )
        cls.odoo = cls.env["ecm.sms.gateway"].create(
            {"name": "Odoo", "preset": "odoo", "is_enabled": True, "company_id": company.id}
        )
        cls.texts = cls.create_texts(
            "Through Twilio", sms_gateway_id=cls.odoo.id, company_id=company.id
        )
        cls.company = company

    def setUp(self):
        super().setUp()
        self.twilio = FakeTwilio()
        fake = self.twilio
        posting = patch.object(
            requests.Session,
            "post",
            lambda session, url, **options: fake.post(session, url, **options),
        )
        posting.start()
        self.addCleanup(posting.stop)

    def report(self, reference, token="token", **said):
        """Call as Twilio does, signed."""
        with patch.object(type(self.company), "sms_twilio_auth_token", token):
            signature = twilio_tools.generate_twilio_sms_callback_signature(
                self.company, reference, said
            )
        return self.url_open(
            f"/sms_twilio/status/{reference}",
            data=said,
            headers={"X-Twilio-Signature": signature},
        )

    def test_it_sends_and_is_told(self):
        contacts = self.create_people(3)
        self.twilio.errors[contacts[1].phone_1] = 21211
        self.turn(self.odoo)
        [(url, data), *_others] = self.twilio.sent
        self.assertIn(SID, url)
        self.assertEqual(data["From"], "+4930999999")
        states = contacts.mapped("sms_message_ids.state")
        self.assertEqual(sorted(states), ["failed", "sent", "sent"])
        self.assertEqual(contacts[1].attempt_ids.outcome_id.code, "invalid_number")

        first, last = (contacts[n].sms_message_ids.reference for n in (0, 2))
        self.assertEqual(self.report(first, SmsStatus="delivered").status_code, 200)
        undelivered = {"SmsStatus": "undelivered", "ErrorCode": "30005"}
        self.assertEqual(self.report(last, **undelivered).status_code, 200)
        self.turn(self.odoo)
        self.assertEqual(contacts[0].sms_message_ids.state, "delivered")
        self.assertEqual(contacts[2].sms_message_ids.failure, "sms_invalid_destination")

    def test_a_report_with_a_wrong_signature_is_refused(self):
        contact = self.create_people(1)
        self.turn(self.odoo)
        reference = contact.sms_message_ids.reference
        with self.assertLogs("odoo.addons.sms_twilio", "WARNING"):
            said = self.report(reference, "another", SmsStatus="delivered")
        self.assertEqual(said.status_code, 404)
        self.turn(self.odoo)
        self.assertEqual(contact.sms_message_ids.state, "sent")

    def test_an_answer_that_was_lost_counts_as_sent(self):
        contacts = self.create_people(2)
        self.twilio.is_lost = True
        with self.assertLogs("odoo.addons.sms_twilio", "WARNING"):
            self.turn(self.odoo)
        self.assertEqual(set(contacts.mapped("sms_message_ids.state")), {"doubtful"})
        self.assertEqual(set(contacts.mapped("state")), {"sms_sent"})
        self.assertEqual(len(self.twilio.sent), 2)
