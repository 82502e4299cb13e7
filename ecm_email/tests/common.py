import smtplib
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.addons.ecm_campaign.tests.common import CampaignCase

START = datetime(2026, 3, 2, 10)


class FakeServer:
    """A mail server, as ``smtplib.SMTP`` speaks with it.

    :cvar sent: messages that it has taken
    :cvar answer: what happens to a message: it raises what the server would have had raised
    """

    sent = []
    from_filter = False
    smtp_from = False

    @staticmethod
    def answer(message):
        """It takes everything."""

    def send_message(self, message, smtp_from, recipients):
        type(self).answer(message)
        type(self).sent.append(message)

    def quit(self):
        """Nothing is left open."""

    def close(self):
        """Nothing is left open."""


class EmailCase(CampaignCase):
    """A running campaign of e-mails, and a mail server that takes everything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sender = cls.env["ecm.email.sender"].create(
            {
                "name": "Offers",
                "email_from": "Shop <offers@shop.example.com>",
                "reply_to": "answers@shop.example.com",
                "is_enabled": True,
            }
        )
        cls.template = cls.env["mail.template"].create(
            {
                "name": "Offer",
                "model_id": cls.env["ir.model"]._get_id("ecm.contact"),
                "subject": "Hello {{ object.first_name }}",
                "body_html": '<p>Dear <t t-out="object.first_name"/>, see <a '
                'href="https://shop.example.com/?a=1&amp;b=2">our offer</a>.</p>',
            }
        )
        cls.strategy = cls.env.ref("ecm_email.ecm_strategy_email").copy({"name": "By e-mail"})
        cls.step = cls.strategy.attempt_ids[0]
        cls.emails = cls.create_campaign(
            "Offers by e-mail",
            kind="email",
            strategy_id=cls.strategy.id,
            email_sender_id=cls.sender.id,
            email_template_id=cls.template.id,
            is_running=True,
        )

    def setUp(self):
        super().setUp()
        frozen = freeze_time(START)
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)
        FakeServer.sent = []
        self.answer(lambda message: None)
        used = patch.object(
            self.registry["ecm.email.sender"], "_connect", lambda sender: FakeServer()
        )
        used.start()
        self.addCleanup(used.stop)

    def answer(self, function):
        """What happens to messages from now on."""
        FakeServer.answer = staticmethod(function)

    def refuse(self, code, text=b"no"):
        """The server refuses each recipient from now on."""

        def answer(message):
            raise smtplib.SMTPRecipientsRefused({message["To"]: (code, text)})

        self.answer(answer)

    def turn(self):
        """One turn of the sender.

        :return: the messages that were sent
        """
        before = len(FakeServer.sent)
        self.sender._take_turn()
        self.env.invalidate_all()
        return FakeServer.sent[before:]

    def create_people(self, count=1, **values):
        contacts = self.env["ecm.contact"]
        for number in range(count):
            contacts |= self.create_contact(
                self.emails,
                phone_1=f"+49302312{number:04d}",
                first_name=f"P{number}",
                **{"email": f"p{number}@example.com", **values},
            )
        return contacts

    def get_email(self, contact):
        return self.env["ecm.email.message"].search([("contact_id", "=", contact.id)], limit=1)

    def wait(self, **delta):
        self.clock.tick(timedelta(**delta))

    def change_step(self, **values):
        """Change the first step; the strategy of a campaign that runs is locked."""
        self.emails.is_running = False
        self.step.write(values)
        self.emails.is_running = True

    def lead_on(self, code, **values):
        """Rule: after this outcome the second step follows."""
        outcome = self.env["ecm.outcome"].search([("code", "=", code)])
        following = self.strategy.attempt_ids[1].id
        rule = {"outcome_id": outcome.id, "next_attempt_id": following, **values}
        self.change_step(rule_ids=[(0, 0, rule)])
