from datetime import timedelta

from odoo import fields

from ..common import FeedCase


class TestExplain(FeedCase):
    """What Explain says of a campaign that has a target (R6)."""

    def checks(self, record):
        self.env.invalidate_all()
        result = record.explain()
        return {
            row["check"]: row
            for row in (result[0] if isinstance(result, list) else result)["checks"]
        }

    def test_nothing_stands_against_a_contact_that_is_sent_next(self):
        contact = self.create_contacts(1)
        result = contact.explain()[0]
        self.assertEqual((result["verdict"], bool(result["next_at"])), ("passes", True))
        self.assertEqual({row["verdict"] for row in result["checks"]}, {"passes"})
        self.assertIn("Nothing is in the way", self.campaign.explain()["summary"])
        self.feed()
        self.assertEqual(contact.state, "sent_to_dialer")

    def test_whatever_explain_says_is_what_the_feeder_does(self):
        """Each reason not to send is named, and nothing is sent; without it the contact goes."""
        contact = self.create_contacts(1)
        soon = fields.Datetime.now() + timedelta(hours=1)
        for check, record, field, value in (
            ("target", self.target, "paused_until", soon),
            ("running", self.campaign, "is_running", False),
            ("schedule", self.campaign, "date_start", soon),
        ):
            before = record[field]
            with self.subTest(check=check, field=field):
                record.write({field: value})
                self.assertNotEqual(self.checks(contact)[check]["verdict"], "passes")
                self.assertNotEqual(self.checks(self.campaign)[check]["verdict"], "passes")
                self.feed()
                self.assertEqual(contact.state, "pending")
                record.write({field: before})
        self.feed()
        self.assertEqual(contact.state, "sent_to_dialer")

    def test_a_full_dialer_and_a_full_group(self):
        self.target.capacity = 2
        self.create_contacts(3)
        self.feed()
        self.assertEqual(self.checks(self.campaign)["room"]["verdict"], "waits")
        self.assertEqual(self.campaign.explain()["groups"][0]["count"], 1)
        group = self.env["ecm.campaign.group"].create({"name": "Pair", "initial_contacts": 1})
        self.campaign.group_id = group
        self.assertEqual(self.checks(self.campaign)["group"]["verdict"], "waits")

    def test_a_failing_dialer_says_until_when_it_is_left_alone(self):
        until = fields.Datetime.now() + timedelta(minutes=10)
        self.target.write({"paused_until": until, "last_error": "HTTP 503"})
        row = self.checks(self.campaign)["target"]
        self.assertEqual(
            (row["verdict"], row["until"]), ("waits", fields.Datetime.to_string(until))
        )
        self.assertIn("HTTP 503", row["detail"])
