import io

from odoo.exceptions import AccessError, UserError

from ..common import CampaignCase

NUMBER, OTHER, THIRD = "+493023125001", "+493023125002", "+493023125003"


class TestWithdraw(CampaignCase):
    """Contacts that must not be called after all: one, many, or by file, with the reason (L10)."""

    def withdraw_by_file(self, content, **values):
        upload = self.env["ecm.contact.upload"]._keep_file("paid.csv", io.BytesIO(content.encode()))
        wizard = self.env["ecm.contact.withdraw"].create(
            {
                "campaign_id": self.campaign.id,
                "reason": "Paid",
                "attachment_id": upload.id,
                **values,
            }
        )
        action = wizard.action_withdraw_by_file()
        self.env["ecm.contact.withdrawal"]._cron_import()
        self.env.invalidate_all()
        return self.env["ecm.contact.withdrawal"].browse(action["res_id"])

    def test_chosen_contacts_with_the_reason(self):
        first, second, third = (
            self.create_contact(phone_1=number) for number in (NUMBER, OTHER, THIRD)
        )
        second.action_withdraw()
        action = (first | second).action_withdraw_with_reason()
        wizard = (
            self.env["ecm.contact.withdraw"]
            .with_context(**action["context"])
            .create({"reason": "Moved away"})
        )
        self.assertEqual(wizard.contact_count, 1)
        wizard.action_withdraw()
        self.assertEqual((first.state, first.withdraw_reason), ("withdrawn", "Moved away"))
        self.assertFalse(second.withdraw_reason)
        self.assertEqual(third.state, "pending")

    def test_by_a_file_of_numbers(self):
        first = self.create_contact(phone_1=NUMBER)
        again = self.create_contact(phone_1=NUMBER)
        other = self.create_contact(phone_1=OTHER)
        job = self.withdraw_by_file(f"name;phone\nA;030 23125001\nB;{THIRD}\nC;nonsense\n")
        self.assertEqual(
            (first.state, again.state, other.state), ("withdrawn", "withdrawn", "pending")
        )
        self.assertEqual(first.withdraw_reason, "Paid")
        counts = (job.processed_count, job.withdrawn_count, job.missing_count, job.invalid_count)
        self.assertEqual((job.state, *counts), ("done", 3, 2, 1, 1))

    def test_by_another_number_than_the_first(self):
        contact = self.create_contact(phone_1=NUMBER, phone_3=OTHER)
        job = self.withdraw_by_file(f"phone\n{OTHER}\n")
        self.assertEqual((contact.state, job.missing_count), ("withdrawn", 0))

    def test_a_file_that_was_cut_off_goes_on(self):
        contact = self.create_contact(phone_1=NUMBER)
        job = self.withdraw_by_file(f"phone\n{THIRD}\n")
        job.attachment_id.raw = f"phone\n{NUMBER}\n{OTHER}\n".encode()
        job.write(
            {"state": "importing", "resume_line": 2, "processed_count": 1, "missing_count": 0}
        )
        self.env["ecm.contact.withdrawal"]._cron_import()
        self.env.invalidate_all()
        self.assertEqual((job.state, job.processed_count, job.missing_count), ("done", 2, 1))
        self.assertEqual(contact.state, "pending")

    def test_by_a_file_of_keys(self):
        first = self.create_contact(phone_1=NUMBER, account_number="K-1")
        other = self.create_contact(phone_1=OTHER, account_number="K-2")
        self.withdraw_by_file("customer number\nK-1\n", match="key")
        self.assertEqual((first.state, other.state), ("withdrawn", "pending"))

    def test_in_all_campaigns(self):
        elsewhere = self.create_contact(self.create_campaign("Other offer"), phone_1=NUMBER)
        here = self.create_contact(phone_1=NUMBER)
        self.withdraw_by_file(f"phone\n{NUMBER}\n")
        self.assertEqual((here.state, elsewhere.state), ("withdrawn", "pending"))
        self.withdraw_by_file(f"phone\n{NUMBER}\n", scope="company", campaign_id=False)
        self.assertEqual(elsewhere.state, "withdrawn")

    def test_what_is_missing_is_said(self):
        with self.assertRaisesRegex(UserError, "file"):
            self.withdraw_by_file("x", attachment_id=False)
        with self.assertRaisesRegex(UserError, "campaign"):
            self.withdraw_by_file("x", campaign_id=False)
        with self.assertRaisesRegex(UserError, "CSV or XLSX"):
            self.withdraw_by_file("\x89PNG" + "\0" * 100)

    def test_agents_may_not(self):
        agent = self.create_user("agent")
        with self.assertRaises(AccessError):
            self.env["ecm.contact.withdraw"].with_user(agent).create({"reason": "x"})
        with self.assertRaises(AccessError):
            self.env["ecm.contact.withdrawal"].with_user(agent).search([])
