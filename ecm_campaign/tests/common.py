import io
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import Form, HttpCase, TransactionCase, new_test_user

from ..models.contact.ecm_contact_queue import Sent
from ..tools.pace import Pace
from ..tools.results import Result


class TourCase(HttpCase):
    """A browser. Its requests follow each other closely, and wait for one cursor."""

    test_cursor_lock_timeout = 120

    @classmethod
    def _request_handler(cls, session, request, /, **settings):
        """Odoo's block on requests to the outside, which does not know of two time-outs in a tuple."""
        if isinstance(settings.get("timeout"), tuple):
            settings["timeout"] = max(settings["timeout"])
        return super()._request_handler(session, request, **settings)


class CampaignCase(TransactionCase):
    """A stopped campaign that is always open, with the shipped voice strategy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.env.company.country_id = cls.env.ref("base.de")
        cls.strategy = cls.env.ref("ecm_campaign.ecm_strategy_voice")
        cls.campaign = cls.create_campaign("Spring offer")

    @classmethod
    def create_campaign(cls, name, **values):
        return cls.env["ecm.campaign"].create(
            {
                "name": name,
                "strategy_id": cls.strategy.id,
                "calendar_id": False,
                "keeps_region_rules": False,
                "tz": "UTC",
                # Most tests do not care whose number it is.
                "duplicate_policy": "allow",
                **values,
            }
        )

    @classmethod
    def create_contact(cls, campaign=None, **values):
        campaign = campaign or cls.campaign
        return cls.env["ecm.contact"].create(
            {"campaign_id": campaign.id, "phone_1": "+493023125000", **values}
        )

    @classmethod
    def create_user(cls, role, **values):
        values = {"login": f"ecm_{role}", **values}
        return new_test_user(cls.env, groups=f"ecm_campaign.ecm_campaign_group_{role}", **values)

    def upload(self, content, campaign=None, **choices):
        """The upload wizard as a supervisor uses it: file, corrections, *Import*; then the
        background import.

        :return: the contact list
        """
        contact_list = self.queue(content, campaign, **choices)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        return contact_list

    def queue(self, content, campaign=None, **choices):
        wizard = self.open_wizard(content, campaign, **choices)
        action = wizard.save().action_import()
        return self.env["ecm.contact.list"].browse(action["res_id"])

    def open_wizard(self, content, campaign=None, **choices):
        """:return: the wizard's form with the file in it"""
        content = content.encode() if isinstance(content, str) else content
        form = Form(
            self.env["ecm.contact.upload"].with_context(
                default_campaign_id=(campaign or self.campaign).id
            ),
        )
        form.attachment_id = self.env["ecm.contact.upload"]._keep_file(
            "contacts.csv", io.BytesIO(content)
        )
        for name, value in choices.items():
            setattr(form, name, value)
        return form

    @classmethod
    def create_list_from(cls, content, campaign=None, name="contacts.csv", **values):
        """A list that waits for its import, as folders and other systems make them.

        :param bytes content: of the file
        :param values: a profile, or of other fields of the list
        """
        file = cls.env["ir.attachment"]._create_from_stream(name, io.BytesIO(content))
        lists = cls.env["ecm.contact.list"]
        return lists._create_from_file(campaign or cls.campaign, name, file, **values)

    def chunks_of(self, rows, model="ecm.contact.list"):
        """Have a file job store so few rows at once."""
        return patch.object(self.registry[model], "_chunk_rows", rows)

    @contextmanager
    def time_for_one_chunk(self, rows, model="ecm.contact.list"):
        """A scheduled action whose time is up after these rows."""
        no_time = patch.object(Pace, "has_time_for_another", lambda *_args: False)
        with self.chunks_of(rows, model), no_time:
            yield

    def contacts_of(self, campaign):
        """Its contacts in the order of their arrival."""
        return self.env["ecm.contact"].search([("campaign_id", "=", campaign.id)], order="id")


class ResultCase(CampaignCase):
    """Calls and their results without a dialer: the attempts are written by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = cls.env["ecm.engine"]
        cls.own_strategy = cls.create_strategy()
        cls.campaign.strategy_id = cls.own_strategy

    @classmethod
    def create_strategy(cls, phones="12", **values):
        """A strategy with one voice attempt for each digit, on the phone that it names."""
        attempts = [
            fields.Command.create({"sequence": number, "phone_index": phone})
            for number, phone in enumerate(phones)
        ]
        return cls.env["ecm.strategy"].create({"name": "Own", "attempt_ids": attempts, **values})

    @classmethod
    def outcome(cls, code):
        return cls.env.ref(f"ecm_campaign.ecm_outcome_{code}")

    @classmethod
    def add_rule(cls, attempt, code, **values):
        return cls.env["ecm.strategy.rule"].create(
            {"attempt_id": attempt.id, "outcome_id": cls.outcome(code).id, **values}
        )

    def call(self, contact, code, **values):
        """A call on the contact's next attempt that ends with an outcome; ``values`` are of
        ``tools.results.Result``.

        :return: the attempt
        """
        attempt = self.send(contact)
        self.end(attempt, code, **values)
        return attempt

    def send(self, contact):
        """The contact's next attempt, whose result is awaited."""
        attempt = self.env["ecm.attempt"].create(
            {
                "key": f"test-{contact.id}-{len(contact.attempt_ids)}",
                "contact_id": contact.id,
                "campaign_id": contact.campaign_id.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "state": "sent",
                "position": contact.next_position,
                "cycle": contact.cycle,
                "number": contact.number_to_call,
                "claimed_at": fields.Datetime.now(),
            }
        )
        self.env.flush_all()
        self.env["ecm.contact"]._mark_sent(
            [Sent(contact.id, attempt.id, attempt.number, contact.callback or None)],
            "sent_to_dialer",
            fields.Datetime.now(),
        )
        self.env.invalidate_all()
        return attempt

    def end(self, attempt, code, **values):
        """An attempt ends with an outcome."""
        self.engine._apply_results([Result(attempt.key, code, **values)])
        self.env.invalidate_all()

    def assertNext(self, contact, position, minutes, **values):  # noqa: N802  in the style of unittest
        """The contact waits for an attempt so many minutes from now."""
        self.assertEqual((contact.state, contact.next_position), ("pending", position))
        expected = fields.Datetime.now() + timedelta(minutes=minutes)
        self.assertLess(abs((contact.next_attempt_at - expected).total_seconds()), 5)
        for name, value in values.items():
            self.assertEqual(contact[name], value, name)


class HistoryCase(ResultCase):
    """A campaign with lists, and calls that chance makes."""

    outcomes = ("busy", "voice", "no_answer")
    list_names = "ab"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = cls.env.ref("ecm_campaign.ecm_business_outcome_group_wrapup_code")
        cls.campaign.business_outcome_group_id = group
        cls.wrap_ups = group.outcome_ids[:4]
        cls.lists = cls.env["ecm.contact.list"].create(
            [{"name": f"{name}.csv", "campaign_id": cls.campaign.id} for name in cls.list_names]
        )
        cls.own_strategy.attempt_ids.rule_ids.unlink()
        for attempt in cls.own_strategy.attempt_ids:
            for code in cls.outcomes:
                cls.add_rule(attempt, code, action="again", delay_minutes=1)

    def make_contact(self, chance, number):
        contact_list = chance.choice((*self.lists.ids, False))
        return self.create_contact(list_id=contact_list, phone_1=f"+4930231{number:06}")

    def make_call(self, contact, chance):
        called_at = datetime(2026, 3, 27) + timedelta(minutes=chance.randrange(6000))
        wrap_up = chance.choice((*self.wrap_ups.mapped("name"), None))
        outcome = chance.choice(self.outcomes)
        self.call(contact, outcome, called_at=called_at, wrap_up=wrap_up)
