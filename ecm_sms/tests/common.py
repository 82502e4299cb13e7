from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from ..clients.answers import Answer
from ..clients.http_gateway import HttpGateway
from odoo.addons.ecm_campaign.tests.common import CampaignCase

START = datetime(2026, 3, 2, 9, 0)  # a Monday
TAKEN = Answer("accepted")


class FakeGateway(HttpGateway):
    """Keeps what it is sent, and answers as it is told.

    :param answer: function from a message to its ``clients.answers.Answer``; None: not reached
    """

    sent, asked, said = [], [], {}
    holds_records = False
    answer = staticmethod(lambda message: TAKEN)

    def send(self, messages):
        """See ``clients.http_gateway.Gateway``."""
        answers = {}
        for message in messages:
            said = type(self).answer(message)
            if said is not None:
                self.sent.append(message)
                answers[message.key] = said
        return answers

    def ask(self, questions):
        """See ``HttpGateway``; what is said of each of the gateway's own ids."""
        self.asked.extend(questions)
        known = [question for question in questions if question.reference in self.said]
        return {question.key: self.said[question.reference] for question in known}

    def send_one(self, message):
        """See ``HttpGateway``."""
        return self.send([message])[message.key]


class SmsCase(CampaignCase):
    """A running campaign of messages on a gateway that sends nothing; the clock stands still."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = cls.env["ecm.engine"]
        cls.gateway = cls.env["ecm.sms.gateway"].create(
            {"name": "Test gateway", "password": "secret", "user": "me", "is_enabled": True}
        )
        cls.template = cls.env["sms.template"].create(
            {
                "name": "Test message",
                "model_id": cls.env["ir.model"]._get_id("ecm.contact"),
                "body": "Hello {{ object.first_name or '' }}!",
            }
        )
        cls.strategy = cls.env.ref("ecm_campaign.ecm_strategy_default")
        cls.texts = cls.create_texts("Texts")

    @classmethod
    def create_texts(cls, name, **values):
        """A running campaign of messages."""
        values = {
            "kind": "sms",
            "strategy_id": cls.strategy.id,
            "callback_strategy_id": False,
            "sms_gateway_id": cls.gateway.id,
            "sms_template_id": cls.template.id,
            "keeps_region_rules": False,
            "is_running": True,
            **values,
        }
        return cls.create_campaign(name, **values)

    def setUp(self):
        super().setUp()
        frozen = freeze_time(START)
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)
        FakeGateway.sent, FakeGateway.asked, FakeGateway.said = [], [], {}
        FakeGateway.answer = staticmethod(lambda message: TAKEN)
        used = patch.object(
            self.registry["ecm.sms.gateway"], "_get_client_class", lambda gateway: FakeGateway
        )
        used.start()
        self.addCleanup(used.stop)

    def answer(self, answer):
        """How the gateway answers from now on.

        :param answer: an Answer, or a function from a message to one
        """
        FakeGateway.answer = staticmethod(answer if callable(answer) else lambda message: answer)

    def turn(self, gateway=None):
        """One turn of the gateway.

        :return: the messages that it was sent
        """
        before = len(FakeGateway.sent)
        (gateway or self.gateway)._take_turn()
        self.env.invalidate_all()
        return FakeGateway.sent[before:]

    def create_people(self, count, campaign=None, **values):
        """Contacts on the numbers +493023125000, 001 …"""
        campaign = campaign or self.texts
        contacts = self.env["ecm.contact"]
        for number in range(count):
            phone = f"+49302312{number:04d}"
            contacts |= self.create_contact(
                campaign, phone_1=phone, first_name=f"P{number}", **values
            )
        return contacts

    def wait(self, **delta):
        self.clock.tick(timedelta(**delta))
