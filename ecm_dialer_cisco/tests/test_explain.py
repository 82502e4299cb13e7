from .common import DialerCase


class TestExplain(DialerCase):
    """What Explain says of a campaign whose dialer is off or gone (R6)."""

    def checks(self, record):
        self.env.invalidate_all()
        result = record.explain()
        return {
            row["check"]: row
            for row in (result[0] if isinstance(result, list) else result)["checks"]
        }

    def test_whatever_explain_says_is_what_the_feeder_does(self):
        """Each reason not to send is named, and nothing is sent; without it the contact goes."""
        contact = self._create_contacts(1)
        for check, record, field, value in (
            ("target", self.dialer, "is_enabled", False),
            ("target", self.target, "is_enabled", False),
            ("target", self.target, "is_missing", True),
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
